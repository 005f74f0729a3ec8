"""Which permissions of a stack's roles are worth asking IAM about.

A consumer has to receive and delete, a function that knows a queue may send to it or receive from
it, every function has to write its log; encrypted queues want their key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.stack import (
    Key,
    Queue,
)

CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
SEND = ("sqs:SendMessage",)
LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
DECRYPT = ("kms:Decrypt",)
ENCRYPT = ("kms:GenerateDataKey", "kms:Decrypt")
MAX_SIMULATIONS = 100


@dataclass(frozen=True, slots=True)
class Simulation:
    """One question: may this role do these actions on this resource?

    ``wanted`` says which function needs which action: functions may share a role.
    """

    role_arn: str
    resource: str
    wanted: tuple[tuple[str, str], ...]

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(action for _, action in self.wanted))


def simulations(
    functions: Iterable[Function],
    queues: Iterable[Queue],
    mappings: Iterable[EventSourceMapping],
    keys: Iterable[Key] = (),
) -> tuple[Simulation, ...]:
    """The questions, one for each role and resource; functions of one role share it.

    About keys only where ``keys`` tells whose they are: AWS's own let everybody in who may
    use the queue.
    """
    key_arns = {
        name: each.arn
        for each in keys
        if each.customer_managed and each.arn
        for name in each.references
    }
    by_arn = {each.arn: each for each in queues}
    by_url = {known: each for each in by_arn.values() for known in (each.url, each.name)}
    by_name = {each.name: each for each in functions}
    asked: dict[tuple[str, str], dict[tuple[str, str], None]] = {}

    def ask(function: Function, actions: Iterable[str], resource: str) -> None:
        if not function.role_arn:
            return
        wanted = asked.setdefault((function.role_arn, resource), {})
        wanted.update(((function.name, action), None) for action in actions)

    for mapping in mappings:
        consumer = by_name.get(mapping.function_name)
        if consumer is None:
            continue
        ask(consumer, CONSUME, mapping.queue_arn)
        queue = by_arn.get(mapping.queue_arn)
        if queue and (key := key_arns.get(queue.kms_key_id or "")):
            ask(consumer, DECRYPT, key)
    for function in by_name.values():
        for value in function.environment.values():
            queue = by_url.get(value or "") or by_arn.get(value or "")
            if queue is None:
                continue
            ask(function, (*SEND, *CONSUME[:2]), queue.arn)
            if key := key_arns.get(queue.kms_key_id or ""):
                ask(function, ENCRYPT, key)
        if group := _log_group_arn(function):
            ask(function, LOG, group)
    found = [
        Simulation(role, resource, tuple(wanted)) for (role, resource), wanted in asked.items()
    ]
    return tuple(found[:MAX_SIMULATIONS])


def _log_group_arn(function: Function) -> str | None:
    parts = function.arn.split(":")
    if len(parts) < 7 or not function.log_group:
        return None
    return f"arn:{parts[1]}:logs:{parts[3]}:{parts[4]}:log-group:{function.log_group}:log-stream:*"
