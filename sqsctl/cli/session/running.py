"""What the parts of the session share: running a command line, looking at the stack."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqsctl.cli.run.context import Run, working_folder
from sqsctl.cli.screen.output import Output, styled
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.stack import Fact, Queue, Stack

FACTS = (Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS)
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
    from sqsctl.cli.main import execute

    dash = words.index("--") if "--" in words else len(words)
    options = [*(_target_options(run) if target else []), *_output_options(run)]
    line = [*words[:dash], *options, *words[dash:]]
    typed = shlex.join(["sqsctl", *line])
    run.output.stderr.print(styled(f"$ {typed}", "bold cyan"), soft_wrap=True)
    inner = Run(Output(color=run.output.color), lab_name=run.lab_name)
    inner.prompter = run.prompter
    inner.offers_lab = run.offers_lab
    code = execute(line, inner)
    data: Mapping[str, Any] = {}
    if inner.answer is not None:
        data = inner.answer.data
        if show:
            inner.output.show(inner.command, inner.answer, inner.target)
        else:
            for error in inner.answer.errors:
                run.output.complain(error)
    if code not in {Exit.OK, Exit.INTERRUPTED}:
        run.output.notice(f"exit code {int(code)}: {code.meaning}")
    return Done(code, data)


@contextmanager
def back(run: Run) -> Iterator[None]:
    """Whatever happens inside is told, and the session goes on."""
    try:
        yield
    except KeyboardInterrupt:
        run.output.notice("stopped")
    except SqsctlError as error:
        run.output.complain(error)


def look(run: Run) -> Stack:
    """The stack as it is now."""
    from sqsctl.operations.diagnosis.observe import observe

    reference = run.stack()
    with run.progress("looking at the stack"):
        return observe(run.session(), reference, needs=set(FACTS))


def refuse_dead_lab(run: Run) -> None:
    """Raises NotFoundError where the lab that was worked on is not there any more.

    One that was started again under its name takes its place.
    """
    from sqsctl.aws.lab_state import alive, running_lab
    from sqsctl.operations.target.targeting import no_lab

    lab = run.resolved().lab
    if lab is None or alive(lab):
        return
    if running_lab(lab.name) is None:
        raise no_lab(lab.name)
    run.retarget(run.globals)


def lab_died(run: Run) -> bool:
    """Whether the lab went away since it was last looked at."""
    try:
        refuse_dead_lab(run)
    except SqsctlError:
        return True
    return False


def dead_letters_in(stack: Stack | None) -> list[Queue]:
    """The dead-letter queues that could be read."""
    if stack is None:
        return []
    arns = stack.dead_letter_queues()
    return [each for each in stack.queues if each.arn in arns]


def tell(run: Run, stack: Stack) -> None:
    """What of the stack could not be looked at."""
    for gap in dict.fromkeys(gap for fact in FACTS for gap in stack.gaps(fact)):
        action = f" ({gap.action})" if gap.action else ""
        run.output.notice(f"{gap.what} could not be read: {gap.reason}{action}", style="yellow")


def state_line(stack: Stack) -> tuple[str, str]:
    """The stack's state in a line, and its style."""
    dead = dead_letters_in(stack)
    work = [each for each in stack.queues if each not in dead]
    letters = sum(each.visible for each in dead)
    asleep = sorted(
        {each.state for each in stack.mappings}
        - {"Enabled", "Updating", "Enabling", "Creating", ""}
    )
    parts = [
        f"{sum(each.visible for each in work)} waiting",
        f"{sum(each.in_flight for each in work)} in flight",
        f"{letters} dead",
    ]
    parts += [f"consumer {', '.join(asleep).lower()}"] if asleep else []
    return " · ".join(parts), "yellow" if letters or asleep else "green"


def broken_line(run: Run) -> str:
    """What was broken on the lab; empty where nothing is."""
    if run.resolved().lab is None:
        return ""
    from sqsctl.cli.lab.group import broken_on

    broken = broken_on(run.lab_name)
    return f"broken on purpose: {', '.join(broken)}" if broken else ""


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
    declared = project_files.stack_name(working_folder(), stage=run.settings.text("stage"))
    return declared == stack if declared else bool(lab and lab.stack == stack)
