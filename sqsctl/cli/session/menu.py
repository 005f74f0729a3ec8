"""sqsctl alone on a terminal: pick a target, see its state, choose what makes sense now.

The session only asks and fills in options: every choice prints the command line that it
stands for and runs that very command. Esc and Ctrl-C step back, at the top they leave, and
its prompt says so; r reads the figures again. Whatever a command meets is told, and the
session goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqsctl.cli.run.command_line import perform
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import styled
from sqsctl.cli.screen.picture import show_picture
from sqsctl.cli.screen.prompt import AGAIN, Choice, Top, pick
from sqsctl.cli.session import choose_target, dead_letters
from sqsctl.cli.session.state import (
    back,
    broken_line,
    dead_letters_in,
    lab_died,
    look,
    queue_names,
    read_at,
    refuse_dead_lab,
    state_line,
    tell,
)
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Queue, Stack

QUIT = "quit"
Act = Callable[[Run, "Seen"], object]


@dataclass
class Seen:
    """The stack as it was last looked at, and what is known since."""

    stack: Stack | None = None
    drawn: str = ""  # the stack whose picture was shown
    findings: bool = False  # doctor found something, and it was not tried to mend it yet
    last: str | None = None  # what was chosen last: the cursor stands there again


@dataclass(frozen=True)
class Entry:
    """A line of the menu."""

    key: str
    title: str
    act: Act


def menu(run: Run) -> None:
    """Ask until there is nothing more to do."""
    run.offers_lab = False
    run.output.quiet = False  # consequences are said before anything happens
    if not choose_target.first(run):
        return
    seen = Seen()
    while True:
        if not _look(run, seen):
            if not choose_target.choose(run):
                return
            seen = Seen()
            continue
        entries = _entries(run, seen)
        chosen = run.prompter.select(
            "What now?",
            [*(Choice(each.title, each.key) for each in entries), Choice("quit", QUIT)],
            top=Top(seen.last),
        )
        if chosen is None or chosen == QUIT:
            _leave(run)
            return
        if chosen == AGAIN:
            continue
        seen.last = chosen
        if lab_died(run):
            continue  # the next look says so, and what can be done
        with back(run):
            next(each for each in entries if each.key == chosen).act(run, seen)


def _look(run: Run, seen: Seen) -> bool:
    """Look at the stack and tell its state; whether there still is something to work on."""
    try:
        refuse_dead_lab(run)
        stack = look(run)
    except KeyboardInterrupt:
        old = f": the figures are those that were {read_at(seen.stack)}" if seen.stack else ""
        run.output.notice(f"not looked at{old}")
        return True
    except SqsctlError as error:
        seen.stack = None
        run.output.complain(error)
        # Without a target there is nothing to go on with; a network or a policy may get better.
        return error.exit in {Exit.UNAVAILABLE, Exit.DENIED} and _has_target(run)
    seen.stack = stack
    console = run.output.stderr
    console.print()
    again = seen.drawn == stack.name
    seen.drawn = stack.name
    if not again:
        console.print(styled(stack.name, "bold"), soft_wrap=True)
        show_picture(console, stack)
        console.print()
    tell(run, stack)
    text, style = state_line(stack)
    parts = [stack.name if again else "", read_at(stack), text]
    console.print(styled(" · ".join(filter(None, parts)), style), soft_wrap=True)
    if broken := broken_line(run):
        run.output.notice(broken, style="yellow")
    return True


def _leave(run: Run) -> None:
    """What goes on when the session is over."""
    lab = run.resolved().lab if _has_target(run) else None
    named = f" --name {lab.name}" if lab and lab.name != "default" else ""
    runs = f"; the lab goes on: sqsctl lab down{named} stops it" if lab else ""
    run.output.notice(f"left the session{runs}")


def _has_target(run: Run) -> bool:
    try:
        run.resolved()
    except SqsctlError:
        return False
    return True


def _entries(run: Run, seen: Seen) -> list[Entry]:
    """What makes sense now; the most pressing first."""
    dead = dead_letters_in(seen.stack)
    count = sum(each.visible for each in dead)
    some = f"{count} dead letter{'s' * (count != 1)}"
    why = f"{some}: see why" if count else "find out what is wrong"
    entries = [Entry("doctor", f"{why} (doctor)", _doctor)]
    if seen.findings:
        entries.append(Entry("fix", "mend what is safe to mend (doctor --fix)", _fix))
    letters = Entry(
        "letters",
        f"{some}: look, and pick some" if count else "look into the dead-letter queue",
        _letters,
    )
    if count:
        entries += [
            letters,
            Entry(
                "redrive",
                f"{some}: bring all of them back (redrive)",
                lambda inner, known: dead_letters.bring_back(inner, known.stack, [], count),
            ),
        ]
    entries += [
        Entry("send", "send one message", _send),
        Entry("produce", "send many messages", _produce),
        Entry("probe", "follow one message through the pipeline (probe)", _probe),
        Entry("figures", "figures: queues, metrics, live", _figures),
        Entry("logs", "read the logs", _logs),
    ]
    if not count:
        entries.append(letters)
    if run.resolved().lab is not None:
        entries.append(Entry("lab", "the lab: break, mend, empty, stop", _lab))
    entries.append(Entry("target", "work on something else", _target))
    return entries


def _doctor(run: Run, seen: Seen) -> None:
    done = perform(run, ["doctor"])
    seen.findings = done.code is Exit.NEGATIVE


def _fix(run: Run, seen: Seen) -> None:
    perform(run, ["doctor", "--fix"])
    seen.findings = False


def _letters(run: Run, seen: Seen) -> None:
    """The dead letters; where there are none, counting them again says so at once."""
    if seen.stack is not None and not any(map(_holds, dead_letters_in(seen.stack))):
        seen.stack = look(run)
        dead = dead_letters_in(seen.stack)
        if dead and not any(map(_holds, dead)):
            names = " and ".join(each.name for each in dead)
            run.output.notice(f"{names}: empty, {read_at(seen.stack)}")
            return
    dead_letters.letters(run, seen.stack)


def _holds(queue: Queue) -> bool:
    return bool(queue.visible or queue.in_flight or queue.delayed)


def _send(run: Run, seen: Seen) -> None:
    del seen
    body = run.prompter.text("Body", default='{"input": 1}')
    if body is None or not _really(run, "one message"):
        return
    # What begins with a dash would pass for an option.
    perform(run, ["send", *(["--", body] if body.startswith("-") else [body])])


def _produce(run: Run, seen: Seen) -> None:
    del seen
    count = _number(run, "How many?", "50")
    if count is not None and _really(run, counted(int(count), "message")):
        perform(run, ["produce", "--count", count])


def _probe(run: Run, seen: Seen) -> None:
    del seen
    if _really(run, "one message, marked as a probe"):
        perform(run, ["probe"])


def _really(run: Run, what: str) -> bool:
    """On the lab nobody has to be asked; elsewhere it is somebody's queue."""
    if run.resolved().lab is not None:
        return True
    run.output.notice(
        f"this sends {what} for real: the consumers of this stack will work on it", style="yellow"
    )
    return bool(run.prompter.confirm("Send?", default=False))


def _figures(run: Run, seen: Seen) -> None:
    chosen = run.prompter.select(
        "Which figures?",
        [
            Choice("a queue: messages, settings, dead letters (queue inspect)", "inspect"),
            Choice("the last hours as sparklines (metrics)", "metrics"),
            Choice("everything live, until q or Ctrl-C (watch)", "watch"),
            Choice("the picture of the stack (stack show)", "show"),
        ],
    )
    if chosen == "inspect":
        names = queue_names(seen.stack)
        queue = names[0] if len(names) == 1 else pick(run.prompter, "Which queue?", names)
        if queue is not None:
            perform(run, ["queue", "inspect", queue, "--full"])
    elif chosen is not None:
        perform(run, ["stack", "show"] if chosen == "show" else [chosen])


def _logs(run: Run, seen: Seen) -> None:
    names = [each.name for each in seen.stack.functions] if seen.stack else []
    which: list[str] = []
    if len(names) > 1:
        everything = "all functions"
        chosen = pick(run.prompter, "Whose logs?", [everything, *names])
        if chosen is None:
            return
        which = [] if chosen == everything else ["--function", chosen]
    how = run.prompter.select(
        "Which lines?",
        [
            Choice("errors of the last hour", "errors"),
            Choice("everything of the last hour", "hour"),
            Choice("what comes from now on, until Ctrl-C", "follow"),
        ],
    )
    words = {
        "errors": ["--errors", "--no-follow", "--since", "1h"],
        "hour": ["--no-follow", "--since", "1h"],
        "follow": ["--since", "1m"],
    }
    if how is not None:
        perform(run, ["logs", "tail", *which, *words[how]])


def _lab(run: Run, seen: Seen) -> None:
    chosen = run.prompter.select(
        "The lab",
        [
            Choice("break something, as the tutorial did (lab break)", "break"),
            Choice("mend everything that is broken (lab heal)", "heal"),
            Choice("see how it is doing (lab status)", "status"),
            Choice("empty it and deploy its stack afresh (lab reset)", "reset"),
            Choice("stop it: nothing of it is left (lab down)", "down"),
        ],
    )
    if chosen is None:
        return
    words = ["lab", chosen]
    if chosen == "break":
        incident = run.prompter.select(
            "Which incident?",
            [Choice(f"{name}: {breaks}", name) for name, breaks in run.program.incidents()],
        )
        if incident is None:
            return
        words.append(incident)
    if chosen in {"reset", "down"}:
        lost = "its messages, logs and incidents are gone then"
        run.output.notice(lost, style="yellow")
        if not run.prompter.confirm("Go ahead?", default=True):
            return
    perform(run, words, target=False)
    seen.findings = False
    if chosen in {"reset", "down"}:
        seen.drawn = ""
        run.retarget(run.globals)


def _target(run: Run, seen: Seen) -> None:
    if choose_target.choose(run):
        seen.stack, seen.drawn, seen.findings = None, "", False


def _number(run: Run, question: str, default: str) -> str | None:
    while True:
        count = run.prompter.text(question, default=default)
        if count is None:
            return None
        if count.isascii() and count.isdigit() and int(count) > 0:
            return count
        run.output.notice("a whole number above 0, please", style="yellow")
