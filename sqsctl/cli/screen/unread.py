"""What could not be read, for the commands that do the rest: a line for each missing action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from sqsctl.cli.run.context import Run
    from sqsctl.model.deployed import StackRef
    from sqsctl.model.unread import Unread

SHOWN = 4
# It tells outputs and the account only: no part is missing without it.
_DESCRIBE = "cloudformation:DescribeStacks"


def gaps_shape(gaps: Iterable[Unread]) -> list[dict[str, Any]]:
    """The ``unread`` of a command's data: each gap once."""
    return [
        {"what": each.what, "reason": each.reason, "action": each.action}
        for each in dict.fromkeys(gaps)
    ]


def gaps_errors(gaps: Iterable[Unread]) -> tuple[SqsctlError, ...]:
    """An error for each reason and action, naming what it hides."""
    return tuple(
        SqsctlError(
            text,
            hint=f"the identity needs {action}" if action else None,
            exit=Exit.PARTIAL,
            code="unread",
            action=action,
        )
        for text, action in _told(gaps)
    )


def tell_gaps(run: Run, gaps: Iterable[Unread]) -> None:
    """The same as notices, where the command streams or can do without."""
    for text, _ in _told(gaps):
        run.output.notice(text, style="yellow")


def hidden_parts(reference: StackRef) -> tuple[Unread, ...]:
    """Why parts of the stack may be missing from what a command shows."""
    return tuple(each for each in (*reference.unread, *reference.untold) if _hides(each))


def harmless(reference: StackRef) -> tuple[Unread, ...]:
    """What could not be read of the stack, and hides no part of it."""
    return tuple(each for each in reference.unread if not _hides(each))


def _hides(gap: Unread) -> bool:
    return gap.action != _DESCRIBE


def _told(gaps: Iterable[Unread]) -> list[tuple[str, str | None]]:
    """A sentence and the action, for each reason and action."""
    whats: dict[tuple[str, str | None], dict[str, None]] = {}
    for each in gaps:
        whats.setdefault((each.reason, each.action), {})[each.what] = None
    found = []
    for (reason, action), names in whats.items():
        shown = ", ".join(list(names)[:SHOWN])
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        named = f" ({action})" if action and action not in reason else ""
        found.append((f"{shown}{more} could not be read: {reason}{named}", action))
    return found
