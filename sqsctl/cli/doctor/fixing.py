"""doctor --fix: the safe fixes, one by one, each after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.errors import RefusedError

if TYPE_CHECKING:
    from sqsctl.model.finding import Diagnosis, Finding


def apply_fixes(run: Run, diagnosis: Diagnosis, *, dry_run: bool) -> list[dict[str, Any]]:
    """Apply the safe fixes that are agreed to; what was done, a record a step."""
    from sqsctl.operations.diagnosis.doctor import mend, mendable

    done: list[dict[str, Any]] = []
    for finding in mendable(diagnosis):
        if dry_run:
            done.append(_record(finding, applied=False))
            run.output.notice(f"would apply: {finding.fix.summary}")
            continue
        run.output.notice(f"{finding.id}: {finding.fix.summary}", style="bold")
        for each in finding.fix.commands:
            run.output.notice(f"  $ {each}")
        try:
            run.confirm("Apply this fix?")
        except RefusedError as error:
            if error.code != "declined":
                raise
            continue
        for _ in mend(run.session(changing=True), finding):
            pass
        done.append(_record(finding, applied=True))
    if not done and not mendable(diagnosis):
        run.output.notice("there is nothing that is safe to apply by itself")
    return done


def _record(finding: Finding, *, applied: bool) -> dict[str, Any]:
    return {
        "id": finding.id,
        "subject": finding.subject or None,
        "summary": finding.fix.summary,
        "commands": list(finding.fix.commands),
        "applied": applied,
    }
