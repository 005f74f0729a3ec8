"""How a redrive is told: as data, and to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import Answer, lines, safe_line, styled
from sqsctl.errors import Exit, SqsctlError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.transfer import RedriveSummary
    from sqsctl.operations.moving.canary import Verdict
    from sqsctl.operations.stacks.queue_pairs import Pair

SHOWN = 20


def redrive_shape(summary: RedriveSummary, verdict: Verdict | None = None) -> dict[str, Any]:
    """The data of ``dlq redrive``."""
    return {
        "method": summary.method,
        "selected": summary.selected,
        "moved": summary.moved,
        "failed": summary.failed,
        "remaining": summary.remaining,
        "possible_duplicates": list(summary.possible_duplicates),
        "journal": summary.journal,
        "skipped": summary.skipped,
        "returned": summary.returned,
        "resumed": summary.resumed,
        "vanished": summary.vanished,
        "interrupted": summary.interrupted,
        "failures": [
            {"message_id": each.message_id, "reason": each.reason} for each in summary.failures
        ],
        "blocked_groups": list(summary.blocked_groups),
        "duration_s": round(summary.duration_s, 3),
        "notes": list(summary.notes),
        "accepted": [{"message_id": key, "accepted_as": copy} for key, copy in summary.acceptances],
        "canary": {
            "processed": list(verdict.processed),
            "returned": list(verdict.returned),
            "undecided": list(verdict.undecided),
            "unwatched": verdict.unwatched,
            "trouble": verdict.trouble.message if verdict.trouble else None,
            "waited_s": round(verdict.waited_s, 1),
            "good": verdict.good,
        }
        if verdict
        else None,
    }


def show_redrive(
    console: Console, summary: RedriveSummary, pair: Pair, verdict: Verdict | None = None
) -> None:
    """What was moved, what was not, and what may be there twice."""
    ok = not (summary.failed or summary.interrupted or summary.detached)
    touched = summary.moved or summary.skipped or summary.returned or summary.resumed
    if ok and not touched and summary.remaining == 0:
        lines(console, [f"nothing to move in {safe_line(pair.dead_letters.name)}"])
        return
    if verdict is not None and verdict.good:
        first = counted(len(verdict.processed), "message was", "messages were")
        lines(console, [f"canary: {first} processed within {verdict.waited_s:.0f} s"])
    console.print(
        styled(
            f"{'✓' if ok else '✗'} {summary.moved} {_done(summary)} {pair.dead_letters.name}",
            "green" if ok else "yellow",
        ),
        soft_wrap=True,
    )
    facts = [
        f"{summary.failed} failed" if summary.failed else "",
        f"{summary.skipped} not selected" if summary.skipped else "",
        f"{summary.resumed} finished for an earlier run" if summary.resumed else "",
        f"{summary.returned} came back: the consumer fails again" if summary.returned else "",
        "" if summary.remaining is None else f"about {summary.remaining} remaining",
    ]
    lines(console, ["  " + " · ".join(filter(None, facts))])
    for each in summary.failures[:SHOWN]:
        lines(console, [f"  ✗ {safe_line(each.message_id)}: {safe_line(each.reason)}"])
    if summary.possible_duplicates:
        console.print(styled(f"  {len(summary.possible_duplicates)} may be there twice:", "yellow"))
        lines(console, [f"    {each}" for each in summary.possible_duplicates[:SHOWN]])
    if summary.blocked_groups:
        groups = ", ".join(safe_line(each) for each in summary.blocked_groups[:SHOWN])
        lines(console, [f"  groups whose rest could not be reached: {groups}"])
    for note in summary.notes:
        console.print(styled(f"  {note}", "dim"), soft_wrap=True)
    if summary.journal and not ok:
        console.print(styled(f"  journal: {summary.journal}", "dim"), soft_wrap=True)


def _done(summary: RedriveSummary) -> str:
    return "copied from" if summary.kept else "moved out of"


def redrive_answer(
    summary: RedriveSummary,
    pair: Pair,
    stopped: Exit,
    verdict: Verdict | None = None,
    gone: SqsctlError | None = None,
    *,
    again: str,
    doctor: str,
) -> Answer:
    """The answer, with the exit code that the outcome deserves.

    ``again`` is what to type to go on, ``doctor`` what looks for what still fails.
    """
    code = worst(
        stopped if summary.interrupted else Exit.OK,
        Exit.PARTIAL
        if summary.failed or summary.returned or summary.blocked_groups or summary.detached
        else Exit.OK,
        Exit.AMBIGUOUS if summary.possible_duplicates else Exit.OK,
        Exit.NEGATIVE if verdict is not None and not verdict.good else Exit.OK,
    )
    errors: tuple[SqsctlError, ...] = (gone,) if gone else ()
    if code is not Exit.OK:
        said = [f"{summary.moved} moved"]
        said += [f"{summary.failed} failed"] if summary.failed else []
        said += [f"{summary.returned} came back"] if summary.returned else []
        said += (
            [f"{len(summary.possible_duplicates)} possible duplicates"]
            if summary.possible_duplicates
            else []
        )
        said += ["stopped before the end"] if summary.interrupted else []
        said += (
            ["how it ended is not known"] if summary.detached and not summary.interrupted else []
        )
        if verdict is not None and not verdict.good:
            said.append(_canary_words(verdict))
        hint = f"go on with: {again}" if summary.interrupted else None
        if summary.returned or (verdict is not None and not verdict.good):
            hint = f"{doctor} looks for what still fails"
        whole = SqsctlError(", ".join(said), hint=hint, exit=code, code=code.name.lower())
        errors = (whole, *errors)
    return Answer(
        redrive_shape(summary, verdict),
        lambda console: show_redrive(console, summary, pair, verdict),
        worst(code, gone.exit if gone else Exit.OK),
        errors,
    )


def _canary_words(verdict: Verdict) -> str:
    """Why a canary is not good."""
    if verdict.returned:
        return "the canary came back"
    if verdict.trouble:
        return f"the canary could not be watched: {verdict.trouble.message}"
    if verdict.unwatched:
        return "the canary cannot be watched: the queue gave it no id"
    if not verdict.undecided:
        return "no canary was sent, so nothing is proven"
    return "the canary was not processed in time"
