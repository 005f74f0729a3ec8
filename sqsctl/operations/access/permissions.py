"""Which permissions each command needs.

The data here is the one place that knows which command calls what: ``sqsctl iam`` prints it,
and the generated page lists it. What doctor needs follows from what its checks declare
to read, by FACTS. There are no ``*Batch`` actions: IAM knows SendMessage and the like.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqsctl.errors import UsageError
from sqsctl.model.stack import Fact
from sqsctl.operations.access.need import Need, On
from sqsctl.operations.access.need import on as _on

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
# A mapping of the stack that leads to another stack's queue.
FOREIGN = _on(On.MAPPINGS, "lambda:GetEventSourceMapping", optional=True)
# From a queue or a function without CloudFormation: who sends to it, and through which API.
AROUND = (
    *_on(On.ANYTHING, "lambda:ListFunctions", optional=True),
    *_on(On.FUNCTIONS, "lambda:ListAliases", "lambda:GetPolicy", optional=True),
    *(Need(each.action, each.on, optional=True) for each in _API),
)
_DELETE = _on(On.DEAD_LETTER_QUEUES, "sqs:DeleteMessage")
_FILTER = _on(On.LOG_GROUPS, "logs:FilterLogEvents")
# Asked only for log groups that FilterLogEvents does not read (class INFREQUENT_ACCESS).
_QUERIES = (
    *_on(On.LOG_GROUPS, "logs:StartQuery", optional=True),
    *_on(
        On.ANYTHING,
        "logs:DescribeLogGroups",
        "logs:GetQueryResults",
        "logs:StopQuery",
        optional=True,
    ),
)
_LOGS = (*_FILTER, *_QUERIES)
_OPTIONAL_LOGS = tuple(Need(each.action, each.on, optional=True) for each in _LOGS)
_METRICS = _on(On.ANYTHING, "cloudwatch:GetMetricData")

FACTS: Mapping[Fact, tuple[Need, ...]] = {
    Fact.QUEUES: _FIND,
    Fact.FUNCTIONS: _on(On.FUNCTIONS, "lambda:GetFunctionConfiguration"),
    # One by one: those that the stack declares and no list holds.
    Fact.MAPPINGS: (*_on(On.ANYTHING, "lambda:ListEventSourceMappings"), *FOREIGN),
    Fact.APIS: _API,
    Fact.LOGS: _LOGS,
    Fact.CONCURRENCY: (
        *_on(On.FUNCTIONS, "lambda:GetFunctionConcurrency"),
        *_on(On.ANYTHING, "lambda:GetAccountSettings"),
    ),
    Fact.RECURSION: _on(On.FUNCTIONS, "lambda:GetFunctionRecursionConfig", optional=True),
    Fact.POLICIES: _on(On.FUNCTIONS, "lambda:GetPolicy"),
    Fact.PERMISSIONS: _on(On.ROLES, "iam:SimulatePrincipalPolicy", optional=True),
    Fact.PACKAGES: (
        *_on(On.FUNCTIONS, "lambda:GetFunction", optional=True),
        *_on(On.LAYERS, "lambda:GetLayerVersion", optional=True),
    ),
    Fact.DEAD_LETTERS: (*_FIND, *_METRICS),
    # Asked where the stack has rules, subscriptions, schedules, pipes, asynchronous settings.
    Fact.DEAD_LETTER_FEEDS: (
        *_on(On.FUNCTIONS, "lambda:ListFunctionEventInvokeConfigs", optional=True),
        *_on(On.RULES, "events:ListTargetsByRule", optional=True),
        *_on(On.TOPICS, "sns:GetSubscriptionAttributes", optional=True),
        *_on(On.ANYTHING, "scheduler:GetSchedule", "pipes:DescribePipe", optional=True),
    ),
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
    Fact.NAMED_QUEUES: _FIND,
    Fact.ALARMS: (
        *_on(On.ANYTHING, "cloudwatch:DescribeAlarmsForMetric", optional=True),
        *_on(On.TOPICS, "sns:ListSubscriptionsByTopic", optional=True),
    ),
    # Only of a stack that no tool's marks are in, where no project's files tell the tool.
    Fact.PROJECT: _on(On.STACKS, "cloudformation:GetTemplateSummary", optional=True),
    Fact.ERRORS: (),
}

# What a failed run is named by, beside its log: code, mappings, and figures that say otherwise.
_NAMES = (
    *(Need(each.action, each.on, optional=True) for each in (*_FUNCTIONS, *_METRICS)),
    *FACTS[Fact.PACKAGES],
)
# Of a function behind an API, also whether it answered with an error that it caught.
_NAMES_OF_ALL = (*_NAMES, *(Need(each.action, each.on, optional=True) for each in _API))
# The causes of dead letters: what the consumers logged when they failed.
_CAUSES = (*_OPTIONAL_LOGS, *_NAMES)
_KEYS = _on(On.KEYS, "kms:GenerateDataKey", "kms:Decrypt", optional=True)
_HOLD = _on(
    On.MAPPINGS,
    "lambda:UpdateEventSourceMapping",
    "lambda:GetEventSourceMapping",
    optional=True,
)
# Where messages go that no queue dead-lettered, or that --to sends to no queue.
_INVOKE = _on(On.FUNCTIONS, "lambda:InvokeFunction", optional=True)
_PUBLISH = _on(On.TOPICS, "sns:Publish", "sns:GetTopicAttributes", optional=True)
_PUT_EVENTS = _on(On.BUSES, "events:PutEvents", "events:DescribeEventBus", optional=True)
_BELONGS = (
    *_INVOKE,
    *_on(On.ANYTHING, "lambda:ListFunctions", optional=True),
    *_on(On.TOPICS, "sns:GetSubscriptionAttributes", optional=True),
    *_on(On.RULES, "events:ListTargetsByRule", optional=True),
)
_FETCH = _on(On.BUCKETS, "s3:GetObject")
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
    "stack ls": (
        *_on(On.ANYTHING, "cloudformation:DescribeStacks", "cloudformation:ListStackResources"),
        # Whether a stack without a queue reads one elsewhere, or a stream.
        *FOREIGN,
    ),
    "stack show": (*_STACK, *_FUNCTIONS, *_API, *FACTS[Fact.DEAD_LETTER_FEEDS]),
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
    # The producer's log decides what a 500 means.
    "produce": (*_STACK, *_FUNCTIONS, *_API, *_SEND, *_OPTIONAL_LOGS, *_NAMES_OF_ALL),
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
    "dlq redrive": (*_PAIR, *_LOOK, *_DELETE, *_SEND, *_NATIVE, *_CAUSES, *_HOLD, *_BELONGS),
    "dlq bury": (
        *_STACK,
        *_on(On.MAIN_QUEUES, "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
        *_on(On.MAIN_QUEUES, "sqs:DeleteMessage"),
        *_on(On.DEAD_LETTER_QUEUES, "sqs:SendMessage"),
        *_KEYS,
    ),
    "queue hide": (
        *_STACK,
        *_on(On.MAIN_QUEUES, "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
        *_on(On.KEYS, "kms:Decrypt", optional=True),
    ),
    "queue show": (*_STACK, *_on(On.MAIN_QUEUES, "sqs:ChangeMessageVisibility")),
    "dlq tasks": (
        *_PAIR,
        *_on(On.DEAD_LETTER_QUEUES, "sqs:ListMessageMoveTasks", "sqs:CancelMessageMoveTask"),
    ),
    "dlq export": (*_PAIR, *_LOOK, *_CAUSES),
    "dlq restore": (*_STACK, *_on(On.QUEUES, "sqs:SendMessage")),
    "dlq purge": (
        *_PAIR,
        *_LOOK,
        *_on(On.DEAD_LETTER_QUEUES, "sqs:PurgeQueue"),
        *_on(On.DEAD_LETTER_QUEUES, "sqs:DeleteMessage", optional=True),
        *_CAUSES,
    ),
    "logs tail": (*_STACK, *_FUNCTIONS, *_LOGS, *_NAMES_OF_ALL),
    "logs query": (
        *_STACK,
        *_FUNCTIONS,
        *_on(On.LOG_GROUPS, "logs:StartQuery"),
        *_on(On.ANYTHING, "logs:GetQueryResults"),
        *_on(On.ANYTHING, "logs:StopQuery", optional=True),
    ),
    "metrics": (*_STACK, *_API, *_METRICS),
    "watch": (*_STACK, *_FUNCTIONS, *_API, *_METRICS, *_LOGS, *_NAMES_OF_ALL),
}
# What a command needs instead with an option, the first that fits; given as one would type it.
WITH_OPTION: Mapping[tuple[str, str], tuple[Need, ...]] = {
    ("logs tail", "--live"): (
        *_STACK,
        *_FUNCTIONS,
        *_FILTER,
        *_on(On.ANYTHING, "logs:DescribeLogGroups"),
        *_on(On.LOG_GROUPS, "logs:StartLiveTail"),
        *_NAMES_OF_ALL,
    ),
    ("send", "--via sqs"): (*_STACK, *_SEND),
    ("produce", "--follow"): (*_STACK, *_FUNCTIONS, *_API, *_SEND, *_LOGS, *_NAMES_OF_ALL),
    ("produce", "--via sqs"): (*_STACK, *_SEND),
    ("probe", "--via sqs"): (*_STACK, *_FUNCTIONS, *_SEND, *_LOGS),
    ("dlq peek", "--fetch"): (*_PAIR, *_LOOK, *_CAUSES, *_FETCH),
    ("dlq explain", "--fetch"): (*_PAIR, *_LOOK, *_CAUSES, *_FETCH),
    ("dlq export", "--fetch"): (*_PAIR, *_LOOK, *_CAUSES, *_FETCH),
    **{
        ("dlq redrive", f"--to {kind}:"): (
            *_PAIR,
            *_LOOK,
            *_DELETE,
            *_CAUSES,
            *(Need(each.action, each.on) for each in needed),
        )
        for kind, needed in (
            ("function", (*_INVOKE, Need("lambda:GetFunctionConfiguration", On.FUNCTIONS))),
            ("topic", _PUBLISH),
            ("bus", _PUT_EVENTS),
        )
    },
    ("dlq redrive", "--method client"): (*_PAIR, *_LOOK, *_DELETE, *_SEND, *_CAUSES, *_HOLD),
    ("dlq redrive", "--method native"): (*_PAIR, *_NATIVE, *_KEYS, *_HOLD),
    # Only --cause asks why messages died.
    ("dlq purge", "--cause"): (*_PAIR, *_LOOK, *_DELETE, *_CAUSES),
    **{
        ("dlq purge", option): (*_PAIR, *_LOOK, *_DELETE)
        for option in (
            "--id",
            "--match",
            "--grep",
            "--since",
            "--until",
            "--older-than",
            "--newer-than",
        )
    },
}
# Those that start from --queue or --function, too.
FROM_PARTS = frozenset({"doctor", "stack show", "logs tail", "metrics", "watch"})
# Commands that talk to no AWS at all, or to the lab with keys of its own.
NOTHING = frozenset(
    {"logs explain", "iam", "config show", "config set", "config unset", "config trust", "demo"}
    | {f"lab {word}" for word in ("up", "down", "status", "reset", "break", "heal", "incidents")}
    | {"lab template", "lab init", "lab deploy", "lab aws", "lab env", "completion"}
)


def commands() -> tuple[str, ...]:
    """Every command there is a policy for."""
    return tuple(sorted({*COMMANDS, "doctor"}))


def as_typed(words: Sequence[str]) -> tuple[str, ...]:
    """Commands out of arguments: quoted ones as they are, ``dlq peek`` in two words joined."""
    known = {*commands(), *NOTHING}
    found: list[str] = []
    for word in words:
        joined = f"{found[-1]} {word}" if found else word
        if found and joined in known and word not in known:
            found[-1] = joined
        else:
            found.append(word)
    return tuple(found)


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
        # What ends in a colon is the beginning of a value.
        typed = option if option.endswith(":") else f"{option} "
        if name == of and f" {typed}" in f" {rest} ":
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

    near = get_close_matches(name, (*commands(), *sorted(NOTHING)), 1)
    if not near and name:
        last = {each.rpartition(" ")[2]: each for each in reversed(commands())}
        near = [last[each] for each in get_close_matches(name, last, 1)]
    return UsageError(
        f"there is no command {name}",
        hint=f"did you mean {near[0]}?" if near else f"one of: {', '.join(commands())}",
        code="command_not_found",
    )


def doctor_needs(only: Collection[str] = (), skip: Collection[str] = ()) -> tuple[Need, ...]:
    """What doctor calls for the facts that its checks declare."""
    from sqsctl.operations.diagnosis.doctor import chosen_checks
    from sqsctl.operations.diagnosis.observe import closure

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
