"""Commands to run under their own policy, and what each can do without."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LETTERS = 2


@dataclass(frozen=True)
class Case:
    """A command line. ``name`` is what sqsctl iam is asked; MAIN is the main queue's URL,
    STACK the stack's name.

    ``letters`` dead letters are put before it, with ``body``; ``good`` are the exit codes of
    success. ``waiting``: a message waits in the main queue, whose mapping is off; ID stands for
    its id. ``hidden``: it was hidden by queue hide.
    """

    name: str
    arguments: tuple[str, ...]
    letters: int = 0
    good: frozenset[int] = frozenset({0})
    label: str = ""
    body: str = ""
    waiting: bool = False
    hidden: bool = False


def case(
    name: str,
    *more: str,
    letters: int = 0,
    good: tuple[int, ...] = (0,),
    label: str = "",
    **state: Any,
) -> Case:
    return Case(name, (*name.split(), *more), letters, frozenset(good), label or name, **state)


EVENT = json.dumps({"source": "shop", "detail-type": "order", "detail": {"n": 1}})

CASES: tuple[Case, ...] = (
    case("queue ls", "--prefix", "STACK"),  # other tests leave queues of their own
    case("queue inspect"),
    case("queue inspect", "--full", label="queue inspect --full"),
    case("send --via sqs", '{"input": 1}'),
    case("produce --via sqs", "--count", "3"),
    case("probe --via sqs", "--timeout", "20"),
    case("logs tail", "--no-follow", "--since", "10m", good=(0, 5)),
    case("stack ls"),
    case("stack show"),
    case("metrics"),
    case("doctor", good=(0, 10)),
    case("dlq peek", letters=LETTERS),
    case("dlq groups", letters=LETTERS),
    # What an export before it still holds is not seen, and said.
    case("dlq export", "letters.jsonl", "--force", letters=LETTERS, good=(0, 3)),
    case("dlq redrive --method client", letters=LETTERS),
    case("dlq redrive --method native", "--to", "MAIN", letters=LETTERS),
    case("dlq redrive --to function:WORKER", letters=LETTERS),
    case("dlq redrive --to topic:TOPIC", letters=LETTERS),
    case("dlq redrive --to bus:default", letters=LETTERS, body=EVENT),
    case("dlq bury", "ID", "--yes", waiting=True),
    case("queue hide", "ID", "--force", waiting=True),
    case("queue show", "ID", waiting=True, hidden=True),
    case("logs query", "--since", "1h"),
    case("queue purge", "--yes"),
    case("dlq purge", "--yes", letters=LETTERS),
    case("dlq purge --match", "input >= `0`", "--yes", letters=LETTERS),
)

# What is asked of an emulator only by the check's id.
ALARMS = case("doctor", "dlq-alarm-missing", label="doctor, alarms")

# On a stack whose producer is in a VPC and whose queue has a key of its own.
SURROUNDED = case("doctor", good=(0, 10), label="doctor, with VPC and key")

# What the emulator never asks for: no queue of the lab is encrypted with a key of KMS.
NOT_ENFORCED = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})
# What this stack has not: function URLs, layers.
_ABSENT = ("lambda:GetFunctionUrlConfig", "lambda:GetLayerVersion")

# Asked only where a function is in a VPC, or a queue encrypted with a key of one's own.
SURROUNDINGS = frozenset(
    {
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpoints",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
    }
)

# One of the two answers for the other; queues of the stack are named by their URLs there.
_STACK = ("cloudformation:DescribeStacks", "cloudformation:ListStackResources", "sqs:GetQueueUrl")
# Asked only where a queue's name does not tell what feeds it.
_PAIR = (*_STACK, "sqs:ListDeadLetterSourceQueues")
# Asked only with --hold, or after a pause.
_HOLD = ("lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping")
# Asked only for log groups that FilterLogEvents does not read.
_QUERIES = (
    "logs:DescribeLogGroups",
    "logs:GetQueryResults",
    "logs:StartQuery",
    "logs:StopQuery",
)
# Asked on AWS; on an emulator only where the check is asked for by its id.
_ALARMS = ("cloudwatch:DescribeAlarmsForMetric", "sns:ListSubscriptionsByTopic")
# Asked only of a stack that no deploy tool's marks are in.
_TOOL = ("cloudformation:GetTemplateSummary",)
# Asked only where the stack has rules, subscriptions, schedules, pipes, asynchronous settings.
_FEEDS = (
    "events:ListTargetsByRule",
    "lambda:ListFunctionEventInvokeConfigs",
    "pipes:DescribePipe",
    "scheduler:GetSchedule",
    "sns:GetSubscriptionAttributes",
)
# Asked only for a mapping that the stack declares and no list holds.
_UNLISTED = ("lambda:GetEventSourceMapping",)
# Only --cause asks why messages died.
_CAUSES = (
    *_QUERIES,
    "cloudwatch:GetMetricData",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:GetLayerVersion",
    "lambda:ListEventSourceMappings",
    "logs:FilterLogEvents",
)

# Asked only where a run fails, to name of what; without them it is named by its log alone.
_NAMING = (
    "apigateway:GET",
    "cloudwatch:GetMetricData",
    "lambda:GetFunction",
    "lambda:GetFunctionUrlConfig",
    "lambda:GetLayerVersion",
)

# Without these the command still does the whole of what was asked here.
SPARE: dict[str, tuple[str, ...]] = {
    "stack ls": ("lambda:GetEventSourceMapping",),  # every stack here has a queue of its own
    "queue inspect": (
        *_STACK,
        "cloudwatch:GetMetricData",
        "lambda:ListEventSourceMappings",
    ),
    "queue inspect --full": _STACK,
    "send --via sqs": (*_STACK, "sqs:GetQueueAttributes"),
    "produce --via sqs": (*_STACK, "sqs:GetQueueAttributes"),
    "probe --via sqs": (*_STACK, *_QUERIES),
    "logs tail": (
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
        "lambda:ListEventSourceMappings",
        *_QUERIES,
        *_NAMING,
    ),
    "stack show": ("sqs:GetQueueUrl", "cloudformation:DescribeStacks", *_ABSENT, *_FEEDS),
    "metrics": ("sqs:GetQueueUrl", "sqs:GetQueueAttributes", *_ABSENT),
    "dlq peek": (*_PAIR, *_QUERIES),
    "dlq groups": (*_PAIR, *_QUERIES),
    "dlq export": (*_PAIR, *_CAUSES),
    # All letters are moved: none is given back.
    "dlq redrive --method client": (*_PAIR, *_CAUSES, *_HOLD, "sqs:ChangeMessageVisibility"),
    "dlq redrive --method native": (*_PAIR, *_HOLD),
    # Whoever may invoke it need not be allowed to look at it first.
    "dlq redrive --to function:WORKER": (*_PAIR, *_CAUSES, "sqs:ChangeMessageVisibility"),
    "dlq redrive --to topic:TOPIC": (
        *_PAIR,
        *_CAUSES,
        "sns:GetTopicAttributes",
        "sqs:ChangeMessageVisibility",
    ),
    "dlq redrive --to bus:default": (
        *_PAIR,
        *_CAUSES,
        "events:DescribeEventBus",
        "sqs:ChangeMessageVisibility",
    ),
    # The only message that is met is moved: none is given back.
    "dlq bury": (*_STACK, "sqs:ChangeMessageVisibility"),
    "queue hide": _STACK,
    "queue show": _STACK,
    "logs query": (
        *_STACK,
        "sqs:GetQueueAttributes",
        "lambda:ListEventSourceMappings",
        "logs:StopQuery",
    ),
    "queue purge": _STACK,
    "dlq purge": (
        *_PAIR,
        *_CAUSES,
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:ReceiveMessage",
    ),
    # All letters are deleted: none is given back.
    "dlq purge --match": (*_PAIR, "sqs:ChangeMessageVisibility"),
    "doctor": (
        "sqs:GetQueueUrl",
        *_ABSENT,
        *SURROUNDINGS,
        *_QUERIES,
        *_ALARMS,
        *_UNLISTED,
        *_TOOL,
        *_FEEDS,
    ),
    "doctor, with VPC and key": (
        "sqs:GetQueueUrl",
        *_ABSENT,
        *_QUERIES,
        *_ALARMS,
        *_UNLISTED,
        *_TOOL,
        *_FEEDS,
    ),
}

# What is told in words of its own, as a regular expression of the output: parts of the stack
# that were not read, letters that stay hidden for a while.
NAMED_ELSEWHERE: dict[tuple[str, str], str] = {
    **{
        (command, "sqs:ChangeMessageVisibility"): r'"unreleased": [1-9]'
        for command in ("dlq peek", "dlq groups", "dlq export")
    },
}
