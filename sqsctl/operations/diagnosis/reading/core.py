"""Queues, the mappings between, and functions: what everything else hangs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqsctl.aws.functions import FunctionClient
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.functions import EventSourceMapping, Function, PublishedVersion
from sqsctl.model.queues import QueueRef
from sqsctl.model.stack import (
    Concurrency,
    Fact,
    Queue,
    RecursiveLoop,
    ResourcePolicy,
    Unread,
)
from sqsctl.operations.diagnosis.reading.observation import CORE, MAPPINGS, SharedReads

MAX_FUNCTIONS = 200


class CoreReader:
    """Reads them and follows where they lead: to queues and functions outside the stack.

    ``on_function`` gets each function that was read, ``on_lost`` the name of one that was
    not, and why; ``on_queue`` each queue that was read.
    """

    def __init__(
        self,
        shared: SharedReads,
        on_function: Callable[[Function], None],
        on_lost: Callable[[str, Unread], None],
        on_queue: Callable[[Queue], None],
    ) -> None:
        self.queues: dict[str, Queue] = {}
        self.functions: dict[str, Function] = {}
        self.mappings: dict[str, EventSourceMapping] = {}
        self.streams: dict[str, EventSourceMapping] = {}
        self.concurrency: list[Concurrency] = []
        self.recursion: list[RecursiveLoop] = []
        self.policies: list[ResourcePolicy] = []
        self.versions: dict[str, list[PublishedVersion]] = {}
        self._shared = shared
        self._facts = shared.wanted.facts
        self._on_function = on_function
        self._on_lost = on_lost
        self._on_queue = on_queue
        self._queue_client = QueueClient(shared.session)
        self._function_client = FunctionClient(shared.session)
        self._mapping_client = MappingClient(shared.session)
        self._function_ids = {each.name: each.logical_id for each in shared.ref.functions}
        self._mapping_ids = dict(shared.ref.mapping_ids)

    def start(self) -> None:
        """Begin with the parts of the stack."""
        ref = self._shared.ref
        if Fact.QUEUES in self._facts:
            for part in ref.queues:
                self._queue(part.ref)
        if Fact.MAPPINGS in self._facts:
            for part in ref.queues:
                self._mappings_of_queue(part.arn, part.name)
            for each in ref.functions[:MAX_FUNCTIONS]:
                self._mappings_of_function(each.name)
        for each in ref.functions:
            self.function(each.name)
        if Fact.CONCURRENCY in self._facts:
            self._shared.work.start(
                "account settings",
                self._function_client.account,
                self.concurrency.append,
                self._shared.gap(Fact.CONCURRENCY),
                action="lambda:GetAccountSettings",
            )

    # -- queues -------------------------------------------------------------------------

    def _queue(self, ref: QueueRef) -> None:
        if self._shared.first_time("queue", ref.arn or ref.url):
            self._describe(ref.name, lambda: self._queue_client.describe(ref))

    def _queue_by_arn(self, arn: str) -> None:
        """A queue that the stack refers to and does not hold."""
        if self._shared.first_time("queue", arn):
            self._describe(
                arn.rpartition(":")[2],
                lambda: self._queue_client.describe(self._queue_client.resolve(arn)),
            )

    def _describe(self, name: str, call: Callable[[], Queue]) -> None:
        self._shared.work.start(
            f"queue {name}",
            call,
            self._have_queue,
            self._shared.gap(Fact.QUEUES, Fact.DEAD_LETTERS),
            kind=CORE,
            action="sqs:GetQueueAttributes",
        )

    def _have_queue(self, queue: Queue) -> None:
        parts = self._shared.ref.queues
        part = next((each for each in parts if each.url == queue.url), None)
        arn = queue.arn or (part.arn if part else "")
        if arn in self.queues:
            return
        sources_known = all(each.role_known for each in parts)
        self.queues[arn] = replace(
            queue,
            arn=arn,
            logical_id=part.logical_id if part else queue.logical_id,
            holds_dead_letters=part is not None
            and part.dead_letter_queue
            and bool(part.dead_letter_for or not sources_known),
        )
        self._on_queue(self.queues[arn])
        if queue.dead_letter_target_arn:
            self._queue_by_arn(queue.dead_letter_target_arn)

    # -- mappings -----------------------------------------------------------------------

    def _mappings_of_queue(self, arn: str, name: str) -> None:
        self._list(f"consumers of {name}", lambda: self._mapping_client.of_queue(arn))

    def _mappings_of_function(self, name: str) -> None:
        self._list(f"sources of {name}", lambda: self._mapping_client.of_function(name))

    def _list(self, what: str, call: Callable[[], tuple[EventSourceMapping, ...]]) -> None:
        self._shared.work.start(
            what,
            call,
            self._have_mappings,
            self._shared.gap(Fact.MAPPINGS),
            kind=MAPPINGS,
            action="lambda:ListEventSourceMappings",
            missing=lambda: None,  # a function that is gone is missing as a function
        )

    def _have_mappings(self, found: tuple[EventSourceMapping, ...]) -> None:
        for mapping in found:
            if not mapping.of_queue:
                self.streams[mapping.uuid] = mapping
            if not mapping.of_queue or mapping.uuid in self.mappings:
                continue
            self.mappings[mapping.uuid] = replace(
                mapping, logical_id=self._mapping_ids.get(mapping.uuid)
            )
            if Fact.QUEUES in self._facts:
                self._queue_by_arn(mapping.queue_arn)
            self.function(mapping.function_name)
            self._recursion(mapping.function_name)
            if mapping.qualifier:
                self.published(mapping.function_name, mapping.qualifier)

    def declared_and_not_listed(self) -> None:
        """Look for the mappings that the stack declares and no list held: probably gone."""
        if Fact.MAPPINGS not in self._facts or self._shared.gaps(Fact.MAPPINGS):
            return
        known = {*self.mappings, *self.streams}
        for uuid in self._mapping_ids:
            if uuid not in known and self._shared.first_time("mapping", uuid):
                self._one_mapping(uuid)

    def _one_mapping(self, uuid: str) -> None:
        self._shared.work.start(
            f"mapping {uuid}",
            lambda: (self._mapping_client.get(uuid),),
            self._have_mappings,
            self._shared.gap(Fact.MAPPINGS),
            kind=CORE,
            action="lambda:GetEventSourceMapping",
        )

    # -- functions ----------------------------------------------------------------------

    def function(self, name: str) -> None:
        """Read a function, once, with all that is wanted of it."""
        if not self._facts & {Fact.FUNCTIONS, Fact.CONCURRENCY, Fact.POLICIES}:
            return
        if not self._shared.first_time("function", name):
            return
        if self._shared.asked("function") > MAX_FUNCTIONS:
            self._shared.gap(Fact.FUNCTIONS)(
                Unread("further functions", "more than are read at once")
            )
            return
        if Fact.FUNCTIONS in self._facts:
            self._shared.work.start(
                f"function {name}",
                lambda: self._function_client.get(name),
                self._have_function,
                lambda gap: self._no_function(name, gap),
                kind=CORE,
                action="lambda:GetFunctionConfiguration",
            )
        if Fact.CONCURRENCY in self._facts:
            self._shared.work.start(
                f"concurrency of {name}",
                lambda: self._function_client.reserved(name),
                self.concurrency.append,
                self._shared.gap(Fact.CONCURRENCY),
                action="lambda:GetFunctionConcurrency",
            )
        self.policy(name, None)

    def _recursion(self, name: str) -> None:
        """Read whether loops through a consumer are stopped; others are in none with a queue."""
        if Fact.RECURSION in self._facts and self._shared.first_time("recursion", name):
            self._shared.work.start(
                f"recursion of {name}",
                lambda: self._function_client.recursion(name),
                self.recursion.append,
                self._shared.gap(Fact.RECURSION),
                action="lambda:GetFunctionRecursionConfig",
            )

    def policy(self, name: str, qualifier: str | None) -> None:
        """Read who may invoke a function, or an alias of it."""
        if Fact.POLICIES not in self._facts:
            return
        if not self._shared.first_time("policy", f"{name}:{qualifier or ''}"):
            return
        self._shared.work.start(
            f"policy of {name}",
            lambda: self._function_client.policy(name, qualifier),
            self.policies.append,
            self._shared.gap(Fact.POLICIES),
            action="lambda:GetPolicy",
        )

    def published(self, name: str, qualifier: str) -> None:
        """Read what an alias or version stands for."""
        if Fact.FUNCTIONS not in self._facts or qualifier == "$LATEST":
            return
        if not self._shared.first_time("published", f"{name}:{qualifier}"):
            return
        self._shared.work.start(
            f"{name}:{qualifier}",
            lambda: self._function_client.published(name, qualifier),
            self.versions.setdefault(name, []).append,
            self._shared.gap(Fact.FUNCTIONS),
            action="lambda:GetFunctionConfiguration",
        )

    def _have_function(self, function: Function) -> None:
        self.functions[function.name] = replace(
            function, logical_id=self._function_ids.get(function.name)
        )
        self._on_function(function)

    def _no_function(self, name: str, gap: Unread) -> None:
        self._shared.gap(Fact.FUNCTIONS)(gap)
        self._on_lost(name, gap)
