"""The ways in which the tutorial's stack broke, to be made to happen on the lab.

One file an incident. ``incidents`` lists them in the tutorial's order, ``get`` finds
one, ``active`` says which are broken now, ``heal_all`` mends them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqsctl.aws.labs import LabState
from sqsctl.aws.session import Session
from sqsctl.errors import NotFoundError
from sqsctl.lab.incidents.base import Incident, Journal
from sqsctl.lab.incidents.dlq_missing import DlqMissing
from sqsctl.lab.incidents.event_shape import EventShape
from sqsctl.lab.incidents.function_timeout import FunctionTimeout
from sqsctl.lab.incidents.import_module_missing import ImportModuleMissing
from sqsctl.lab.incidents.mapping_disabled import MappingDisabled
from sqsctl.lab.incidents.visibility_below_timeout import VisibilityBelowTimeout

__all__ = ["Incident", "active", "get", "heal_all", "incidents"]


@cache
def incidents() -> tuple[Incident, ...]:
    """Every incident, in the order in which the tutorial meets them."""
    return (
        ImportModuleMissing(),
        EventShape(),
        FunctionTimeout(),
        VisibilityBelowTimeout(),
        MappingDisabled(),
        DlqMissing(),
    )


def get(name: str) -> Incident:
    """The incident of that name. Raises NotFoundError."""
    for each in incidents():
        if each.name == name:
            return each
    raise NotFoundError(
        f"there is no incident {name!r}",
        hint="sqsctl lab incidents lists them",
        code="incident_not_found",
    )


def active(state: LabState, stack: str | None = None) -> tuple[str, ...]:
    """The names of a lab's active incidents on one stack (its own by default), oldest first."""
    path = Path(state.folder) / "incidents.json"
    return Journal(path).active(stack or state.stack)


def heal_all(aws: Session) -> tuple[str, ...]:
    """Heal every active incident of the session's stack, the last one first; their names."""
    from sqsctl.lab.incidents.bench import Bench

    bench = Bench(aws)
    names = tuple(reversed(active(bench.state, bench.stack)))
    return tuple(name for name in names if get(name).heal(aws))
