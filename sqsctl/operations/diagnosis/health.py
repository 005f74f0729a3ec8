"""The state of each hop of a stack, from what was read of it anyway: no call is made here.

Ways in, functions, queues, mappings and dead-letter queues. A hop's state is what its newest
figures say, since its function was last changed: what failed before that says nothing about
now. A finding about the hop makes it as bad as the finding is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Literal

from sqsctl.checks.support import figures
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.stack import (
    Api,
    Fact,
    Queue,
    Series,
    Stack,
)

HopKind = Literal["api", "function", "queue", "mapping", "dead-letter-queue"]
# Checks whose findings have a queue for their subject; the others' is a function or an API.
ABOUT_QUEUES = frozenset(
    {
        "backlog-growing",
        "consumers-compete",
        "dead-letters",
        "dlq-alarm-missing",
        "dlq-missing",
        "dlq-retention",
        "fifo-group-blocked",
        "mapping-missing",
        "max-receive-count-low",
        "noisy-groups",
        "poison-hidden",
        "queue-policy-deny",
        "redrive-not-allowed",
        "visibility-below-six-times",
        "visibility-below-timeout",
    }
)
_WORKING = frozenset({"Enabled", "Updating", "Enabling", "Creating"})


class State(IntEnum):
    """How a hop is. Ordered: higher is worse."""

    UNKNOWN = 0
    IDLE = 1
    OK = 2
    STRAINED = 3
    FAILING = 4
    BLOCKED = 5

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop. Figures are None where nothing was read of them.

    ``name`` is the function's, queue's or mapping's (UUID), the API's id. ``count`` are
    requests, runs, or the messages that wait; ``failed`` those with an error or a 5xx.
    ``note`` says why a hop is BLOCKED, in few words.
    """

    kind: HopKind
    name: str
    state: State = State.UNKNOWN
    count: int | None = None
    failed: int | None = None
    throttled: int | None = None
    average_ms: float | None = None
    longest_ms: float | None = None
    oldest_age_s: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recent:
    """What a function did in the last minute, where somebody counted it."""

    runs: int
    failed: int


def hops(
    stack: Stack,
    findings: Iterable[Finding] = (),
    recent: Mapping[str, Recent] | None = None,
) -> tuple[Hop, ...]:
    """Every hop of the stack: ways in, functions, queues, mappings, dead-letter queues.

    ``recent`` are figures by function name that count instead of CloudWatch's.
    """
    dead = stack.dead_letter_queues()
    found = [_api(stack, each) for each in stack.apis]
    found += [_function(stack, each, recent) for each in stack.functions]
    found += [_queue(stack, each, dead=each.arn in dead) for each in stack.queues]
    found += [_mapping(each) for each in stack.mappings]
    names = {each.name: each.id for each in stack.apis}  # findings call an API by its name
    known = [replace(each, subject=names.get(each.subject, each.subject)) for each in findings]
    both = {each.name for each in stack.queues} & {each.name for each in stack.functions}
    told = [(_about(each, both, stack), each) for each in known]
    worst = _worst(told)
    over = {about for about, each in told if each.past} - worst.keys()
    judged = [
        replace(each, state=max(each.state, worst.get(_key(each), each.state)))
        if _key(each) not in over
        else _mended(each)
        for each in found
    ]
    held = _held_up(stack, judged)
    return tuple(
        replace(each, state=max(each.state, held[each.name].state), note=held[each.name].note)
        if each.kind == "queue" and each.name in held
        else each
        for each in judged
    )


def _held_up(stack: Stack, judged: Iterable[Hop]) -> dict[str, Hop]:
    """Queues whose messages nobody processes: for each the hop behind it that is the least bad.

    What a failing consumer holds comes back to the queue; behind a blocked one it stays.
    """
    known = {(each.kind, each.name): each for each in judged}
    found = {}
    for queue in stack.queues:
        behind = [
            max(
                known["mapping", mapping.uuid],
                known.get(("function", mapping.function_name), known["mapping", mapping.uuid]),
                key=lambda hop: hop.state,
            )
            for mapping in stack.mappings
            if mapping.queue_arn == queue.arn
        ]
        best = min(behind, key=lambda hop: hop.state, default=None)
        if best is None or best.state < State.FAILING or not queue.visible + queue.in_flight:
            continue
        state = State.BLOCKED if best.state is State.BLOCKED else State.STRAINED
        found[queue.name] = replace(best, state=state)
    return found


def _key(hop: Hop) -> tuple[bool, str]:
    return hop.kind in {"queue", "dead-letter-queue"}, hop.name


def _about(finding: Finding, both: Collection[str], stack: Stack) -> tuple[bool, str]:
    """Whether it is about a queue, and its name: ``both`` are those that functions have, too."""
    name = finding.subject
    if name in both:
        return finding.id in ABOUT_QUEUES, name
    return any(each.name == name for each in stack.queues), name


def _mended(hop: Hop) -> Hop:
    """What failed last was mended, and nothing happened since."""
    failing = hop.state in {State.STRAINED, State.FAILING}
    return replace(hop, state=State.IDLE) if failing else hop


def _worst(told: Iterable[tuple[tuple[bool, str], Finding]]) -> dict[tuple[bool, str], State]:
    """What the findings say of each subject; what is over, or only advice, says nothing."""
    states = {Severity.ERROR: State.FAILING, Severity.WARNING: State.STRAINED}
    worst: dict[tuple[bool, str], State] = {}
    for about, each in told:
        state = states.get(each.severity)
        if state is not None and each.kind is Kind.RISK:
            state = State.STRAINED  # it runs; the risk bites later
        if each.subject and state is not None and not each.past:
            worst[about] = max(state, worst.get(about, state))
    return worst


# -- ways in ------------------------------------------------------------------------------


def _api(stack: Stack, api: Api) -> Hop:
    hop = Hop("api", api.id)
    if not _read(stack, Fact.METRICS):
        return hop
    resource = figures.api_resource(api)
    requests = figures.series(stack, resource, "Count")
    failed = figures.series(stack, resource, *figures.FIVE_HUNDREDS)
    latency = figures.series(stack, resource, "Latency", statistic="Average")
    slowest = figures.series(stack, resource, "IntegrationLatency")
    behind = {route.function_name for route in api.routes}
    changes = [each.last_modified for each in stack.functions if each.name in behind]
    changed = max((each for each in changes if each), default=None)
    state = _newest_state(requests, failed, since=changed)
    return replace(
        hop,
        state=state,
        count=_count(requests),
        failed=_count(failed),
        average_ms=_mean(latency, requests),
        longest_ms=figures.peak(slowest) if slowest else None,
    )


# -- functions ----------------------------------------------------------------------------


def _function(stack: Stack, function: Function, recent: Mapping[str, Recent] | None) -> Hop:
    hop = _measured(stack, function, recent)
    if why := _held(stack, function):
        return replace(hop, state=State.BLOCKED, note=why)
    return hop


def _held(stack: Stack, function: Function) -> str:
    """Why nothing can run it; empty where nothing hinders."""
    if function.state in {"Inactive", "Failed"}:
        return f"state {function.state}"
    if function.last_update_status == "Failed":
        return "last update failed"
    limits = {each.function: each.limit for each in stack.concurrency}
    return "reserved concurrency 0" if limits.get(function.name) == 0 else ""


def _measured(stack: Stack, function: Function, recent: Mapping[str, Recent] | None) -> Hop:
    hop = Hop("function", function.name)
    if recent is not None:
        now = recent.get(function.name, Recent(0, 0))
        state = State.IDLE if not now.runs + now.failed else State.OK
        return replace(
            hop,
            state=State.FAILING if now.failed else state,
            count=now.runs,
            failed=now.failed,
        )
    logged = _logged(stack, function)
    if not _read(stack, Fact.METRICS):
        return logged or hop
    if not figures.series(stack, function.name, "Invocations"):
        return logged or replace(hop, state=State.IDLE, count=0)
    runs = figures.series(stack, function.name, "Invocations")
    errors = figures.series(stack, function.name, "Errors")
    throttles = figures.series(stack, function.name, "Throttles")
    longest = figures.series(stack, function.name, "Duration", statistic="Maximum")
    state = _newest_state(runs, errors, since=function.last_modified)
    if throttles and _throttled_last(runs, throttles):
        state = max(state, State.STRAINED)
    # CloudWatch is late by minutes; the log's newest run is the newer news.
    newest = logged.state if logged and logged.state >= State.OK else state
    return replace(
        hop,
        state=max(newest, State.STRAINED) if state is State.STRAINED else newest,
        count=_count(runs),
        failed=_count(errors),
        throttled=_count(throttles),
        average_ms=_mean(
            figures.series(stack, function.name, "Duration", statistic="Average"), runs
        ),
        longest_ms=figures.peak(longest) if longest else None,
    )


def _logged(stack: Stack, function: Function) -> Hop | None:
    """The same from the function's log; None where it was not read."""
    for logs in stack.logs:
        if logs.function != function.name:
            continue
        since = function.last_modified
        ended = [
            each for each in logs.attempts if each.failure is not None or each.ended_at is not None
        ]
        moments = [
            (each.ended_at or each.started_at, each.failure is not None)
            for each in ended
            if each.ended_at or each.started_at
        ]
        fresh = [(at, bad) for at, bad in moments if at and (since is None or at > since)]
        newest = max(fresh, default=None)
        state = State.IDLE if newest is None else State.FAILING if newest[1] else State.OK
        spent = [each.duration_ms for each in ended if each.duration_ms is not None]
        return Hop(
            "function",
            function.name,
            state,
            count=len(ended),
            failed=sum(each.failure is not None for each in ended),
            average_ms=sum(spent) / len(spent) if spent else None,
            longest_ms=max(spent, default=None),
        )
    return None


# -- queues and mappings --------------------------------------------------------------------


def _queue(stack: Stack, queue: Queue, *, dead: bool) -> Hop:
    age = figures.series(stack, queue.name, "ApproximateAgeOfOldestMessage")
    if dead:
        state = State.STRAINED if queue.visible else State.OK
        return Hop("dead-letter-queue", queue.name, state, count=queue.visible)
    return Hop(
        "queue",
        queue.name,
        State.OK,
        count=queue.visible,
        oldest_age_s=figures.newest(age) if queue.visible else None,
    )


def _mapping(mapping: EventSourceMapping) -> Hop:
    if mapping.state in _WORKING:
        return Hop("mapping", mapping.uuid, State.OK)
    return Hop("mapping", mapping.uuid, State.BLOCKED, note=mapping.state)


# -- figures ----------------------------------------------------------------------------------


def _read(stack: Stack, fact: Fact) -> bool:
    return not stack.gaps(fact) or bool(getattr(stack, fact.value).items)


def _count(series: Series | None) -> int:
    return round(figures.total(series))


def _mean(averages: Series | None, counts: Series | None) -> float | None:
    """The average over the whole time: each point's, weighted by how many it stands for."""
    if averages is None:
        return None
    weights = dict(counts.points) if counts else {}
    weighed = [(value, weights.get(at, 1.0)) for at, value in averages.points]
    whole = sum(weight for _, weight in weighed)
    return sum(value * weight for value, weight in weighed) / whole if whole else None


def _newest_state(
    counts: Series | None, failed: Series | None, *, since: datetime | None = None
) -> State:
    """How it went in the newest period in which anything happened."""
    bad = dict(failed.points) if failed else {}
    happened = {at: value for at, value in (counts.points if counts else ()) if value > 0}
    for at, value in bad.items():
        if value > 0:
            happened.setdefault(at, value)
    moments = [at for at in happened if since is None or at > since]
    if not moments:
        return State.IDLE
    last = max(moments)
    if not bad.get(last):
        return State.OK
    return State.FAILING if bad[last] >= happened[last] else State.STRAINED


def _throttled_last(runs: Series | None, throttles: Series) -> bool:
    """Whether the newest period with any call had throttled ones."""
    held = [at for at, value in throttles.points if value > 0]
    ran = [at for at, value in (runs.points if runs else ()) if value > 0]
    return bool(held) and max(held) >= max(ran, default=max(held))
