"""sqsctl logs explain: diagnose log text from a file or stdin, offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.remedy_options import AllWaysOption
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, styled
from sqsctl.errors import Exit, UsageError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console


MAX_TEXT_BYTES = 20_000_000


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "explain",
        target=False,
        epilog=examples(
            "sqsctl logs explain consumer.log",
            "pbpaste | sqsctl logs explain -",
            "sqsctl logs explain - --runtime nodejs14.x < error.txt",
        ),
    )(explain)


def explain(
    run: Run,
    file: Annotated[
        str, typer.Argument(help="A file with log text; - reads stdin.", metavar="FILE|-")
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
            max=5400,
            metavar="SECONDS",
            help="The function's timeout, if the text does not say.",
        ),
    ] = None,
    all_ways: AllWaysOption = False,
) -> Answer:
    """Diagnose log text, offline: a stream, a pasted line, an Invoke's or a deploy's error.

    Exit 10 when it found a cause, 0 when it found none.
    """
    from sqsctl.cli.screen.diagnosis import show_diagnosis
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
            more = "sqsctl logs explain -v"
            show_diagnosis(
                console,
                diagnosis,
                whole=run.output.verbose > 0,
                all_ways=all_ways,
                more=more,
            )
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
