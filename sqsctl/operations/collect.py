"""The calls behind ``observe``, and what follows from the answer to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.functions import FunctionClient, split_arn
from sqsctl.aws.logs import CALLS_PER_SECOND, Limiter, LogClient
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.metrics import MetricQuery, MetricReader
from sqsctl.aws.packages import PackageReader
from sqsctl.aws.permissions import PermissionReader
from sqsctl.aws.queues import QueueClient
from sqsctl.model.deployed import StackRef
from sqsctl.model.queues import QueueRef
from sqsctl.model.stack import (
    Api,
    Concurrency,
    DeadLetters,
    EventSourceMapping,
    Fact,
    Function,
    FunctionLogs,
    Group,
    Package,
    PackageMember,
    Permission,
    PublishedVersion,
    Queue,
    ResourcePolicy,
    Series,
    Unread,
)
from sqsctl.operations.log_window import Window, read_window
from sqsctl.operations.metrics import api_queries, function_queries, period, queue_queries
from sqsctl.operations.simulations import Simulation, simulations
from sqsctl.operations.work import Work

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

MAX_FUNCTIONS = 200
MAX_LOG_GROUPS = 40
KEPT_EVENTS = 2_000

T = TypeVar("T")

_CORE = "core"
_API = "api"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: the facts, the time, and whose logs (None: everybody's)."""

    facts: frozenset[Fact]
    since: datetime
    until: datetime
    functions: frozenset[str] | None = None

    def logs_of(self, function: str) -> bool:
        return self.functions is None or function in self.functions


class Collector:
    """Starts the calls and keeps what came of them. Used once."""

    def __init__(
        self,
        session: Session,
        ref: StackRef,
        wanted: Wanted,
        *,
        timeout_s: float,
        progress: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        self._session = session
        self._ref = ref
        self._wanted = wanted
        self._progress = progress
        self._work = Work(timeout_s)
        self._queue_client = QueueClient(session)
        self._function_client = FunctionClient(session)
        self._mapping_client = MappingClient(session)
        self._log_client = LogClient(session, Limiter())
        self._gaps: dict[Fact, dict[tuple[str, str], Unread]] = {fact: {} for fact in Fact}
        self._queues: dict[str, Queue] = {}
        self._functions: dict[str, Function] = {}
        self._mappings: dict[str, EventSourceMapping] = {}
        self._apis: list[Api] = []
        self._logs: dict[str, FunctionLogs] = {}
        self._concurrency: list[Concurrency] = []
        self._policies: list[ResourcePolicy] = []
        self._permissions: list[Permission] = []
        self._packages: dict[str, Package] = {}
        self._series: list[Series] = []
        self._versions: dict[str, list[PublishedVersion]] = {}
        self._asked: set[tuple[str, str]] = set()
        self._logical = {each.name: each.logical_id for each in ref.functions}
        self._mapping_logical = dict(ref.mapping_ids)
        self._simulated = False
        # Too many functions to read every log: those that matter come first.
        self._waiting_logs: dict[str, str] | None = (
            {} if len(ref.functions) > MAX_LOG_GROUPS else None
        )
        self._apis_measured = False

    # -- running ------------------------------------------------------------------------

    def run(self) -> None:
        """Read everything wanted. Raises only where nothing can be read at all."""
        facts = self._wanted.facts
        if Fact.QUEUES in facts:
            for part in self._ref.queues:
                self._queue(part.ref)
        if Fact.MAPPINGS in facts:
            for part in self._ref.queues:
                self._mappings_of_queue(part.arn, part.name)
            for each in self._ref.functions[:MAX_FUNCTIONS]:
                self._mappings_of_function(each.name)
        for each in self._ref.functions:
            self._function(each.name)
        if Fact.APIS in facts or Fact.METRICS in facts or Fact.POLICIES in facts:
            for api in self._ref.apis:
                self._api(api.kind, api.id, api.logical_id)
        if Fact.CONCURRENCY in facts:
            self._work.start(
                "account settings",
                self._function_client.account,
                self._concurrency.append,
                self._gap(Fact.CONCURRENCY),
                action="lambda:GetAccountSettings",
            )
        if Fact.METRICS in facts or Fact.DEAD_LETTERS in facts:
            self._measure(
                [
                    *queue_queries(each.name for each in self._ref.queues),
                    *function_queries(each.name for each in self._ref.functions),
                ]
            )
        self._work.run(self._after_each)

    def group(self, fact: Fact) -> Group[Any]:
        """What was read of one fact, and what was not."""
        items: dict[Fact, Callable[[], Sequence[Any]]] = {
            Fact.QUEUES: lambda: self._in_order(self._queues, [q.arn for q in self._ref.queues]),
            Fact.FUNCTIONS: lambda: [
                replace(each, qualified=tuple(self._versions.get(each.name, ())))
                for each in self._in_order(self._functions, list(self._logical))
            ],
            Fact.MAPPINGS: lambda: list(self._mappings.values()),
            Fact.APIS: lambda: self._apis,
            Fact.LOGS: lambda: self._in_order(self._logs, list(self._logical)),
            Fact.CONCURRENCY: lambda: self._concurrency,
            Fact.POLICIES: lambda: self._policies,
            Fact.PERMISSIONS: lambda: self._permissions,
            Fact.PACKAGES: lambda: self._in_order(self._packages, list(self._logical)),
            Fact.METRICS: lambda: self._series,
            Fact.DEAD_LETTERS: self._dead_letters,
        }
        found = tuple(items[fact]()) if fact in items else ()
        return Group(found, tuple(self._gaps[fact].values()))

    @staticmethod
    def _in_order(found: Mapping[str, T], names: Sequence[str]) -> list[T]:
        """In the order of the stack's parts, then by name: not as answers happened to come."""
        places = {name: place for place, name in enumerate(names)}
        return [found[key] for key in sorted(found, key=lambda k: (places.get(k, len(places)), k))]

    def _after_each(self) -> None:
        if self._progress:
            self._progress(self._work.waiting_for)
        facts = self._wanted.facts
        if not self._work.pending(_CORE) and not self._simulated and Fact.PERMISSIONS in facts:
            self._simulated = True
            for simulation in simulations(
                self._functions.values(), self._queues.values(), self._mappings.values()
            ):
                self._simulate(simulation)
        if self._waiting_logs and not self._work.pending(_CORE, _API):
            self._start_waiting_logs()
        if not self._work.pending(_API) and not self._apis_measured and Fact.METRICS in facts:
            self._apis_measured = True
            self._measure(api_queries(self._apis))

    def _gap(self, *facts: Fact) -> Callable[[Unread], None]:
        def note(gap: Unread) -> None:
            for fact in facts:
                self._gaps[fact][gap.what, gap.reason] = gap

        return note

    def _first_time(self, kind: str, name: str) -> bool:
        if (kind, name) in self._asked:
            return False
        self._asked.add((kind, name))
        return True

    # -- queues -------------------------------------------------------------------------

    def _queue(self, ref: QueueRef) -> None:
        if not self._first_time("queue", ref.arn or ref.url):
            return
        self._work.start(
            f"queue {ref.name}",
            lambda: self._queue_client.describe(ref),
            self._have_queue,
            self._gap(Fact.QUEUES, Fact.DEAD_LETTERS),
            kind=_CORE,
            action="sqs:GetQueueAttributes",
        )

    def _queue_by_arn(self, arn: str) -> None:
        """A queue that the stack refers to and does not hold."""
        if not self._first_time("queue", arn):
            return
        name = arn.rpartition(":")[2]
        self._work.start(
            f"queue {name}",
            lambda: self._queue_client.describe(self._queue_client.resolve(arn)),
            self._have_queue,
            self._gap(Fact.QUEUES, Fact.DEAD_LETTERS),
            kind=_CORE,
            action="sqs:GetQueueAttributes",
        )

    def _have_queue(self, queue: Queue) -> None:
        part = next((each for each in self._ref.queues if each.url == queue.url), None)
        arn = queue.arn or (part.arn if part else "")
        if arn in self._queues:
            return
        self._queues[arn] = replace(
            queue, arn=arn, logical_id=part.logical_id if part else queue.logical_id
        )
        if queue.dead_letter_target_arn:
            self._queue_by_arn(queue.dead_letter_target_arn)

    # -- mappings -----------------------------------------------------------------------

    def _mappings_of_queue(self, arn: str, name: str) -> None:
        self._list_mappings(f"consumers of {name}", lambda: self._mapping_client.of_queue(arn))

    def _mappings_of_function(self, name: str) -> None:
        self._list_mappings(f"sources of {name}", lambda: self._mapping_client.of_function(name))

    def _list_mappings(self, what: str, call: Callable[[], tuple[EventSourceMapping, ...]]) -> None:
        self._work.start(
            what,
            call,
            self._have_mappings,
            self._gap(Fact.MAPPINGS),
            kind=_CORE,
            action="lambda:ListEventSourceMappings",
            missing=lambda: None,  # a function that is gone is missing as a function
        )

    def _have_mappings(self, found: tuple[EventSourceMapping, ...]) -> None:
        for mapping in found:
            if mapping.uuid in self._mappings:
                continue
            self._mappings[mapping.uuid] = replace(
                mapping, logical_id=self._mapping_logical.get(mapping.uuid)
            )
            if Fact.QUEUES in self._wanted.facts:
                self._queue_by_arn(mapping.queue_arn)
            self._function(mapping.function_name)
            if mapping.qualifier:
                self._published(mapping.function_name, mapping.qualifier)

    # -- functions ----------------------------------------------------------------------

    def _function(self, name: str) -> None:
        facts = self._wanted.facts
        if not facts & {Fact.FUNCTIONS, Fact.CONCURRENCY, Fact.POLICIES}:
            return
        if not self._first_time("function", name):
            return
        if sum(kind == "function" for kind, _ in self._asked) > MAX_FUNCTIONS:
            self._gap(Fact.FUNCTIONS)(Unread("further functions", "more than are read at once"))
            return
        if Fact.FUNCTIONS in facts:
            self._work.start(
                f"function {name}",
                lambda: self._function_client.get(name),
                self._have_function,
                lambda gap: self._no_function(name, gap),
                kind=_CORE,
                action="lambda:GetFunctionConfiguration",
            )
        if Fact.CONCURRENCY in facts:
            self._work.start(
                f"concurrency of {name}",
                lambda: self._function_client.reserved(name),
                self._concurrency.append,
                self._gap(Fact.CONCURRENCY),
                action="lambda:GetFunctionConcurrency",
                missing=lambda: None,
            )
        if Fact.POLICIES in facts:
            self._policy(name, None)

    def _policy(self, name: str, qualifier: str | None) -> None:
        if not self._first_time("policy", f"{name}:{qualifier or ''}"):
            return
        self._work.start(
            f"policy of {name}",
            lambda: self._function_client.policy(name, qualifier),
            self._policies.append,
            self._gap(Fact.POLICIES),
            action="lambda:GetPolicy",
        )

    def _have_function(self, function: Function) -> None:
        self._functions[function.name] = replace(
            function, logical_id=self._logical.get(function.name)
        )
        self._logs_of(function.name, function.log_group)
        if Fact.PACKAGES in self._wanted.facts and self._wanted.logs_of(function.name):
            self._package(function)

    def _no_function(self, name: str, gap: Unread) -> None:
        self._gap(Fact.FUNCTIONS)(gap)
        if Fact.PACKAGES in self._wanted.facts:
            self._gap(Fact.PACKAGES)(Unread(f"package of {name}", gap.reason, gap.action))
        # Its log group is most likely where Lambda puts it by itself.
        self._logs_of(name, f"/aws/lambda/{name}")

    def _published(self, name: str, qualifier: str) -> None:
        if Fact.FUNCTIONS not in self._wanted.facts or qualifier == "$LATEST":
            return
        if not self._first_time("published", f"{name}:{qualifier}"):
            return

        def have(version: PublishedVersion) -> None:
            versions.append(version)

        versions = self._versions.setdefault(name, [])
        self._work.start(
            f"{name}:{qualifier}",
            lambda: self._function_client.published(name, qualifier),
            have,
            self._gap(Fact.FUNCTIONS),
            action="lambda:GetFunctionConfiguration",
        )

    # -- logs, packages -------------------------------------------------------------------

    def _logs_of(self, name: str, group: str) -> None:
        if Fact.LOGS not in self._wanted.facts or not self._wanted.logs_of(name):
            return
        if not self._first_time("logs", name):
            return
        if self._waiting_logs is None:
            self._read_logs(name, group)
        else:
            self._waiting_logs[name] = group

    def _start_waiting_logs(self) -> None:
        """Consumers first, then what APIs call, then functions that know a queue."""
        waiting, self._waiting_logs = self._waiting_logs or {}, None
        consumers = {each.function_name for each in self._mappings.values()}
        called = {route.function_name for api in self._apis for route in api.routes}

        def rank(name: str) -> tuple[int, str]:
            function = self._functions.get(name)
            knows = function is not None and any(function.environment.values())
            weight = 0 if name in consumers else 1 if name in called else 2 if knows else 3
            return weight, name

        ranked = sorted(waiting, key=rank)
        for name in ranked[:MAX_LOG_GROUPS]:
            self._read_logs(name, waiting[name])
        left = len(ranked) - MAX_LOG_GROUPS
        if left > 0:
            self._gap(Fact.LOGS)(
                Unread(f"logs of {left} more functions", "more than are read; name one")
            )

    def _read_logs(self, name: str, group: str) -> None:
        wanted = self._wanted

        def have(window: Window) -> None:
            self._logs[name] = understood(name, group, wanted.since, window)

        def missing() -> None:
            self._logs[name] = FunctionLogs(name, group, since=wanted.since, exists=False)

        self._work.start(
            f"log group {group}",
            lambda: read_window(
                self._log_client,
                group,
                since=wanted.since,
                until=wanted.until + timedelta(seconds=60),
                function=name,
            ),
            have,
            self._gap(Fact.LOGS),
            action="logs:FilterLogEvents",
            missing=missing,
            # Many groups wait for each other under the quota.
            extra_s=len(self._ref.functions) / CALLS_PER_SECOND * 2,
        )

    def _package(self, function: Function) -> None:
        reader = PackageReader(self._session)

        def have(package: Package) -> None:
            self._packages[function.name] = replace(
                package, layer_members=tuple(layers), truncated=package.truncated or bool(lost)
            )

        layers: list[PackageMember] = []
        lost: list[str] = []

        def have_layer(members: tuple[PackageMember, ...]) -> None:
            layers.extend(members)
            self._update_package(function.name, tuple(layers), truncated=False)

        def no_layer(gap: Unread) -> None:
            lost.append(gap.what)
            self._gap(Fact.PACKAGES)(gap)
            self._update_package(function.name, tuple(layers), truncated=True)

        self._work.start(
            f"package of {function.name}",
            lambda: reader.read(function),
            have,
            self._gap(Fact.PACKAGES),
            action="lambda:GetFunction",
        )
        for arn in function.layers:
            self._work.start(
                f"layer {arn.rpartition('layer:')[2]} of {function.name}",
                partial(reader.layer, arn),
                have_layer,
                no_layer,
                action="lambda:GetLayerVersion",
            )

    def _update_package(
        self, function: str, layers: tuple[PackageMember, ...], *, truncated: bool
    ) -> None:
        package = self._packages.get(function)
        if package is not None:
            self._packages[function] = replace(
                package, layer_members=layers, truncated=package.truncated or truncated
            )

    # -- APIs, permissions, metrics -----------------------------------------------------

    def _api(self, kind: str, identifier: str, logical_id: str | None) -> None:
        def have(api: Api) -> None:
            self._apis.append(api)
            for route in api.routes:
                if not route.function_arn:
                    continue
                name, qualifier = split_arn(route.function_arn)
                self._function(name)
                if qualifier:
                    self._published(name, qualifier)
                    if Fact.POLICIES in self._wanted.facts:
                        self._policy(name, qualifier)

        self._work.start(
            f"API {identifier}",
            lambda: ApiReader(self._session).read(kind, identifier, logical_id),
            have,
            self._gap(Fact.APIS),
            kind=_API,
            action="lambda:GetFunctionUrlConfig" if kind == "url" else "apigateway:GET",
        )

    def _simulate(self, simulation: Simulation) -> None:
        reader = PermissionReader(self._session)

        def have(found: tuple[Permission, ...]) -> None:
            decisions = {each.action.lower(): each for each in found}
            self._permissions += [
                replace(decision, function=function)
                for function, action in simulation.wanted
                if (decision := decisions.get(action.lower())) is not None
            ]

        self._work.start(
            f"permissions of {simulation.role_arn.rpartition('/')[2]} on {simulation.resource}",
            lambda: reader.simulate(simulation.role_arn, simulation.actions, simulation.resource),
            have,
            self._gap(Fact.PERMISSIONS),
            action="iam:SimulatePrincipalPolicy",
        )

    def _measure(self, queries: Sequence[MetricQuery]) -> None:
        if not queries:
            return
        start, end = self._wanted.since, self._wanted.until + timedelta(seconds=60)
        self._work.start(
            "metrics",
            lambda: MetricReader(self._session).read(
                queries, start=start, end=end, period_s=period(start, end)
            ),
            self._series.extend,
            self._gap(Fact.METRICS),
            action="cloudwatch:GetMetricData",
        )

    def _dead_letters(self) -> Sequence[DeadLetters]:
        targets = {each.dead_letter_target_arn for each in self._queues.values()}
        targets |= {each.arn for each in self._ref.queues if each.dead_letter_for}
        found: list[DeadLetters] = []
        for arn, queue in self._queues.items():
            if arn not in targets:
                continue
            age = self._age(queue) if queue.visible else None
            found.append(
                DeadLetters(
                    queue_name=queue.name,
                    queue_arn=arn,
                    count=queue.visible,
                    in_flight=queue.in_flight,
                    oldest_age_s=age,
                    first_arrived_at=None
                    if age is None
                    else self._wanted.until - timedelta(seconds=age),
                )
            )
        return found

    def _age(self, queue: Queue) -> float | None:
        """The newest point of the age of the oldest message, counted from the move."""
        for series in self._series:
            if series.resource == queue.name and series.metric == "ApproximateAgeOfOldestMessage":
                return series.points[-1][1] if series.points else None
        return None


def understood(function: str, group: str, since: datetime, window: Window) -> FunctionLogs:
    """A function's log events, read: attempts, failures, and the newest of the text."""
    from sqsctl.checks.reading import read

    reading = read(window.events)
    return FunctionLogs(
        function=function,
        group=group,
        since=since,
        truncated=window.truncated,
        attempts=reading.attempts,
        failures=reading.failures,
        events=window.events[-KEPT_EVENTS:],
    )
