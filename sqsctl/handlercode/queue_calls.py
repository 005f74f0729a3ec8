"""Which queues a handler's code sends to, receives from and deletes from, by its variables.

The SDKs' calls are known by their names and by what they are given: boto3's clients and resources,
the AWS SDK for JavaScript 2 and 3, minified too. The queue is followed back to the environment
variable that names it. What cannot be followed makes the answer unknown, never no.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqsctl.handlercode import call_names
from sqsctl.handlercode.parsing.syntax import (
    Call,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Row,
    Table,
    everything,
    within,
)
from sqsctl.handlercode.program import Program
from sqsctl.handlercode.reach import Reach, Spot


class Action(StrEnum):
    """What is done with a queue. Holding a message back (its visibility) counts as receiving."""

    SEND = "send"
    RECEIVE = "receive"
    DELETE = "delete"


_CALLS = {
    "send_message": Action.SEND,
    "send_messages": Action.SEND,
    "send_message_batch": Action.SEND,
    "sendmessage": Action.SEND,
    "sendmessagebatch": Action.SEND,
    "receive_message": Action.RECEIVE,
    "receive_messages": Action.RECEIVE,
    "receivemessage": Action.RECEIVE,
    "change_message_visibility": Action.RECEIVE,
    "change_message_visibility_batch": Action.RECEIVE,
    "changemessagevisibility": Action.RECEIVE,
    "changemessagevisibilitybatch": Action.RECEIVE,
    "delete_message": Action.DELETE,
    "delete_messages": Action.DELETE,
    "delete_message_batch": Action.DELETE,
    "deletemessage": Action.DELETE,
    "deletemessagebatch": Action.DELETE,
    "purge_queue": Action.DELETE,
    "purgequeue": Action.DELETE,
}
# Parameters that say what a call does, where its name was lost to a minifier.
_TELLING = (
    ("MessageBody", Action.SEND),
    ("VisibilityTimeout", Action.RECEIVE),
    ("WaitTimeSeconds", Action.RECEIVE),
    ("MaxNumberOfMessages", Action.RECEIVE),
    ("ReceiptHandle", Action.DELETE),
)
_PARAMETERS = frozenset({
    "QueueUrl", "MessageBody", "Entries", "ReceiptHandle", "MaxNumberOfMessages",
    "WaitTimeSeconds", "MessageGroupId",
})  # fmt: skip
_DEEP = 4  # objects that are spread into others
_LIBRARIES = {"sqs-producer": Action.SEND, "sqs-consumer": Action.RECEIVE}
# Asks for a queue's address, or makes a client: nothing is done with the queue yet.
_ASKS = frozenset({
    "get_queue_url", "get_queue_by_name", "getqueueurl", "getqueueurlcommand", "Queue", "client",
    "resource", "SQSClient", "SQS", "get", "getenv", "loads", "parse", "str", "String",
    "getqueueattributes", "get_queue_attributes", "getqueueattributescommand", "promise",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueueCall:
    """One call. ``variables`` name its queue; none where that cannot be told."""

    action: Action
    variables: frozenset[str]
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class QueueCalls:
    """``calls`` of a handler, the variables that it reads, and those given to unknown code.

    ``whole``: all of the package's own code that the handler reaches was read. ``elsewhere`` are
    modules that it imports and that are not in the sources.
    """

    calls: tuple[QueueCall, ...] = ()
    read: frozenset[str] = frozenset()
    given_away: frozenset[str] = frozenset()
    whole: bool = False
    elsewhere: frozenset[str] = frozenset()

    def does(self, action: Action, variables: frozenset[str]) -> QueueCall | None:
        """The call that does this to the queue of the variables, or to one that is not told."""
        return next(
            (
                each
                for each in self.calls
                if each.action is action and (each.variables & variables or not each.variables)
            ),
            None,
        )

    def never(self, action: Action, variables: frozenset[str]) -> bool:
        """Whether it is sure that nothing of the kind is done to the queue of the variables."""
        known = self.whole and not self.given_away & variables
        return known and self.does(action, variables) is None


def queue_calls(handler: str, program: Program) -> QueueCalls:
    """Read what the handler reaches; nothing where it is not there."""
    placed = program.handler(handler)
    if placed is None:
        return QueueCalls()
    reach = Reach(program, placed)
    calls: list[QueueCall] = []
    away: set[str] = set()
    for spot in reach.spots:
        call = spot.expr
        if not isinstance(call, Call):
            continue
        found = _known(reach, spot, call)
        if found is not None:
            calls.append(found)
        elif not _harmless(reach, spot, call):
            given = (*call.args, *(value for _, value in call.keywords))
            away.update(name for each in given for name in reach.variables(spot.of(each)))
    return QueueCalls(
        tuple(calls),
        frozenset(reach.read),
        frozenset(away),
        reach.whole and not program.unread and program.steps > 0,
        frozenset(reach.elsewhere),
    )


def _known(reach: Reach, spot: Spot, call: Call) -> QueueCall | None:
    """The call as one of an SDK's, with its queue."""
    word = _original(spot, call.callee)
    given = dict(_given(reach, spot, call))
    action = _CALLS.get(word.lower().removesuffix("command")) if word else None
    if action and not (_PARAMETERS & set(given) or _of_a_queue(reach, spot, call)):
        action = None
    if action is None and call.new and "QueueUrl" in given:
        action = _by_parameters(reach, spot, call)
    if action is None:
        action = _of_a_library(spot, call)
    if action is None:
        return None
    target = given.get("QueueUrl") or given.get("queueUrl")
    if target is None and isinstance(call.callee, Member):
        target = spot.of(call.callee.of)
    named = frozenset(reach.variables(target)) if target else frozenset()
    return QueueCall(action, named, spot.unit.path, call.line)


def _original(spot: Spot, callee: Expr) -> str:
    word = call_names.last_of(callee)
    imported = spot.unit.imports.get(word) if isinstance(callee, Name) else None
    return (imported.name or word) if imported else word


def _given(reach: Reach, spot: Spot, call: Call) -> Iterator[tuple[str, Spot]]:
    """Parameters by their names: Python's, and those of the object that JavaScript is given."""
    for key, value in call.keywords:
        if key:
            yield key, spot.of(value)
        else:
            yield from _entries(reach, spot.of(value))
    for each in call.args:
        yield from _entries(reach, spot.of(each))


def _entries(reach: Reach, spot: Spot, depth: int = _DEEP) -> Iterator[tuple[str, Spot]]:
    for found in reach.meanings(spot) if depth else ():
        if isinstance(found.expr, Table):
            for key, value in found.expr.entries:
                if key:
                    yield key, found.of(value)
                elif isinstance(value, Name | Call | Table):
                    yield from _entries(reach, found.of(value), depth - 1)


def _by_parameters(reach: Reach, spot: Spot, call: Call) -> Action | None:
    keys = set()
    for each in call.args:
        for found in reach.meanings(spot.of(each)):
            keys |= {
                key
                for one in _all_within(found.expr)
                if isinstance(one, Table)
                for key, _ in one.entries
            }
    return next((action for key, action in _TELLING if key in keys), None)


def _all_within(expr: Expr) -> Iterator[Expr]:
    """The expression and all in it, what functions in it hold included."""
    for each in within(expr):
        yield each
        if isinstance(each, Function):
            yield from everything(each.body)


def _of_a_queue(reach: Reach, spot: Spot, call: Call) -> bool:
    """Whether the receiver is a queue, or a client of SQS, by how it was made."""
    if not isinstance(call.callee, Member):
        return False
    if "sqs" in call_names.last_of(call.callee.of).lower():
        return True
    for found in reach.meanings(spot.of(call.callee.of)):
        for each in within(found.expr):
            if isinstance(each, Call) and call_names.last_of(each.callee) in {"Queue", "SQS"}:
                return True
            if isinstance(each, Constant) and each.value == "sqs":
                return True
    return False


def _of_a_library(spot: Spot, call: Call) -> Action | None:
    """``Producer.create({queueUrl})`` of sqs-producer."""
    for each in within(call.callee):
        imported = spot.unit.imports.get(each.id) if isinstance(each, Name) else None
        if imported and imported.module in _LIBRARIES:
            return _LIBRARIES[imported.module]
    return None


def _harmless(reach: Reach, spot: Spot, call: Call) -> bool:
    """Whether the call does nothing with a queue that it is given the address of."""
    word = call_names.last_of(call.callee)
    if call_names.tells(call) or word in _ASKS or word.lower() in _ASKS or reach.own(spot, call):
        return True
    if word == "send" and call.args and isinstance(call.args[0], Call | Name):
        return True  # the command is a call of its own
    return call_names.pure(call) or word in call_names.COLLECTS or isinstance(call.callee, Row)
