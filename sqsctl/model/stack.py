"""A snapshot of a deployed stack: what was read, and what could not be.

``operations.observe`` fills it; checks read it. Every group of facts is a Group:
the items that were read and, for the others, why not. A check declares the facts
it needs; where one of them has gaps and nothing was found, the check is skipped
with that reason, never reported as ok.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from sqsctl.model.alarms import QueueAlarms
from sqsctl.model.failed_delivery import DeadLetterFeed
from sqsctl.model.functions import EventSourceMapping, Function, PublishedVersion
from sqsctl.model.keys import Key
from sqsctl.model.logline import Attempt, Failure, LogEvent
from sqsctl.model.message import Message
from sqsctl.model.network import Network
from sqsctl.model.paused import PausedMapping
from sqsctl.model.queues import NamedQueue, Queue
from sqsctl.model.unread import Unread

__all__ = [
    "Api",
    "Concurrency",
    "DeadLetters",
    "Declared",
    "ErrorText",
    "EventSourceMapping",
    "Fact",
    "Function",
    "FunctionLogs",
    "Group",
    "Key",
    "MadeBy",
    "NamedQueue",
    "Network",
    "Package",
    "PackageMember",
    "Permission",
    "PublishedVersion",
    "Queue",
    "RecursiveLoop",
    "ResourcePolicy",
    "Route",
    "Series",
    "Stack",
    "Unread",
]

T = TypeVar("T")

# The tool that a stack's resources are recognised by: the Serverless Framework with Lift or
# without it, SAM, the CDK, tools that put theirs on top, a template that none of them wrote;
# empty where nobody can say.
MadeBy = Literal[
    "lift", "serverless", "sam", "cdk", "sst", "copilot", "amplify", "cloudformation", ""
]


class Fact(StrEnum):
    """The groups of facts a check can need. Values are the fields of Stack."""

    QUEUES = "queues"
    FUNCTIONS = "functions"
    MAPPINGS = "mappings"
    APIS = "apis"
    LOGS = "logs"
    CONCURRENCY = "concurrency"
    RECURSION = "recursion"
    POLICIES = "policies"
    PERMISSIONS = "permissions"
    PACKAGES = "packages"
    DEAD_LETTERS = "dead_letters"
    DEAD_LETTER_FEEDS = "dead_letter_feeds"
    METRICS = "metrics"
    NETWORKS = "networks"
    KEYS = "keys"
    NAMED_QUEUES = "named_queues"
    ALARMS = "alarms"
    PROJECT = "project"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """The items of one kind that were read, and those that were not."""

    items: tuple[T, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the stack: ``POST /produce`` and the function behind it.

    ``queue_name`` is set where the API sends to the queue itself, without a function.
    """

    method: str
    path: str
    function_arn: str | None = None
    function_name: str | None = None
    qualifier: str | None = None
    integration_id: str | None = None
    timeout_ms: int | None = None
    authorization: str = "NONE"
    queue_name: str | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """An HTTP API, a REST API or a function URL. ``endpoint`` is its URL without path."""

    id: str
    name: str
    kind: Literal["http", "rest", "url"]
    endpoint: str
    stage: str = "$default"
    routes: tuple[Route, ...] = ()
    logical_id: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionLogs:
    """What a function logged in the time looked at.

    ``exists`` is False where the log group is missing. ``truncated``: there was more
    than was read. ``events`` is the raw text of the failures' neighbourhood;
    ``attempts`` and ``failures`` are what the parser made of it. ``log_class`` is the log
    group's class where it was read (STANDARD, INFREQUENT_ACCESS, DELIVERY), else None;
    ``scanned_bytes`` is what Logs Insights read where FilterLogEvents could not;
    ``retention_days`` is asked for only where failures are not told in the log.
    """

    function: str
    group: str
    since: datetime | None = None
    exists: bool = True
    truncated: bool = False
    log_class: str | None = None
    scanned_bytes: int | None = None
    attempts: tuple[Attempt, ...] = ()
    failures: tuple[Failure, ...] = ()
    events: tuple[LogEvent, ...] = field(default=(), repr=False)
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Limits on simultaneous executions.

    ``function`` None is the account itself: ``limit`` then is the regional limit and
    ``unreserved`` what no function has reserved. For a function, ``limit`` is its reserved
    concurrency, None where none is set.
    """

    function: str | None
    limit: int | None
    unreserved: int | None = None


@dataclass(frozen=True, slots=True)
class RecursiveLoop:
    """What Lambda does where it finds a function in a loop (lambda GetFunctionRecursionConfig)."""

    function: str
    setting: Literal["Allow", "Terminate"] = "Terminate"


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """Who may invoke a function (lambda GetPolicy); ``document`` None where there is none."""

    function: str
    document: str | None
    qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """An identity policy's answer (iam SimulatePrincipalPolicy).

    ``decision`` as AWS says it: allowed, explicitDeny, implicitDeny.
    """

    function: str
    role_arn: str
    action: str
    resource: str
    decision: Literal["allowed", "explicitDeny", "implicitDeny"]


@dataclass(frozen=True, slots=True)
class PackageMember:
    """One file of a function's deployment package; sizes are bytes."""

    path: str
    size_bytes: int
    compressed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """The listing of a function's deployment package, and the few sources worth reading.

    Never extracted. ``sources`` maps paths to text for the handler file and other
    small files a check reads (package.json); ``layers`` are listings of its layers.
    """

    function: str
    members: tuple[PackageMember, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    layer_members: tuple[PackageMember, ...] = ()
    truncated: bool = False

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(each.path for each in self.members)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Messages in a dead-letter queue: how many, and what is known of them.

    ``samples`` are empty where they were not looked at (looking raises receive counts).
    ``oldest_age_s`` comes from CloudWatch and counts from the move to the queue.
    """

    queue_name: str
    queue_arn: str
    count: int
    in_flight: int = 0
    oldest_age_s: float | None = None
    first_arrived_at: datetime | None = None
    samples: tuple[Message, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Series:
    """A CloudWatch metric over time, oldest first. Missing points are absent, not 0.

    ``resource`` is the queue's, function's or API's name as the dimension has it.
    """

    namespace: str
    metric: str
    resource: str
    statistic: str
    period_s: int
    points: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """One thing that the project's files say, and where they say it.

    ``key``: runtime, handler, timeout_s, architecture, engine, tool; ``tool-beside`` is the tool
    of a project in the working folder that may deploy another stack, ``terraform-address`` the
    address of what bears the name in ``function``. ``function`` is None where it holds for all.
    ``source`` is ``serverless.yml:9`` or ``.nvmrc:1``. The value of an engine is its language and
    what is asked of it, as the file has it: ``node 18``, ``node >=18 <23``, ``python >=3.11``; a
    tool's is its name, and its version or language: ``serverless 4``, ``cdk python``, ``sam``.
    """

    key: str
    value: str
    source: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error that a deploy or an API printed, given as text (``logs explain``)."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything a diagnosis looks at. The fields from ``queues`` to ``errors`` are the Facts.

    ``stack_name`` is CloudFormation's, None where the parts were found without one.
    ``paused`` are mappings that redrives of this user have switched off.
    ``made_by`` is the tool that deploys it: see MadeBy.
    """

    name: str
    region: str
    account: str | None = None
    observed_at: datetime | None = None
    queues: Group[Queue] = Group()
    functions: Group[Function] = Group()
    mappings: Group[EventSourceMapping] = Group()
    apis: Group[Api] = Group()
    logs: Group[FunctionLogs] = Group()
    concurrency: Group[Concurrency] = Group()
    recursion: Group[RecursiveLoop] = Group()
    policies: Group[ResourcePolicy] = Group()
    permissions: Group[Permission] = Group()
    packages: Group[Package] = Group()
    dead_letters: Group[DeadLetters] = Group()
    dead_letter_feeds: Group[DeadLetterFeed] = Group()
    metrics: Group[Series] = Group()
    networks: Group[Network] = Group()
    keys: Group[Key] = Group()
    named_queues: Group[NamedQueue] = Group()
    alarms: Group[QueueAlarms] = Group()
    project: Group[Declared] = Group()
    errors: Group[ErrorText] = Group()
    paused: tuple[PausedMapping, ...] = ()
    stack_name: str | None = None
    made_by: MadeBy = ""

    def gaps(self, fact: Fact) -> tuple[Unread, ...]:
        """What could not be read of one group."""
        group: Group[object] = getattr(self, fact.value)
        return group.unread

    def feeds_of(self, queue_arn: str) -> tuple[DeadLetterFeed, ...]:
        """What sends its failures to a queue besides queues. Reads the fact DEAD_LETTER_FEEDS."""
        return tuple(each for each in self.dead_letter_feeds if each.queue_arn == queue_arn)

    def queue(self, arn: str) -> Queue | None:
        """The queue with this ARN, if it is part of the snapshot."""
        return next((each for each in self.queues if each.arn == arn), None)

    def function(self, name: str) -> Function | None:
        """The function with this name, if it is part of the snapshot."""
        return next((each for each in self.functions if each.name == name), None)

    def consumed(self) -> Iterator[tuple[Queue, Function, EventSourceMapping]]:
        """Every queue with the function that consumes it and the mapping between.

        Reads the facts QUEUES, FUNCTIONS and MAPPINGS.
        """
        for mapping in self.mappings:
            queue = self.queue(mapping.queue_arn)
            function = self.function(mapping.function_name)
            if queue and function:
                yield queue, function, mapping

    def consumers(self) -> frozenset[str]:
        """Names of the functions that a queue feeds. Reads the fact MAPPINGS."""
        return frozenset(each.function_name for each in self.mappings)

    def dead_letter_queues(self) -> frozenset[str]:
        """ARNs of the queues that others dead-letter to. Reads the fact QUEUES."""
        return frozenset(
            {each.dead_letter_target_arn for each in self.queues if each.dead_letter_target_arn}
            | {each.arn for each in self.queues if each.holds_dead_letters}
        )
