"""What a field of the event is, and which fields a queue's event does not have.

An event of SQS is ``{"Records": [{"messageId", "receiptHandle", "body", "attributes",
"messageAttributes", …}]}`` and no more: whatever else code reads of it is another source's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.handlercode.coverage import RECORDS
from sqsctl.handlercode.frames import Absent, Fault, Frame, Sighting, Value, What
from sqsctl.handlercode.parsing.syntax import (
    Expr,
    If,
    Leave,
    Member,
    Name,
    Raise,
    Return,
    statements,
    within,
)

if TYPE_CHECKING:
    from sqsctl.handlercode.walker import Walker

# What only records of other sources have, and what ReceiveMessage calls a message's text.
_OTHERS = frozenset({"Sns", "s3", "dynamodb", "kinesis", "ses", "cf", "codecommit", "Body"})
_TELLS_THE_SOURCE = frozenset({"eventSource", "EventSource", "eventSourceARN", *_OTHERS})


def member(walker: Walker, frame: Frame, of: Value, expr: Member) -> Value:
    """What a field of a value is."""
    if isinstance(of, Absent):
        if not expr.maybe or expr.item:
            needed(walker, of)
        return None
    match of:
        case What.EVENT:
            if expr.name in RECORDS:
                walker.coverage.spare(expr.of)
                return What.RECORDS
            return _absent(walker, frame, expr)
        case What.RECORDS | What.BODIES | What.INNER:
            if expr.name in {"length", "size"}:
                walker.coverage.spare(expr.of)
                return None
            return of
        case What.RECORD:
            if expr.name in _OTHERS:
                return _absent(walker, frame, expr)
            return What.ID if expr.name in {"messageId", "message_id"} else What.BODY
        case What.BODY:
            return What.INNER if expr.name == "Records" else What.BODY
        case _:
            return None


def needed(walker: Walker, value: Value) -> None:
    """The code cannot go on without the value."""
    if isinstance(value, Absent) and value.sure:
        walker.found[Sighting(Fault.SHAPE, value.path, value.line, value.text)] = None


def asks_of_the_source(frame: Frame, test: Expr) -> bool:
    """Whether a test is about what kind of event it is, or whether a field is there."""
    for each in within(test):
        known = frame.env.get(each.id) if isinstance(each, Name) else None
        if known is What.EVENT or isinstance(known, Absent):
            return True
        if isinstance(each, Member) and each.name in _TELLS_THE_SOURCE:
            return True
    return False


def jumps_by_the_source(frame: Frame) -> bool:
    """Whether a state machine asks what kind of event it is: its jumps are not followed."""
    return any(
        isinstance(stmt, If) and asks_of_the_source(frame, stmt.test)
        for stmt in statements(frame.scope.body)
    )


def ends_here(stmt: If) -> bool:
    """Whether one branch goes no further."""
    return any(
        isinstance(block[-1], Return | Raise | Leave)
        for block in (stmt.then, stmt.otherwise)
        if block
    )


def _absent(walker: Walker, frame: Frame, expr: Member) -> Value:
    """The event's field, which is not there."""
    python = frame.unit.path.endswith(".py")
    walker.coverage.spare(expr.of)
    if python and not expr.item:
        # A method, or a field of a class around the event.
        walker.coverage.unseen = True
        return None
    root = expr.of.id if isinstance(expr.of, Name) else "event"
    text = f'{root}["{expr.name}"]' if python else f"{root}.{expr.name}"
    found = Absent(text, frame.unit.path, expr.line, sure=not frame.guarded)
    if not frame.guarded:
        walker.coverage.fields.append(Sighting(Fault.SHAPE, found.path, found.line, found.text))
    if python and not expr.maybe:
        needed(walker, found)
    return found
