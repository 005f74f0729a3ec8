"""The same question to every region of the partition, at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sqsctl.aws.parallel import concurrently
from sqsctl.aws.session import regions_beside
from sqsctl.errors import SqsctlError

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

T = TypeVar("T")

AT_ONCE = 16
# What AWS says to good credentials in a region that the account has not enabled.
_DISABLED = frozenset({"credentials_invalid", "OptInRequired", "AuthFailure"})


@dataclass(frozen=True, slots=True)
class InRegion(Generic[T]):
    """One region's answer; ``unread`` says why there is none."""

    region: str
    answer: T | None = None
    unread: str = ""


def everywhere(session: Session, ask: Callable[[Session], T]) -> tuple[InRegion[T], ...]:
    """Ask in each region. Raises SqsctlError where not even the session's own one answers."""
    own = session.target.region

    def one(region: str) -> InRegion[T]:
        here = session if region == own else session.in_region(region)
        try:
            return InRegion(region, ask(here))
        except SqsctlError as error:
            if region == own:
                raise
            disabled = error.code in _DISABLED
            return InRegion(region, unread="disabled" if disabled else error.message)

    return tuple(concurrently(one, list(regions_beside(own)), AT_ONCE))
