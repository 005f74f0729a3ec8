"""Everything ``observe`` reads, brought together; the order in which calls lead to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.cloudwatch.metrics import MetricQuery, MetricReader
from sqsctl.aws.functions import split_arn
from sqsctl.aws.permissions import PermissionReader
from sqsctl.model.deployed import StackRef
from sqsctl.model.failed_delivery import DeadLetterFeed
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Api,
    DeadLetters,
    Fact,
    Group,
    MadeBy,
    Permission,
    Queue,
    Series,
    Unread,
)
from sqsctl.operations.diagnosis.reading.alarms import AlarmsReader
from sqsctl.operations.diagnosis.reading.core import CoreReader
from sqsctl.operations.diagnosis.reading.feeds import FeedsReader
from sqsctl.operations.diagnosis.reading.observation import (
    API,
    CORE,
    FIGURES,
    LOGS,
    MAPPINGS,
    SharedReads,
    Wanted,
)
from sqsctl.operations.diagnosis.reading.surroundings import SurroundingsReader
from sqsctl.operations.diagnosis.reading.texts import LogReader, PackagesReader
from sqsctl.operations.diagnosis.reading.transforms import TransformsReader
from sqsctl.operations.diagnosis.simulations import Simulation, simulations
from sqsctl.operations.live.metrics import (
    api_queries,
    fair_queue_queries,
    function_queries,
    mapping_queries,
    period,
    queue_queries,
)

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

T = TypeVar("T")


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
        self._shared = SharedReads(session, ref, wanted, timeout_s)
        self._session = session
        self._ref = ref
        self._wanted = wanted
        self._progress = progress
        self._surroundings = SurroundingsReader(self._shared)
        self._core = CoreReader(
            self._shared, self._have_function, self._lost_function, self._surroundings.of_queue
        )
        self._logs = LogReader(self._shared)
        self._packages = PackagesReader(self._shared)
        self._alarms = AlarmsReader(self._shared)
        self._transforms = TransformsReader(self._shared)
        self._feeds = FeedsReader(self._shared)
        self._apis: dict[str, Api] = {}
        self._permissions: list[Permission] = []
        self._series: list[Series] = []
        self._simulated = False
        self._apis_measured = False
        self._mappings_measured = False
        self._retention_asked = False

    def run(self) -> None:
        """Read everything wanted. Raises only where nothing can be read at all."""
        facts = self._wanted.facts
        self._core.start()
        self._alarms.start()
        self._transforms.start()
        self._feeds.start()
        if facts & {Fact.APIS, Fact.METRICS, Fact.POLICIES}:
            for api in self._ref.apis:
                self._api(api.kind, api.id, api.logical_id)
        if facts & {Fact.METRICS, Fact.DEAD_LETTERS}:
            self._measure(
                [
                    *queue_queries(each.name for each in self._ref.queues),
                    *fair_queue_queries(
                        each.name for each in self._ref.queues if not each.dead_letter_queue
                    ),
                    *function_queries(each.name for each in self._ref.functions),
                ]
            )
        self._shared.work.run(self._after_each)

    @property
    def made_by(self) -> MadeBy:
        """The tool that deploys the stack, by its resources and its template."""
        return self._transforms.made_by

    def gaps(self, fact: Fact) -> tuple[Unread, ...]:
        """What could not be read of one fact."""
        return self._shared.gaps(fact)

    def group(self, fact: Fact) -> Group[Any]:
        """What was read of one fact, and what was not."""
        core, functions = self._core, [each.name for each in self._ref.functions]
        items: Mapping[Fact, Callable[[], Sequence[Any]]] = {
            Fact.QUEUES: self._queues,
            Fact.FUNCTIONS: lambda: [
                replace(each, qualified=tuple(core.versions.get(each.name, ())))
                for each in in_order(core.functions, functions)
            ],
            Fact.MAPPINGS: lambda: in_order(
                core.mappings, [uuid for uuid, _ in self._ref.mapping_ids]
            ),
            Fact.APIS: lambda: in_order(self._apis, [each.id for each in self._ref.apis]),
            Fact.LOGS: lambda: in_order(self._logs.logs, functions),
            Fact.CONCURRENCY: lambda: sorted(
                core.concurrency, key=lambda each: each.function or ""
            ),
            Fact.RECURSION: lambda: sorted(core.recursion, key=lambda each: each.function),
            Fact.POLICIES: lambda: sorted(
                core.policies, key=lambda each: (each.function, each.qualifier or "")
            ),
            Fact.PERMISSIONS: lambda: self._permissions,
            Fact.PACKAGES: lambda: in_order(
                {each.function: each for each in self._packages.complete()}, functions
            ),
            Fact.METRICS: lambda: self._series,
            Fact.NETWORKS: self._surroundings.networks,
            Fact.KEYS: self._surroundings.keys,
            Fact.NAMED_QUEUES: self._surroundings.named_queues,
            Fact.ALARMS: self._alarms.found,
            Fact.DEAD_LETTERS: self._dead_letters,
            Fact.DEAD_LETTER_FEEDS: self._fed,
        }
        found = tuple(items[fact]()) if fact in items else ()
        return Group(found, self._shared.gaps(fact))

    def _queues(self) -> Sequence[Queue]:
        """All of them; one that something else sends its failures to holds dead letters, too."""
        fed = {each.queue_arn for each in self._fed()}
        return [
            replace(each, holds_dead_letters=each.holds_dead_letters or each.arn in fed)
            for each in in_order(self._core.queues, [each.arn for each in self._ref.queues])
        ]

    def _fed(self) -> Sequence[DeadLetterFeed]:
        return self._feeds.found(self._core.functions.values(), self._core.streams.values())

    # -- what leads to what ---------------------------------------------------------------

    def _after_each(self) -> None:
        work, facts = self._shared.work, self._wanted.facts
        if not work.pending(MAPPINGS):
            self._core.declared_and_not_listed()
        if self._progress:
            self._progress(work.waiting_for)
        if not work.pending(CORE, MAPPINGS) and not self._simulated and Fact.PERMISSIONS in facts:
            self._simulated = True
            for simulation in simulations(
                self._core.functions.values(),
                self._core.queues.values(),
                self._core.mappings.values(),
                self._surroundings.keys(),
            ):
                self._simulate(simulation)
        if self._logs.waiting and not work.pending(CORE, MAPPINGS, API):
            self._logs.start_waiting(self._importance())
        if not self._retention_asked and not work.pending(CORE, MAPPINGS, API, LOGS, FIGURES):
            self._retention_asked = True
            self._logs.ask_retention(self._failed())
        if not work.pending(MAPPINGS) and not self._mappings_measured and Fact.METRICS in facts:
            self._mappings_measured = True
            self._measure(mapping_queries(self._core.mappings.values()))
        if not work.pending(API) and not self._apis_measured and Fact.METRICS in facts:
            self._apis_measured = True
            self._measure(api_queries(self._apis.values()))

    def _failed(self) -> list[str]:
        """Functions with an error by the figures."""
        return [
            each.resource
            for each in self._series
            if each.metric == "Errors" and any(value > 0 for _, value in each.points)
        ]

    def _have_function(self, function: Function) -> None:
        self._logs.read(function.name, function.log_group)
        self._packages.read(function)
        self._surroundings.of_function(function)

    def _lost_function(self, name: str, gap: Unread) -> None:
        self._packages.lost(name, gap)
        # Its log group is most likely where Lambda puts it by itself.
        self._logs.read(name, f"/aws/lambda/{name}")

    def _importance(self) -> Callable[[str], tuple[int, str]]:
        """Consumers first, then what APIs call, then functions that know a queue."""
        consumers = {each.function_name for each in self._core.mappings.values()}
        called = {route.function_name for api in self._apis.values() for route in api.routes}

        def rank(name: str) -> tuple[int, str]:
            function = self._core.functions.get(name)
            knows = function is not None and any(function.environment.values())
            return (0 if name in consumers else 1 if name in called else 2 if knows else 3), name

        return rank

    # -- APIs, permissions, metrics -------------------------------------------------------

    def _api(self, kind: str, identifier: str, logical_id: str | None) -> None:
        def have(read: Api) -> None:
            api = self._apis[identifier] = self._of_interest(read)
            for route in api.routes:
                if not route.function_arn:
                    continue
                name, qualifier = split_arn(route.function_arn)
                self._core.function(name)
                if qualifier:
                    self._core.published(name, qualifier)
                    self._core.policy(name, qualifier)

        self._shared.work.start(
            f"API {identifier}",
            lambda: ApiReader(self._session).read(kind, identifier, logical_id),
            have,
            self._shared.gap(Fact.APIS),
            kind=API,
            action="lambda:GetFunctionUrlConfig" if kind == "url" else "apigateway:GET",
        )

    def _of_interest(self, api: Api) -> Api:
        """Without a stack, an API may be everybody's: only the routes to known parts count."""
        ref = self._ref
        if ref.stack_name is not None:
            return api
        known = {each.name for each in ref.functions} | {each.name for each in ref.queues}
        routes = (each for each in api.routes if known & {each.function_name, each.queue_name})
        return replace(api, routes=tuple(routes))

    def _simulate(self, simulation: Simulation) -> None:
        reader = PermissionReader(self._session)

        def have(found: tuple[Permission, ...]) -> None:
            decisions = {each.action.lower(): each for each in found}
            self._permissions += [
                replace(decision, function=function)
                for function, action in simulation.wanted
                if (decision := decisions.get(action.lower())) is not None
            ]

        self._shared.work.start(
            f"permissions of {simulation.role_arn.rpartition('/')[2]} on {simulation.resource}",
            lambda: reader.simulate(simulation.role_arn, simulation.actions, simulation.resource),
            have,
            self._shared.gap(Fact.PERMISSIONS),
            action="iam:SimulatePrincipalPolicy",
        )

    def _measure(self, queries: Sequence[MetricQuery]) -> None:
        if not queries:
            return
        start, end = self._wanted.since, self._wanted.until + timedelta(seconds=60)
        self._shared.work.start(
            "metrics",
            lambda: MetricReader(self._session).read(
                queries, start=start, end=end, period_s=period(start, end)
            ),
            self._series.extend,
            self._shared.gap(Fact.METRICS),
            kind=FIGURES,
            action="cloudwatch:GetMetricData",
        )

    def _dead_letters(self) -> Sequence[DeadLetters]:
        targets = {each.dead_letter_target_arn for each in self._core.queues.values()}
        targets |= {each.arn for each in self._queues() if each.holds_dead_letters}
        return [
            self._letters(queue)
            for arn, queue in sorted(self._core.queues.items())
            if arn in targets
        ]

    def _letters(self, queue: Queue) -> DeadLetters:
        age = self._age(queue) if queue.visible else None
        arrived = None if age is None else self._wanted.until - timedelta(seconds=age)
        return DeadLetters(
            queue_name=queue.name,
            queue_arn=queue.arn,
            count=queue.visible,
            in_flight=queue.in_flight,
            oldest_age_s=age,
            first_arrived_at=arrived,
        )

    def _age(self, queue: Queue) -> float | None:
        """The newest point of the age of the oldest message, counted from the move."""
        for series in self._series:
            if series.resource == queue.name and series.metric == "ApproximateAgeOfOldestMessage":
                return series.points[-1][1] if series.points else None
        return None


def in_order(found: Mapping[str, T], names: Sequence[str]) -> list[T]:
    """In the order of the stack's parts, then by name: not as answers happened to come."""
    places = {name: place for place, name in enumerate(names)}
    return [
        found[key] for key in sorted(found, key=lambda key: (places.get(key, len(places)), key))
    ]
