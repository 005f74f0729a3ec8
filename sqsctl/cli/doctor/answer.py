"""What doctor answers: data for programs, one screen for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.diagnosis import show_diagnosis
from sqsctl.cli.screen.json_shapes import diagnosis_shape
from sqsctl.cli.screen.output import Answer, styled
from sqsctl.cli.screen.picture import hop_shape, show_picture
from sqsctl.cli.screen.views import clock
from sqsctl.errors import Exit

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.finding import Finding, Severity
    from sqsctl.operations.diagnosis.doctor import Checkup
    from sqsctl.operations.diagnosis.ignores import Ignore


# Queues with whom all is well that the picture draws; of a large stack the others are counted.
DRAWN_WELL = 4


@dataclass(frozen=True)
class Wanted:
    """What was asked for: how bad is bad, what the team lives with, which checks and functions.

    ``deployed`` is False where only a template was looked at: nothing has a state then.
    ``all_ways``: every way of a remedy is shown with its steps.
    """

    threshold: Severity
    ignores: Sequence[Ignore] = ()
    checks: Sequence[str] = ()
    functions: Sequence[str] = ()
    deployed: bool = True
    all_ways: bool = False


def answer(
    run: Run, seen: Checkup, wanted: Wanted, applied: Sequence[dict[str, Any]] = ()
) -> Answer:
    """Exit 10 where something is as bad as ``wanted.threshold``, 3 where something was not seen."""
    from sqsctl.operations.diagnosis.health import hops
    from sqsctl.operations.diagnosis.ignores import apply

    today = datetime.now(UTC).date()
    diagnosis, ignored, expired = apply(seen.diagnosis, wanted.ignores, today)
    states = hops(seen.stack, diagnosis.findings) if wanted.deployed else ()
    data = {
        **diagnosis_shape(diagnosis),
        "hops": [hop_shape(each) for each in states],
        "missing_actions": list(seen.missing_actions),
        "applied": list(applied),
        "ignored": [
            {
                "id": each.id,
                "subject": each.subject or None,
                "until": why.until.isoformat(),
                "reason": why.reason or None,
            }
            for each, why in ignored
        ],
    }
    bad = any(each.severity >= wanted.threshold for each in diagnosis.findings)
    notes = _notes(seen, ignored, expired, wanted.functions)

    def human(console: Console) -> None:
        whole = run.output.verbose > 0 or bool(wanted.checks)
        since = next((each.since for each in seen.stack.logs if each.since), None)
        window = f" · since {clock(since)} UTC" if since else ""
        console.print(styled(diagnosis.stack, "bold") + styled(window, "dim"), soft_wrap=True)
        if not wanted.checks and wanted.deployed:
            console.print()
            show_picture(console, seen.stack, states, well=None if whole else DRAWN_WELL)
        show_diagnosis(
            console,
            diagnosis,
            seen.stack,
            whole=whole,
            all_ways=wanted.all_ways,
            notes=notes,
        )

    partial = Exit.PARTIAL if diagnosis.unseen else Exit.OK
    return Answer(data, human, Exit.NEGATIVE if bad else partial)


def _notes(
    seen: Checkup,
    ignored: Sequence[tuple[Finding, Ignore]],
    expired: Sequence[Ignore],
    functions: Sequence[str],
) -> list[str]:
    """What else a person should know before the summary."""
    notes = [f"logs and packages read of {', '.join(functions)} only"] if functions else []
    notes += [
        f"ignored until {why.until}: {each.id} ({why.reason or 'no reason given'})"
        for each, why in ignored
    ]
    notes += [f"no longer ignored since {old.until}: {old.check}" for old in expired]
    told = {each.action for each in seen.diagnosis.unseen}
    left = [each for each in seen.missing_actions if each not in told]
    if left:
        notes.append(f"not allowed, would have told more: {', '.join(left)}")
    return notes
