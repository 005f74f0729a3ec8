"""sqsctl logs: follow what the functions log."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, iso, safe, styled
from sqsctl.errors import Exit, NotFoundError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.operations.annotate import Annotated as Line

group = typer.Typer(help="Follow the functions' logs, or have one explained.", no_args_is_help=True)
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
MAX_TEXT_BYTES = 20_000_000
_RELATIVE = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="logs")


SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="From when: 10m, 2h, 1d ago, or 2026-11-23T04:00:00Z.",
        metavar="TIME",
        show_default="10m",
    ),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Until when.", metavar="TIME", show_default="now")
]


@command(
    group,
    "tail",
    epilog=examples(
        "sqsctl logs tail",
        "sqsctl logs tail --function jobsWorker --errors",
        "sqsctl logs tail --no-follow --since 1h -o json",
        "sqsctl logs tail --grep 'order-[0-9]+' --exclude START",
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
) -> Answer | None:
    """Follow the logs of the stack's functions. With -o json an object a line."""
    from sqsctl.cli.pipes import watchful_sleep
    from sqsctl.operations import tail as tailing
    from sqsctl.operations.annotate import annotate

    keep = _filter(grep, exclude, errors=errors, request_id=request_id)
    now = datetime.now(UTC)
    begin = moment(since, now) if since else now - timedelta(minutes=10)
    end = moment(until, now) if until else None
    if end is not None and end <= begin:
        raise UsageError("--until lies before --since")
    groups = log_groups(run, function)
    if since is None:
        run.output.notice(f"since {iso(begin)} (10 minutes ago; --since looks further back)")

    def notify(notice: tailing.Notice) -> None:
        run.output.notice(notice.message, style="yellow")

    lines = annotate(
        tailing.tail(
            run.session(),
            groups,
            since=begin,
            until=end,
            follow=follow,
            filter_pattern=filter_pattern,
            notify=notify,
            clock=tailing.Clock(sleep=watchful_sleep),
        )
    )
    _print(run, (line for line in lines if keep(line)), list(groups))
    return None


@command(
    group,
    "explain",
    target=False,
    epilog=examples(
        "sqsctl logs explain consumer.log",
        "pbpaste | sqsctl logs explain -",
        "sqsctl logs explain - --runtime nodejs14.x < error.txt",
    ),
)
def explain(
    run: Run,
    file: Annotated[
        str, typer.Argument(help="A file with log text; - reads stdin.", metavar="[FILE|-]")
    ] = "-",
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime", help="The function's runtime, if the text does not say.", metavar="ID"
        ),
    ] = None,
    function_timeout: Annotated[
        int | None,
        typer.Option(
            "--function-timeout",
            min=1,
            max=900,
            metavar="SECONDS",
            help="The function's timeout, if the text does not say.",
        ),
    ] = None,
) -> Answer:
    """Diagnose log text, offline: a stream, a pasted line, an Invoke's or a deploy's error.

    Exit 10 when it found a cause, 0 when it found none.
    """
    from sqsctl.cli.findings import show_diagnosis
    from sqsctl.cli.shapes import finding_shape
    from sqsctl.model.finding import Severity
    from sqsctl.operations.explain import explain as diagnose

    text = _text(file)
    with run.progress("reading"):
        diagnosis = diagnose(text, runtime=runtime, function_timeout_s=function_timeout)
    lines = len(text.splitlines())
    found = [each for each in diagnosis.findings if each.severity > Severity.INFO]
    data = {"findings": [finding_shape(each) for each in diagnosis.findings], "lines": lines}

    def human(console: Console) -> None:
        if diagnosis.findings:
            show_diagnosis(console, diagnosis, verbose=run.output.verbose > 0, checks=False)
        else:
            console.print(styled(f"no known failure in {lines} lines"), soft_wrap=True)

    return Answer(data, human, Exit.NEGATIVE if found else Exit.OK)


def _text(file: str) -> str:
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                raw = stream.read(MAX_TEXT_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}", hint="- reads stdin") from error
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    if len(raw) > MAX_TEXT_BYTES:
        raise UsageError("more than 20 MB of text: cut it around the failure")
    # UTF-16 is what a Windows shell writes when its output is redirected.
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    return raw.decode(encoding, errors="replace")


def log_groups(run: Run, names: list[str] | None) -> dict[str, str]:
    """Function name to log group, for the stack's functions or the named ones of them."""
    from sqsctl.aws.functions import FunctionClient
    from sqsctl.aws.parallel import concurrently

    stack = run.stack()
    chosen = list(stack.functions)
    if names:
        chosen = []
        for name in names:
            found = stack.function(name)
            if found is None:
                known = ", ".join(each.name for each in stack.functions) or "none"
                raise NotFoundError(
                    f"{stack.title} has no function {name}",
                    hint=f"it has {known}",
                    code="function_not_found",
                )
            chosen.append(found)
    if not chosen:
        raise NotFoundError(
            f"{stack.title} has no function", hint="sqsctl stack show", code="function_not_found"
        )
    client = FunctionClient(run.session())
    configured = concurrently(lambda part: client.get(part.name), chosen)
    return {each.name: each.log_group for each in configured}


def moment(text: str, now: datetime) -> datetime:
    """``10m`` ago, or an ISO 8601 moment; a moment without a zone is UTC."""
    match = _RELATIVE.fullmatch(text.strip())
    if match:
        try:
            return now - timedelta(seconds=float(match["number"]) * _UNITS[match["unit"]])
        except OverflowError as error:
            raise UsageError(f"{text!r} is too long ago") from error
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no moment", hint="for example 10m, 2h, or 2026-11-23T04:00:00Z"
        ) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def line_shape(line: Line) -> dict[str, Any]:
    """A line of ``logs tail -o json``."""
    event = line.event
    return {
        "timestamp": iso(event.timestamp),
        "function": line.function,
        "log_group": event.group,
        "stream": event.stream,
        "event_id": event.event_id or None,
        "request_id": line.request_id,
        "level": line.level or None,
        "message": event.message.rstrip("\n"),
        "check": line.check,
    }


def _print(run: Run, lines: Iterator[Line], functions: Iterable[str]) -> None:
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(functions)}
    short = shortened(colours, run.target.stack if run.target else None)
    console = run.output.stdout
    for line in lines:
        if run.output.json:
            run.output.line(line_shape(line))
        else:
            _print_line(console, line, short[line.function], colours[line.function])


def _print_line(console: Console, line: Line, name: str, colour: str) -> None:
    from rich.text import Text

    stamp = line.event.timestamp
    when = stamp.astimezone(UTC).strftime("%H:%M:%S.%f")[:-3] if stamp else ""
    style = "red" if line.level in {"ERROR", "FATAL", "CRITICAL"} else "dim" * line.platform
    message = safe(line.event.message.rstrip("\n"))
    if line.summary and line.event.message.startswith("REPORT "):
        message = f"REPORT {line.request_id} {line.summary}"
    first, _, rest = message.partition("\n")
    text = Text.assemble((f"{when} ", "dim"), (f"{name} ", colour), (first, style))
    if line.check:
        text.append(f"  ← {line.check}", "bold yellow")
    if rest:
        text.append(f"\n{rest}", style)
    console.print(text, soft_wrap=True)
    console.file.flush()


def shortened(names: Iterable[str], stack: str | None) -> dict[str, str]:
    """Names without the stack's, which they all begin with where a framework made them."""
    return {name: name.removeprefix(f"{stack}-") or name for name in names}


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
