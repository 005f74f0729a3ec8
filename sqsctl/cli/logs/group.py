"""sqsctl logs: follow what the functions log."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, styled
from sqsctl.errors import Exit, NotFoundError, UsageError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

group = typer.Typer(help="Follow the functions' logs, or have one explained.", no_args_is_help=True)
MAX_TEXT_BYTES = 20_000_000
_RELATIVE = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def register(app: typer.Typer) -> None:
    """Add the group."""
    from sqsctl.cli.logs import tail  # noqa: F401 - it adds itself to the group

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
    from sqsctl.cli.screen.findings import show_diagnosis
    from sqsctl.cli.screen.json_shapes import finding_shape
    from sqsctl.model.finding import Severity
    from sqsctl.operations.diagnosis.explain import explain as diagnose

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
            console.print(styled(f"no known failure in {counted(lines, 'line')}"), soft_wrap=True)

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
    from sqsctl.cli.screen.unread import tell_gaps

    stack = run.stack(functions=names)
    tell_gaps(run, (*stack.unread, *stack.untold))
    wanted = [stack.function(name) for name in names or ()]
    chosen = [each for each in wanted if each is not None] if names else list(stack.functions)
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


def beginning(text: str, now: datetime) -> datetime:
    """The same for a --since: raises UsageError, too, for a moment that is still to come."""
    begin = moment(text, now)
    if begin > now:
        raise UsageError(f"--since {text} lies in the future")
    return begin


def ending(text: str, begin: datetime | None, now: datetime) -> datetime:
    """The same for an --until: raises UsageError, too, where no time is left before it."""
    end = moment(text, now)
    if begin is not None and end <= begin:
        raise UsageError("--until lies before --since")
    return end
