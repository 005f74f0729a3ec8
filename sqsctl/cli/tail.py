"""sqsctl logs tail: follow what the functions log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.logs import SinceOption, UntilOption, group, log_groups, moment
from sqsctl.cli.options import RawOption, command, examples
from sqsctl.cli.output import Answer, check_raw, iso
from sqsctl.cli.tail_view import Printer
from sqsctl.errors import UsageError

if TYPE_CHECKING:
    from sqsctl.operations.annotate import Annotated as Line


@command(
    group,
    "tail",
    epilog=examples(
        "sqsctl logs tail",
        "sqsctl logs tail --function jobsWorker --errors",
        "sqsctl logs tail --no-follow --since 1h -o json",
        "sqsctl logs tail --grep 'order-[0-9]+' --exclude START",
        "sqsctl logs tail --group-by-request --no-fold",
        "sqsctl logs tail --no-follow --raw > lines.txt",
    ),
)
def tail(
    run: Run,
    function: Annotated[
        list[str] | None,
        typer.Option(
            "--function",
            "-f",
            help="Only this one; its short name will do. Repeatable.",
            metavar="NAME",
            show_default="all of the stack",
        ),
    ] = None,
    log_group: Annotated[
        list[str] | None,
        typer.Option(
            "--log-group",
            help="Follow this log group; needs no stack. Repeatable.",
            metavar="NAME",
        ),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Go on with what comes.")
    ] = True,
    filter_pattern: Annotated[
        str, typer.Option("--filter", help="A CloudWatch filter pattern.", metavar="PATTERN")
    ] = "",
    grep: Annotated[
        str | None, typer.Option("--grep", help="Only lines that match.", metavar="REGEX")
    ] = None,
    exclude: Annotated[
        str | None, typer.Option("--exclude", help="No lines that match.", metavar="REGEX")
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only errors.")] = False,
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="Only this invocation.", metavar="ID")
    ] = None,
    group_by_request: Annotated[
        bool,
        typer.Option(
            "--group-by-request", help="The lines of each invocation together, once it ended."
        ),
    ] = False,
    fold: Annotated[
        bool, typer.Option("--fold/--no-fold", help="Leave out the frames of stack traces.")
    ] = True,
    raw: RawOption = False,
) -> Answer | None:
    """Follow the logs of the stack's functions. With -o json an object a line."""
    from sqsctl.cli.pipes import watchful_sleep
    from sqsctl.operations import tail as tailing
    from sqsctl.operations.annotate import annotate
    from sqsctl.operations.requests import by_request

    if raw:
        check_raw(run.output)
    keep = _filter(grep, exclude, errors=errors, request_id=request_id)
    now = datetime.now(UTC)
    begin = moment(since, now) if since else now - timedelta(minutes=10)
    end = moment(until, now) if until else None
    if end is not None and end <= begin:
        raise UsageError("--until lies before --since")
    if log_group and function:
        raise UsageError("--log-group names log groups, --function the stack's: give one of them")
    if log_group:
        run.session()
        run.announce()
        groups = {each.removeprefix("/aws/lambda/"): each for each in log_group}
    else:
        groups = log_groups(run, function)
    if since is None:
        run.output.notice(f"since {iso(begin)} (10 minutes ago; --since looks further back)")

    def notify(notice: tailing.Notice) -> None:
        run.output.notice(notice.message, style="yellow")

    printer = Printer(run, list(groups), fold=fold, raw=raw)

    def sleep(seconds: float) -> None:
        printer.flush()  # there is time for it now
        watchful_sleep(seconds)

    lines = annotate(
        tailing.tail(
            run.session(),
            groups,
            since=begin,
            until=end,
            follow=follow,
            filter_pattern=filter_pattern,
            notify=notify,
            clock=tailing.Clock(sleep=sleep),
        )
    )
    kept = (line for line in lines if keep(line))
    try:
        if group_by_request:
            for request in by_request(kept):
                printer.request(request)
        else:
            for line in kept:
                printer.line(line)
    finally:
        printer.flush()
    return None


def _filter(
    grep: str | None, exclude: str | None, *, errors: bool, request_id: str | None
) -> Callable[[Line], bool]:
    wanted = _pattern(grep, "--grep")
    unwanted = _pattern(exclude, "--exclude")

    def keep(line: Line) -> bool:
        text = line.event.message
        if wanted and not wanted.search(text):
            return False
        if unwanted and unwanted.search(text):
            return False
        if errors and not line.check and line.level not in {"ERROR", "FATAL", "CRITICAL"}:
            return False
        return request_id is None or line.request_id == request_id.lower()

    return keep


def _pattern(text: str | None, option: str) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"{option} {text!r} is no regular expression: {error}") from error
