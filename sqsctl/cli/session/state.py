"""What the parts of the session share: running a command line, looking at the stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqsctl.cli.run.context import Run
from sqsctl.errors import SqsctlError
from sqsctl.model.stack import Fact, Queue, Stack

FACTS = (Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS)


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


def queue_names(stack: Stack | None) -> list[str]:
    """The queues that could be read, each before its dead-letter queue."""
    if stack is None:
        return []
    dead = dead_letters_in(stack)
    return [each.name for each in (*(q for q in stack.queues if q not in dead), *dead)]


def read_at(stack: Stack) -> str:
    """When the stack was looked at, as a clock shows it here; empty where nobody noted it."""
    moment = stack.observed_at
    return f"read {moment.astimezone():%H:%M:%S}" if moment else ""


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
    broken = run.program.broken_on(run.lab_name)
    return f"broken on purpose: {', '.join(broken)}" if broken else ""
