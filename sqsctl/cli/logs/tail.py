"""sqsctl logs tail: follow what the functions log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.common.log_groups import log_groups_of
from sqsctl.cli.logs.tail_view import Printer
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import RawOption, command, examples
from sqsctl.cli.run.times import SinceOption, UntilOption, beginning, ending
from sqsctl.cli.screen.output import Answer, check_raw, iso
from sqsctl.errors import SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.model.stack import Stack
    from sqsctl.operations.logs.annotation import Annotated as Line


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "tail",
        epilog=examples(
            "sqsctl logs tail",
            "sqsctl logs tail --function jobsWorker --errors",
            "sqsctl logs tail --no-follow --since 1h -o json",
            "sqsctl logs tail --grep 'order-[0-9]+' --exclude START",
            "sqsctl logs tail --group-by-request --no-fold",
            "sqsctl logs tail --live",
            "sqsctl logs tail --no-follow --raw > lines.txt",
        ),
    )(tail)


def tail(
    run: Run,
    function: Annotated[
        list[str] | None,
        typer.Option(
            "--function",
            "-f",
            autocompletion=completion.functions,
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
            "--group-by-request",
            help="The lines of each invocation together, once it ended, below how it went.",
        ),
    ] = False,
    fold: Annotated[
        bool, typer.Option("--fold/--no-fold", help="Leave out the frames of stack traces.")
    ] = True,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="From now on by CloudWatch's Live Tail, which costs by the minute."
        ),
    ] = False,
    raw: RawOption = False,
    insights: InsightsOption = True,
) -> Answer | None:
    """Follow the logs of the stack's functions. With -o json an object a line."""
    run.insights = insights
    from sqsctl.cli.screen.closed_pipe import watchful_sleep
    from sqsctl.operations.logs import tail as tailing
    from sqsctl.operations.logs.annotation import annotate

    if raw:
        check_raw(run.output)
    keep = _filter(grep, exclude, errors=errors, request_id=request_id)
    now = datetime.now(UTC)
    begin = beginning(since or "10m", now)
    end = ending(until, begin, now) if until else None
    if log_group and function:
        raise UsageError("--log-group names log groups, --function the stack's: give one of them")
    if group_by_request and filter_pattern:
        raise UsageError(
            "CloudWatch would leave out the lines that tell where a request begins and ends",
            hint="--grep instead of --filter",
        )
    if live and (since or until or not follow):
        raise UsageError("--live shows what comes: not with --since, --until or --no-follow")
    groups, known = _groups(run, log_group, function, begin)
    run.following = follow
    if live:
        begin = now
        run.output.notice("Live Tail: from now on; AWS bills it by the minute", style="yellow")
    elif since is None:
        run.output.notice(f"since {iso(begin)} (10 minutes ago; --since looks further back)")

    def notify(notice: tailing.Notice) -> None:
        run.output.notice(notice.message, style="yellow")

    printer = Printer(run, list(groups), fold=fold, raw=raw)

    def sleep(seconds: float) -> None:
        printer.flush()  # there is time for it now
        watchful_sleep(seconds)

    def polling(start: datetime) -> Iterator[tailing.Tailed]:
        return tailing.tail(
            run.session(),
            groups,
            since=start,
            until=end,
            follow=follow,
            filter_pattern=filter_pattern,
            notify=notify,
            clock=tailing.Clock(sleep=sleep),
        )

    if live:
        from sqsctl.operations.logs.live import live_tail

        events = live_tail(
            run.session(),
            groups,
            polling=polling,
            filter_pattern=filter_pattern,
            notify=notify,
            idle=printer.flush,
        )
    else:
        events = polling(begin)
    lines = annotate(events, known)
    try:
        stopped = _print(printer, lines, keep, by_requests=group_by_request)
    finally:
        printer.flush()
    if follow or not printer.printed:
        run.output.notice(printer.summary())
    if stopped:
        raise stopped
    return None


def _print(
    printer: Printer, lines: Iterable[Line], keep: Callable[[Line], bool], *, by_requests: bool
) -> BaseException | None:
    """Print until the lines end; what stopped them, after the requests that were still open."""
    from sqsctl.cli.screen.sigterm import Terminated
    from sqsctl.operations.logs.requests import Requests

    def show(found: Iterable[tuple[Line, ...]]) -> None:
        for request in found:
            printer.request(request, [line for line in request if keep(line)])

    requests = Requests()
    stopped: BaseException | None = None
    try:
        for line in lines:
            if by_requests:
                show(requests.add(line))
            elif keep(line):
                printer.line(line)
    except (KeyboardInterrupt, Terminated, SqsctlError) as error:
        stopped = error
    show(requests.rest())
    return stopped


def _groups(
    run: Run, named: list[str] | None, functions: list[str] | None, begin: datetime
) -> tuple[dict[str, str], Callable[[], Stack]]:
    """Log groups by what they are called: the named ones, else those of functions. And the stack
    that names what runs fail of, which is read where one fails."""
    from sqsctl.operations.following.known_stack import KnownStack
    from sqsctl.operations.logs.annotation import nothing_known

    if not named:
        stack = run.stack(functions=functions)
        known = KnownStack(run.session, stack, since=begin)
        return log_groups_of(run, stack, functions), known
    run.session()
    run.announce()
    return {each.removeprefix("/aws/lambda/"): each for each in named}, nothing_known


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
