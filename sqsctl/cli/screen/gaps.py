"""What a command cannot tell since it was not read: never passed off as "nothing there"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from sqsctl.model.stack import Fact, Stack


def unread(stack: Stack, facts: Iterable[Fact], unknown: str, command: str) -> SqsctlError | None:
    """The error where one of the facts was not read: exit 7 if denied, 5 if it is gone, else 6.

    ``unknown`` is the sentence of what cannot be told, ``command`` the one whose policy helps.
    """
    gaps = [gap for fact in facts for gap in stack.gaps(fact)]
    if not gaps:
        return None
    denied = next((each for each in gaps if each.action), None)
    gap = denied or gaps[0]
    if denied is None and all(each.reason == "missing" for each in gaps):
        return SqsctlError(
            f"{unknown}: {gap.what} is missing",
            hint="`sqsctl doctor` looks for what else is; `sqsctl stack show` draws what is there",
            exit=Exit.NOT_FOUND,
            code="part_missing",
        )
    action = f" ({gap.action})" if gap.action else ""
    return SqsctlError(
        f"{unknown}: {gap.what} could not be read: {gap.reason}{action}",
        hint=f"`sqsctl iam {command}` prints the policy" if denied else "try again",
        exit=Exit.DENIED if denied else Exit.UNAVAILABLE,
        code="access_denied" if denied else "unread",
        action=gap.action,
    )
