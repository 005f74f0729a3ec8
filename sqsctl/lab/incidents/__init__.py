"""The ways in which the tutorial's stack broke, to be made to happen on the lab.

One file an incident. ``incidents`` lists them in the tutorial's order, ``get`` finds
one, ``active`` says which are broken now, ``heal_all`` mends them.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.errors import NotFoundError
from sqsctl.lab.incidents.access_denied import AccessDenied
from sqsctl.lab.incidents.account_concurrency import AccountConcurrency
from sqsctl.lab.incidents.api_permission import ApiPermissionRemoved
from sqsctl.lab.incidents.base import Incident, Journal
from sqsctl.lab.incidents.batch_silent_loss import BatchSilentLoss
from sqsctl.lab.incidents.dlq_missing import DlqMissing
from sqsctl.lab.incidents.dlq_retention import DlqRetention
from sqsctl.lab.incidents.env_var_missing import EnvVarMissing
from sqsctl.lab.incidents.event_shape import EventShape
from sqsctl.lab.incidents.fifo_group_blocked import FifoGroupBlocked
from sqsctl.lab.incidents.function_timeout import FunctionTimeout
from sqsctl.lab.incidents.handler_not_found import HandlerNotFound
from sqsctl.lab.incidents.import_module_missing import ImportModuleMissing
from sqsctl.lab.incidents.import_sdk_not_in_runtime import ImportSdkNotInRuntime
from sqsctl.lab.incidents.mapping_disabled import MappingDisabled
from sqsctl.lab.incidents.max_receive_count_low import MaxReceiveCountLow
from sqsctl.lab.incidents.out_of_memory import OutOfMemory
from sqsctl.lab.incidents.payload_not_json import PayloadNotJson
from sqsctl.lab.incidents.queue_not_found import QueueNotFound
from sqsctl.lab.incidents.reserved_concurrency import ReservedConcurrency
from sqsctl.lab.incidents.stale_version import StaleVersion
from sqsctl.lab.incidents.visibility_below_timeout import VisibilityBelowTimeout

__all__ = ["Incident", "active", "get", "heal_all", "incidents"]


@cache
def incidents() -> tuple[Incident, ...]:
    """Every incident, in the order in which the tutorial meets them."""
    return (
        ImportModuleMissing(),
        ImportSdkNotInRuntime(),
        HandlerNotFound(),
        EnvVarMissing(),
        QueueNotFound(),
        AccessDenied(),
        EventShape(),
        BatchSilentLoss(),
        StaleVersion(),
        ApiPermissionRemoved(),
        PayloadNotJson(),
        MappingDisabled(),
        FunctionTimeout(),
        OutOfMemory(),
        VisibilityBelowTimeout(),
        DlqMissing(),
        DlqRetention(),
        MaxReceiveCountLow(),
        ReservedConcurrency(),
        AccountConcurrency(),
        FifoGroupBlocked(),
    )


def get(name: str) -> Incident:
    """The incident of that name. Raises NotFoundError."""
    for each in incidents():
        if each.name == name:
            return each
    near = get_close_matches(name, [each.name for each in incidents()], 1)
    raise NotFoundError(
        f"there is no incident {name!r}",
        hint=f"did you mean {near[0]}?" if near else "`sqsctl lab incidents` lists them",
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
