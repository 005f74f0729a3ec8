"""sqsctl alone on a terminal: ask what to do, fill in the options, run the same command.

Every choice prints the command line that it runs, so that the menu teaches the program.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from sqsctl.cli.context import Run
from sqsctl.cli.output import Output, styled
from sqsctl.cli.prompt import Choice
from sqsctl.cli.views import show_picture
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.stack import Fact, Stack

QUIT = "quit"
FACTS = frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS})


def menu(run: Run) -> None:
    """Ask until there is nothing more to do. Esc and Ctrl-C step back, at the top they leave."""
    if not _reachable(run):
        return
    while True:
        try:
            stack = _look(run)
        except SqsctlError as error:
            run.output.complain(error)
            stack = None
        entries = _entries(run, stack)
        chosen = run.prompter.select(
            "What now?",
            [*(Choice(each.title, each.key) for each in entries), Choice("quit", QUIT)],
        )
        if chosen is None or chosen == QUIT:
            return
        entry = next(each for each in entries if each.key == chosen)
        words = entry.words(run)
        if words is None:
            continue
        carry_out(run, words, target=entry.target)


def carry_out(run: Run, words: list[str], *, target: bool = True) -> Exit:
    """Print a command line and run it, on the target that was chosen."""
    from sqsctl.cli.main import execute

    shown = [*words, *(_target_options(run) if target else [])]
    line = shlex.join(["sqsctl", *shown])
    run.output.stderr.print(styled(f"$ {line}", "bold cyan"), soft_wrap=True)
    inner = Run(Output(color=run.output.color), lab_name=run.lab_name)
    inner.prompter = run.prompter
    code = execute(shown, inner)
    if inner.answer is not None:
        inner.output.show(inner.command, inner.answer, inner.target)
    if code is not Exit.OK:
        run.output.notice(f"exit code {int(code)}: {code.meaning}")
    return code


@dataclass(frozen=True)
class Entry:
    """A line of the menu; ``words`` asks for what the command needs, None is a step back."""

    key: str
    title: str
    words: Callable[[Run], list[str] | None]
    target: bool = True


def _reachable(run: Run) -> bool:
    try:
        run.resolved()
    except SqsctlError as error:
        run.output.complain(error)
        run.finish_with(error)
        return False
    return True


def _look(run: Run) -> Stack:
    """The stack as it is now, drawn."""
    from sqsctl.operations.observe import observe

    reference = run.stack()
    with run.progress("looking at the stack"):
        stack = observe(run.session(), reference, needs=set(FACTS))
    console = run.output.stderr
    console.print()
    console.print(styled(stack.name, "bold"), soft_wrap=True)
    show_picture(console, stack)
    console.print()
    return stack


def _entries(run: Run, stack: Stack | None) -> list[Entry]:
    """What makes sense now; the most pressing first."""
    dead = _dead(stack)
    some = f"{dead} dead letter{'s' * (dead != 1)}"
    entries = [Entry("doctor", "find out what is wrong (doctor)", lambda _: ["doctor"])]
    if dead:
        entries += [
            Entry("peek", f"{some}: look at them", lambda _: ["dlq", "peek"]),
            Entry("redrive", f"{some}: bring them back", _redrive),
        ]
    entries += [
        Entry("send", "send one message", _send),
        Entry("produce", "send many messages", _produce),
        Entry("inspect", "see the queue's figures", lambda _: ["queue", "inspect"]),
        Entry(
            "logs",
            "read the last hour's logs",
            lambda _: ["logs", "tail", "--no-follow", "--since", "1h"],
        ),
    ]
    if not dead:
        entries.append(Entry("peek", "look into the dead-letter queue", lambda _: ["dlq", "peek"]))
    if run.resolved().lab is not None:
        entries += [
            Entry("break", "break something on the lab", _break, target=False),
            Entry(
                "heal", "mend what is broken on the lab", lambda _: ["lab", "heal"], target=False
            ),
        ]
    return entries


def _dead(stack: Stack | None) -> int:
    if stack is None:
        return 0
    arns = stack.dead_letter_queues()
    return sum(queue.visible for queue in stack.queues if queue.arn in arns)


def _redrive(run: Run) -> list[str] | None:
    sure = run.prompter.confirm("Move them back to the queue they came from?", default=True)
    return ["dlq", "redrive"] if sure else None


def _send(run: Run) -> list[str] | None:
    body = run.prompter.text("Body", default='{"input": 1}')
    return None if body is None else ["send", body]


def _produce(run: Run) -> list[str] | None:
    while True:
        count = run.prompter.text("How many?", default="50")
        if count is None:
            return None
        if count.isdigit() and int(count) > 0:
            return ["produce", "--count", count]
        run.output.notice("a whole number above 0, please", style="yellow")


def _break(run: Run) -> list[str] | None:
    from sqsctl.cli.lab import incident_choices

    chosen = run.prompter.select(
        "Which incident?",
        [Choice(f"{name}: {breaks}", name) for name, breaks in incident_choices()],
    )
    return None if chosen is None else ["lab", "break", chosen]


def _target_options(run: Run) -> list[str]:
    """The options that name the same target again."""
    given = run.globals
    options: list[str] = []
    for key in ("profile", "region", "endpoint_url", "stack", "stage", "queue"):
        value = getattr(given, key)
        if value:
            options += [f"--{key.replace('_', '-')}", value]
    if given.lab is not None:
        options.append("--lab" if given.lab else "--no-lab")
    stack = run.target.stack if run.target else None
    if stack and not given.stack and not given.queue and not _default_stack(run, stack):
        options += ["--stack", stack]
    return options


def _default_stack(run: Run, stack: str) -> bool:
    lab = run.resolved().lab
    return bool(lab and lab.stack == stack) or run.settings.text("stack") == stack
