"""A command line run within another command: shown as it would be typed, then executed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.screen.output import Output, styled
from sqsctl.errors import Exit

# The common options that name a target, as they are typed.
_NAMING = ("profile", "region", "endpoint_url", "stack", "stage", "queue")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it had to say."""

    code: Exit
    data: Mapping[str, Any] = field(default_factory=dict)


def perform(run: Run, words: list[str], *, target: bool = True, show: bool = True) -> Done:
    """Print a command line and run it, on the target that was chosen.

    ``show`` False keeps the result for the caller; errors are told all the same.
    """
    dash = words.index("--") if "--" in words else len(words)
    options = [*(_target_options(run) if target else []), *_output_options(run)]
    line = [*words[:dash], *options, *words[dash:]]
    typed = shlex.join(["sqsctl", *line])
    run.output.stderr.print(styled(f"$ {typed}", "bold cyan"), soft_wrap=True)
    inner = Run(Output(color=run.output.color), run.program, lab_name=run.lab_name)
    inner.prompter = run.prompter
    inner.offers_lab = run.offers_lab
    code = run.program.execute(line, inner)
    data: Mapping[str, Any] = {}
    if inner.answer is not None:
        data = inner.answer.data
        if show:
            inner.output.show(inner.command, inner.answer, inner.target)
        else:
            for error in inner.answer.errors:
                run.output.complain(error)
    if code not in {Exit.OK, Exit.INTERRUPTED}:
        run.output.notice(f"{_ending(words, code)} (exit code {int(code)})")
    return Done(code, data)


# How a command ended, for somebody who has just read what it had to say.
_ENDINGS: Mapping[Exit, str] = {
    Exit.FAILED: "it failed",
    Exit.USAGE: "it was not run: the command line or a file is wrong",
    Exit.PARTIAL: "not everything was done or seen: what is left is told above",
    Exit.AMBIGUOUS: "done, but some messages may be there twice: they are told above",
    Exit.NOT_FOUND: "what it needs is not there",
    Exit.UNAVAILABLE: "AWS did not answer, or throttles: try again",
    Exit.DENIED: "the credentials do not allow it, are missing or have expired",
    Exit.REFUSED: "it was refused",
    Exit.TERMINATED: "it was terminated",
}
_NEGATIVE: Mapping[str, str] = {
    "doctor": "problems were found",
    "probe": "the message did not arrive",
    "produce": "a threshold was crossed, or messages became dead letters",
    "dlq": "the first messages were not processed, so the rest stays where it is",
}


def _ending(words: Sequence[str], code: Exit) -> str:
    if code is Exit.NEGATIVE:
        return _NEGATIVE.get(words[0], "the answer is no")
    return _ENDINGS.get(code, code.meaning)


def _target_options(run: Run) -> list[str]:
    """The options that name the same target again."""
    given = run.globals
    options: list[str] = []
    for key in _NAMING:
        value = getattr(given, key)
        if value:
            options += [f"--{key.replace('_', '-')}", value]
    if given.lab is not None:
        options.append("--lab" if given.lab else "--no-lab")
    stack = run.target.stack if run.target else None
    if stack and not given.stack and not given.queue and not _default_stack(run, stack):
        options += ["--stack", stack]
    return options


def _output_options(run: Run) -> list[str]:
    given = run.globals
    options = ["--no-color"] if given.no_color else []
    return [*options, *(["-v"] * (given.verbose or 0))]


def _default_stack(run: Run, stack: str) -> bool:
    from sqsctl.operations.target import project_files

    lab = run.resolved().lab
    if run.settings.text("stack") == stack:
        return True
    declared = project_files.stack_name(
        working_folder(),
        stage=run.settings.text("stage"),
        environment=run.settings.names_from(os.environ),
    )
    return declared == stack if declared else bool(lab and lab.stack == stack)
