"""Dead letters in the session: look, tick some, and say what is to become of them.

Nothing here touches a message by itself: ids and conditions become the options of the
dlq commands. A letter that vanished between the look and the command is told by that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqsctl.cli.run.command_line import Done, perform
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import safe_line
from sqsctl.cli.screen.prompt import Choice, draws, pick
from sqsctl.cli.screen.views import ago, duration
from sqsctl.cli.session.state import dead_letters_in
from sqsctl.errors import Exit
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Queue, Stack

PAGE = 50  # so many letters are looked at and listed at a time
EVERYTHING: list[str] = []


def letters(run: Run, stack: Stack | None) -> None:
    """Look into the dead-letter queue, and work on what is found there."""
    found, queue = _queue(run, stack)
    if not found:
        return
    there = sum(each.visible for each in dead_letters_in(stack) if queue in {None, each.name})
    while True:
        scope = _scope(run, stack, there, queue) if there > PAGE else EVERYTHING
        if scope is None:
            return
        if _work_on(run, stack, [*_named(queue), *scope]) or there <= PAGE:
            return


def bring_back(run: Run, stack: Stack | None, which: list[str], count: int | None) -> bool:
    """Redrive what ``which`` selects, once it was said what that means; False: a step back.

    ``count`` None: nobody knows how many that are.
    """
    found, queue = _queue(run, stack) if not which else (True, None)
    if not found:
        return False
    options = [*_named(queue), *which]
    _spell_out(run, stack, options, count)
    while True:
        how = run.prompter.select(
            "How?",
            [
                Choice("all at once", "all"),
                Choice("one first, the rest once it is processed (--canary 1)", "canary"),
                Choice("only say what would be moved (--dry-run)", "dry"),
            ],
        )
        if how is None:
            return False
        extra = {"all": [], "canary": ["--canary", "1"], "dry": ["--dry-run"]}[how]
        done = perform(run, ["dlq", "redrive", *options, *extra])
        if how != "dry":
            return done.code is not Exit.INTERRUPTED


def _queue(run: Run, stack: Stack | None) -> tuple[bool, str | None]:
    """Which dead-letter queue: whether one was chosen, and its name where there are several."""
    dead = dead_letters_in(stack)
    if len(dead) < 2:
        return True, None
    names = {f"{each.name} ({each.visible} dead)": each.name for each in dead}
    chosen = pick(run.prompter, "Which dead-letter queue?", list(names))
    return chosen is not None, names.get(chosen or "")


def _named(queue: str | None) -> list[str]:
    return ["--queue", queue] if queue else []


def _scope(run: Run, stack: Stack | None, there: int, queue: str | None) -> list[str] | None:
    """Which of very many letters to look at, as options; None is a step back."""
    while True:
        chosen = run.prompter.select(
            f"About {counted(there, 'dead letter')}: which?",
            [
                Choice(f"the first {PAGE} that come", "first"),
                Choice("those that died of one cause (dlq groups)", "cause"),
                Choice("those whose body holds a text", "grep"),
                Choice("those whose JSON fits an expression", "match"),
                Choice("one, by its id", "id"),
                Choice("all of them at once", "all"),
            ],
        )
        if chosen is None or chosen == "first":
            return None if chosen is None else EVERYTHING
        if chosen == "all":
            if _all_at_once(run, stack, there, queue):
                return None
            continue
        scope = _by_cause(run, queue) if chosen == "cause" else _by_text(run, chosen)
        if scope is not None:
            return scope


def _by_cause(run: Run, queue: str | None) -> list[str] | None:
    done = perform(run, ["dlq", "groups", *_named(queue)])
    counts: dict[str, int] = {}
    for each in done.data.get("groups", ()):
        if each["cause"]:
            counts[each["cause"]] = counts.get(each["cause"], 0) + each["count"]
    if not counts:
        run.output.notice("no cause is known")
        return None
    chosen = run.prompter.select(
        "Which cause?", [Choice(f"{name} ({count})", name) for name, count in counts.items()]
    )
    return None if chosen is None else ["--cause", chosen]


def _by_text(run: Run, option: str) -> list[str] | None:
    question = {
        "grep": "Text in the body (a regular expression)",
        "match": "JMESPath, as input > `5`",
        "id": "Message id",
    }[option]
    typed = run.prompter.text(question)
    # With = a value that begins with a dash stays a value.
    return [f"--{option}={typed}"] if typed else None


def _all_at_once(run: Run, stack: Stack | None, there: int, queue: str | None) -> bool:
    chosen = run.prompter.select(
        f"All of about {there}",
        [
            Choice("export them into a file (export)", "export"),
            Choice("bring them back (redrive)", "redrive"),
            Choice("delete them for good (purge)", "purge"),
        ],
    )
    if chosen is None:
        return False
    if chosen == "redrive":
        return bring_back(run, stack, _named(queue), there)
    perform(run, ["dlq", chosen, *_named(queue)])
    return True


def _work_on(run: Run, stack: Stack | None, which: list[str]) -> bool:
    """Look, tick, act; whether something was done (else it is a step back)."""
    seen = _peek(run, which)
    found: Sequence[Mapping[str, Any]] = seen.data.get("messages", ())
    if not found:
        if seen.code is Exit.OK:
            run.output.notice("no dead letter is there")
        return False
    if draws(run.prompter):
        return _browse(run, stack, which, seen)
    ticked: list[str] = []
    while True:
        total = seen.data.get("approximate_total", len(found))
        answer = run.prompter.checkbox(
            f"{len(found)} of about {counted(total, 'dead letter')}",
            [
                Choice(_line(each), each["message_id"], checked=each["message_id"] in ticked)
                for each in found
            ],
        )
        if answer is None:
            return False
        ticked = answer
        if not ticked:
            run.output.notice("none is ticked: space ticks one, Esc steps back", style="yellow")
            continue
        if _act_on(run, stack, which, ticked, found):
            return True


def _browse(run: Run, stack: Stack | None, which: list[str], seen: Done) -> bool:
    """The same on a screen of its own; what was ticked stays so until something was done."""
    from sqsctl.cli.session.browser import Browser, browse

    found = seen.data["messages"]
    browser = Browser(str(seen.data["queue"]), found)
    while True:
        picked = browse(browser)
        if picked is None:
            return False
        if _do(run, stack, which, picked.action, picked.ids, found):
            return True
        if picked.action == "explain":
            run.prompter.typed(["Enter goes back to the messages"])


def _peek(run: Run, which: list[str]) -> Done:
    return perform(run, ["dlq", "peek", *which, "--limit", str(PAGE)], show=False)


def _line(message: Mapping[str, Any]) -> str:
    """A letter on a line: the start of its id, its age, its receives, its cause, its body."""
    from datetime import datetime

    sent = message["sent_at"]
    age = ago(datetime.fromisoformat(sent)) if sent else "?"
    cause = (message["cause"] or {}).get("id") or "cause unknown"
    head = f"{str(message['message_id'])[:8]}  {age:>10}  ×{message['receive_count']}  {cause}"
    return f"{head}  {safe_line(message['body'], 200)}"


def _act_on(
    run: Run,
    stack: Stack | None,
    which: list[str],
    ticked: list[str],
    found: Sequence[Mapping[str, Any]],
) -> bool:
    """What is to become of the ticked ones; False goes back to the list."""
    count = len(ticked)
    while True:
        chosen = run.prompter.select(
            f"{count} ticked: what now?",
            [
                Choice("bring back to work (redrive)", "redrive"),
                Choice("edit each in $EDITOR, then bring it back", "edit"),
                Choice("keep a copy in a file (export)", "export"),
                Choice("delete for good (purge)", "purge"),
                Choice("see in full (peek)", "peek"),
                *([Choice("tell its story (explain)", "explain")] if count == 1 else []),
                *(
                    [Choice("bring back all that match, not only these (redrive)", "matching")]
                    if len(found) == PAGE and which != _queue_options(which)
                    else []
                ),
            ],
        )
        if chosen is None:
            return False
        if _do(run, stack, which, chosen, ticked, found):
            return True


def _do(
    run: Run,
    stack: Stack | None,
    which: list[str],
    action: str,
    ids: list[str],
    found: Sequence[Mapping[str, Any]],
) -> bool:
    """Run the command that an action stands for; whether the messages are others from here on."""
    options = [*_queue_options(which), *(word for each in ids for word in ("--id", each))]
    match action:
        case "redrive":
            _causes(run, [each for each in found if each["message_id"] in ids])
            return bring_back(run, stack, options, len(ids))
        case "matching":
            return bring_back(run, stack, which, None)
        case "edit":
            _spell_out(run, stack, options, len(ids))
            if not run.prompter.confirm("Open the editor?", default=True):
                return False
            perform(run, ["dlq", "redrive", *options, "--edit"])
            return True
        case "purge":
            perform(run, ["dlq", "purge", *options])
            return True
        case "explain":
            perform(run, ["dlq", "explain", *_queue_options(which), ids[0]])
        case "peek":
            perform(run, ["dlq", "peek", "--full", *options])
        case _:
            perform(run, ["dlq", "export", *options])
    return False


def _queue_options(which: list[str]) -> list[str]:
    return which[:2] if which[:1] == ["--queue"] else []


def _causes(run: Run, chosen: Sequence[Mapping[str, Any]]) -> None:
    """What they died of comes again if it was not mended."""
    counts: dict[str, int] = {}
    for each in chosen:
        cause = (each["cause"] or {}).get("id")
        if cause:
            counts[cause] = counts.get(cause, 0) + 1
    if counts:
        said = ", ".join(f"{name} ({count})" for name, count in counts.items())
        run.output.notice(
            f"they died of {said}: if that is not mended, they come back", style="yellow"
        )


def _spell_out(run: Run, stack: Stack | None, options: list[str], count: int | None) -> None:
    """What a redrive does, with the names and figures of this stack."""
    dead = dead_letters_in(stack)
    name = options[1] if options[:1] == ["--queue"] else (dead[0].name if len(dead) == 1 else "")
    source = next((each for each in dead if each.name == name), None)
    origins = _origins(stack, source)
    there = " or ".join(each.name for each in origins) or "the queues they came from"
    some = "all dead letters that match"
    letters = some if count is None else f"{count} dead letter{'s' * (count != 1)}"
    said = f"{letters} will go back to {there}, where the consumers work on them at once."
    run.output.notice(said, style="yellow")
    limits = {each.max_receive_count for each in origins if each.max_receive_count}
    if len(limits) == 1:
        hidden = duration(origins[0].visibility_timeout_s)
        run.output.notice(
            f"What fails again comes back after {counted(limits.pop(), 'receive')}, "
            f"{hidden} apart.",
            style="yellow",
        )
    run.output.notice(
        "None is deleted before its copy is acknowledged; a crash may leave duplicates, listed.",
        style="yellow",
    )


def _origins(stack: Stack | None, dead: Queue | None) -> list[Queue]:
    if stack is None or dead is None:
        return []
    return [each for each in stack.queues if each.dead_letter_target_arn == dead.arn]
