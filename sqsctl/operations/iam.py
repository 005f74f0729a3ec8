"""The least policy that a command needs, with a stack's own ARNs filled in.

The data here is the one place that knows which command calls what: ``sqsctl iam`` prints it,
and the generated page lists it. What doctor needs follows from what its checks declare
to read, by FACTS. There are no ``*Batch`` actions: IAM knows SendMessage and the like.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqsctl.errors import UsageError
from sqsctl.model.deployed import StackRef
from sqsctl.model.stack import Fact

_SERVICE = {"apigateway": "Apis", "cloudformation": "Stacks", "cloudwatch": "Metrics"}


class On(StrEnum):
    """What an action is allowed on."""

    ANYTHING = "*"
    QUEUES = "queues"
    MAIN_QUEUES = "main queues"
    DEAD_LETTER_QUEUES = "dead-letter queues"
    FUNCTIONS = "functions"
    LAYERS = "layers"
    LOG_GROUPS = "log groups"
    APIS = "APIs"
    STACKS = "stacks"
    ROLES = "roles"
    KEYS = "keys"
    MAPPINGS = "mappings"


@dataclass(frozen=True, slots=True)
class Need:
    """An action and what it is needed on. ``optional``: without it the command tells less."""

    action: str
    on: On = On.ANYTHING
    optional: bool = False


def _on(on: On, *actions: str, optional: bool = False) -> tuple[Need, ...]:
    return tuple(Need(action, on, optional) for action in actions)


_DESCRIBE = _on(On.QUEUES, "sqs:GetQueueAttributes")
_FIND = (*_DESCRIBE, *_on(On.QUEUES, "sqs:GetQueueUrl"))
_STACK = (
    *_on(On.STACKS, "cloudformation:DescribeStacks", "cloudformation:ListStackResources"),
    *_FIND,
)
_FUNCTIONS = (
    *_on(On.FUNCTIONS, "lambda:GetFunctionConfiguration"),
    *_on(On.ANYTHING, "lambda:ListEventSourceMappings"),
)
# dlq commands look for the queues that feed a dead-letter queue; without it they go by names.
_SOURCES = _on(On.QUEUES, "sqs:ListDeadLetterSourceQueues", optional=True)
_PAIR = (*_STACK, *_SOURCES)
_SEND = (
    *_on(On.MAIN_QUEUES, "sqs:SendMessage"),
    *_on(On.KEYS, "kms:GenerateDataKey", "kms:Decrypt", optional=True),
)
_API = (
    *_on(On.APIS, "apigateway:GET"),
    *_on(On.FUNCTIONS, "lambda:GetFunctionUrlConfig", optional=True),
)
_LOOK = (
    *_on(On.DEAD_LETTER_QUEUES, "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
    *_on(On.KEYS, "kms:Decrypt", optional=True),
)
_DELETE = _on(On.DEAD_LETTER_QUEUES, "sqs:DeleteMessage")
_LOGS = _on(On.LOG_GROUPS, "logs:FilterLogEvents")
_METRICS = _on(On.ANYTHING, "cloudwatch:GetMetricData")

FACTS: Mapping[Fact, tuple[Need, ...]] = {
    Fact.QUEUES: _FIND,
    Fact.FUNCTIONS: _on(On.FUNCTIONS, "lambda:GetFunctionConfiguration"),
    Fact.MAPPINGS: _on(On.ANYTHING, "lambda:ListEventSourceMappings"),
    Fact.APIS: _API,
    Fact.LOGS: _LOGS,
    Fact.CONCURRENCY: (
        *_on(On.FUNCTIONS, "lambda:GetFunctionConcurrency"),
        *_on(On.ANYTHING, "lambda:GetAccountSettings"),
    ),
    Fact.POLICIES: _on(On.FUNCTIONS, "lambda:GetPolicy"),
    Fact.PERMISSIONS: _on(On.ROLES, "iam:SimulatePrincipalPolicy", optional=True),
    Fact.PACKAGES: (
        *_on(On.FUNCTIONS, "lambda:GetFunction", optional=True),
        *_on(On.LAYERS, "lambda:GetLayerVersion", optional=True),
    ),
    Fact.DEAD_LETTERS: (*_FIND, *_METRICS),
    Fact.METRICS: _METRICS,
    Fact.NETWORKS: _on(
        On.ANYTHING,
        "ec2:DescribeSubnets",
        "ec2:DescribeRouteTables",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeSecurityGroups",
        optional=True,
    ),
    Fact.KEYS: _on(On.KEYS, "kms:DescribeKey", "kms:GetKeyPolicy", optional=True),
    Fact.PROJECT: (),
    Fact.ERRORS: (),
}

# The causes of dead letters: what the consumers logged when they failed.
_CAUSES = tuple(Need(each.action, each.on, optional=True) for each in (*_FUNCTIONS, *_LOGS))
_KEYS = _on(On.KEYS, "kms:GenerateDataKey", "kms:Decrypt", optional=True)
_HOLD = _on(
    On.MAPPINGS,
    "lambda:UpdateEventSourceMapping",
    "lambda:GetEventSourceMapping",
    optional=True,
)
_NATIVE = (
    *_on(
        On.DEAD_LETTER_QUEUES,
        "sqs:StartMessageMoveTask",
        "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ),
    *_on(On.MAIN_QUEUES, "sqs:SendMessage"),
)

COMMANDS: Mapping[str, tuple[Need, ...]] = {
    "stack ls": _on(
        On.ANYTHING, "cloudformation:DescribeStacks", "cloudformation:ListStackResources"
    ),
    "stack show": (*_STACK, *_FUNCTIONS, *_API),
    "stack deploy": (
        *_on(
            On.STACKS,
            "cloudformation:DescribeStacks",
            "cloudformation:DescribeStackEvents",
            "cloudformation:CreateChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:ListStackResources",
        ),
        *_DESCRIBE,
        *_on(On.FUNCTIONS, "lambda:GetFunctionConfiguration"),
        *_API,
    ),
    "send": (*_STACK, *_FUNCTIONS, *_API, *_SEND),
    "produce": (*_STACK, *_FUNCTIONS, *_API, *_SEND),
    "probe": (*_STACK, *_FUNCTIONS, *_API, *_SEND, *_LOGS),
    "queue ls": (*_on(On.ANYTHING, "sqs:ListQueues"), *_DESCRIBE),
    "queue inspect": (
        *_STACK,
        *_on(On.ANYTHING, "cloudwatch:GetMetricData", optional=True),
        *_on(On.ANYTHING, "lambda:ListEventSourceMappings", optional=True),
    ),
    "queue watch": _STACK,
    "queue purge": (*_STACK, *_on(On.QUEUES, "sqs:PurgeQueue")),
    "dlq peek": (*_PAIR, *_LOOK, *_CAUSES),
    "dlq groups": (*_PAIR, *_LOOK, *_CAUSES),
    "dlq explain": (*_PAIR, *_LOOK, *_CAUSES),
    "dlq redrive": (*_PAIR, *_LOOK, *_DELETE, *_SEND, *_NATIVE, *_CAUSES, *_HOLD),
    "dlq tasks": (
        *_PAIR,
        *_on(On.DEAD_LETTER_QUEUES, "sqs:ListMessageMoveTasks", "sqs:CancelMessageMoveTask"),
    ),
    "dlq export": (*_PAIR, *_LOOK, *_CAUSES),
    "dlq restore": (*_STACK, *_on(On.QUEUES, "sqs:SendMessage")),
    "dlq purge": (*_PAIR, *_LOOK, *_on(On.DEAD_LETTER_QUEUES, "sqs:PurgeQueue")),
    "logs tail": (*_STACK, *_FUNCTIONS, *_LOGS),
    "metrics": (*_STACK, *_API, *_METRICS),
    "watch": (*_STACK, *_FUNCTIONS, *_API, *_METRICS, *_LOGS),
}
# What a command needs less of with an option; it is given as one would type it.
WITH_OPTION: Mapping[tuple[str, str], tuple[Need, ...]] = {
    ("send", "--via sqs"): (*_STACK, *_SEND),
    ("produce", "--via sqs"): (*_STACK, *_SEND),
    ("probe", "--via sqs"): (*_STACK, *_FUNCTIONS, *_SEND, *_LOGS),
    ("dlq redrive", "--method client"): (*_PAIR, *_LOOK, *_DELETE, *_SEND, *_CAUSES, *_HOLD),
    ("dlq redrive", "--method native"): (*_PAIR, *_NATIVE, *_KEYS, *_HOLD),
}
# Commands that talk to no AWS at all, or to the lab with keys of its own.
NOTHING = frozenset(
    {"logs explain", "iam", "config show", "config set", "config unset", "demo"}
    | {f"lab {word}" for word in ("up", "down", "status", "reset", "break", "heal", "incidents")}
    | {"lab template"}
)


def commands() -> tuple[str, ...]:
    """Every command there is a policy for."""
    return tuple(sorted({*COMMANDS, "doctor"}))


def needs(command: str) -> tuple[Need, ...]:
    """What a command calls; options and arguments may follow its name.

    An option of WITH_OPTION narrows it. Raises UsageError for an unknown command.
    """
    words = command.split()
    words = words[1:] if words[:1] == ["sqsctl"] else words
    name = _named(words)
    if name is None:
        raise _unknown(" ".join(words))
    rest = " ".join(words[len(name.split()) :]).replace("=", " ")
    for (of, option), narrower in WITH_OPTION.items():
        if name == of and f" {option} " in f" {rest} ":
            return narrower
    if name == "doctor":
        return doctor_needs()
    if name in COMMANDS:
        return COMMANDS[name]
    if name in NOTHING:
        return ()
    group = [each for each in commands() if each.startswith(f"{name} ")]
    return tuple(dict.fromkeys(need for each in group for need in needs(each)))


def _named(words: Sequence[str]) -> str | None:
    """The command, or the group of them, that the words begin with."""
    known = {*commands(), *NOTHING}
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in known:
            return name
    # A group stands for its commands: alone, or an unknown command would pass for it.
    name = " ".join(words)
    return name if any(each.startswith(f"{name} ") for each in known) else None


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, commands(), 1)
    return UsageError(
        f"there is no command {name}",
        hint=f"did you mean {near[0]}?" if near else f"one of: {', '.join(commands())}",
        code="command_not_found",
    )


def doctor_needs(only: Collection[str] = (), skip: Collection[str] = ()) -> tuple[Need, ...]:
    """What doctor calls for the facts that its checks declare."""
    from sqsctl.operations.doctor import chosen_checks
    from sqsctl.operations.observe import closure

    facts = closure(
        frozenset[Fact]().union(
            *(check.meta.needs | check.meta.uses for check in chosen_checks(only, skip))
        )
    )
    found: dict[Need, None] = dict.fromkeys(_STACK)
    for fact in Fact:
        if fact in facts:
            found.update(dict.fromkeys(FACTS[fact]))
    return tuple(found)


def policy(
    names: Sequence[str],
    ref: StackRef | None = None,
    *,
    without_optional: bool = False,
    keys: Sequence[str] = (),
    log_groups: Sequence[str] = (),
) -> dict[str, object]:
    """The IAM policy document for commands, their actions joined by what they are on.

    Without ``ref`` the resources are patterns that match any stack. ``keys`` are ARNs of
    the KMS keys of encrypted queues: without them key actions stand on all keys.
    ``log_groups`` are groups besides those that Lambda names by itself. Commands that
    need nothing give a policy without statements.
    """
    wanted: dict[Need, None] = {}
    for name in names:
        wanted.update(dict.fromkeys(each for each in needs(name)))
    chosen = [each for each in wanted if not (without_optional and each.optional)]
    arns = _Arns(ref, tuple(keys), tuple(log_groups))
    by_resource: dict[tuple[str, ...], dict[str, None]] = {}
    for need in chosen:
        resources = arns.of(need)
        if resources:
            by_resource.setdefault(resources, {})[need.action] = None
    statements = [
        {
            "Sid": _sid(index, actions),
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": resources[0] if len(resources) == 1 else list(resources),
        }
        for index, (resources, actions) in enumerate(by_resource.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _sid(index: int, actions: Iterable[str]) -> str:
    services = sorted({action.partition(":")[0] for action in actions})
    words = "".join(_SERVICE.get(each, each.capitalize()) for each in services)
    return f"{words}{index + 1}"


@dataclass(frozen=True, slots=True)
class _Arns:
    """Resources by what they are, of a stack or of any."""

    ref: StackRef | None
    keys: tuple[str, ...]
    log_groups: tuple[str, ...]

    def of(self, need: Need) -> tuple[str, ...]:
        ref = self.ref
        if need.on is On.ANYTHING:
            return ("*",)
        prefix = self._prefix
        anywhere = {
            On.QUEUES: f"{prefix('sqs')}:*",
            On.MAIN_QUEUES: f"{prefix('sqs')}:*",
            On.DEAD_LETTER_QUEUES: f"{prefix('sqs')}:*",
            On.FUNCTIONS: f"{prefix('lambda')}:function:*",
            On.LAYERS: f"arn:{self._partition}:lambda:{self._region}:*:layer:*:*",
            On.LOG_GROUPS: f"{prefix('logs')}:log-group:/aws/lambda/*",
            On.APIS: f"arn:{self._partition}:apigateway:{self._region}::*",
            On.STACKS: f"{prefix('cloudformation')}:stack/*",
            On.ROLES: f"arn:{self._partition}:iam::{self._account}:role/*",
            On.KEYS: f"{prefix('kms')}:key/*",
            On.MAPPINGS: f"{prefix('lambda')}:event-source-mapping:*",
        }
        if ref is None:
            return (anywhere[need.on],)
        known = {
            On.QUEUES: [each.arn for each in ref.queues],
            On.MAIN_QUEUES: [each.arn for each in ref.main_queues],
            On.DEAD_LETTER_QUEUES: [each.arn for each in ref.dead_letter_queues],
            On.FUNCTIONS: self._functions(ref),
            On.LOG_GROUPS: self._groups(ref),
            On.APIS: [arn for each in ref.apis for arn in self._api(each.kind, each.id)],
            On.STACKS: [f"{prefix('cloudformation')}:stack/{ref.stack_name}/*"]
            if ref.stack_name
            else [],
            On.KEYS: list(self.keys),
            On.MAPPINGS: [
                f"{prefix('lambda')}:event-source-mapping:{uuid}" for uuid, _ in ref.mapping_ids
            ],
        }
        if need.on in known and (known[need.on] or need.on not in {On.KEYS, On.LOG_GROUPS}):
            return tuple(known[need.on])
        return (anywhere[need.on],)

    def _functions(self, ref: StackRef) -> list[str]:
        plain = [each.arn for each in ref.functions]
        # An alias or a version is a resource of its own.
        return [*plain, *(f"{arn}:*" for arn in plain)]

    def _groups(self, ref: StackRef) -> list[str]:
        names = [f"/aws/lambda/{each.name}" for each in ref.functions]
        names += [each for each in (*ref.log_groups, *self.log_groups) if each not in names]
        arns = [f"{self._prefix('logs')}:log-group:{name}" for name in dict.fromkeys(names)]
        # The group itself, and what is in it: AWS's own documents have both forms.
        return [form for arn in arns for form in (arn, f"{arn}:*")]

    def _api(self, kind: str, identifier: str) -> list[str]:
        if kind == "url":
            return []
        path = "apis" if kind == "http" else "restapis"
        base = f"arn:{self._partition}:apigateway:{self._region}::/{path}/{identifier}"
        return [base, f"{base}/*"]

    def _prefix(self, service: str) -> str:
        return f"arn:{self._partition}:{service}:{self._region}:{self._account}"

    @property
    def _region(self) -> str:
        return self.ref.region if self.ref else "*"

    @property
    def _account(self) -> str:
        return (self.ref.account if self.ref else None) or "*"

    @property
    def _partition(self) -> str:
        arns = [each.arn for each in self.ref.queues] if self.ref else []
        parts = arns[0].split(":") if arns else []
        return parts[1] if len(parts) > 5 else "aws"
