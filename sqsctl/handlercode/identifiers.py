"""Whether what code gives as a failed record's ``itemIdentifier`` can be its message's id.

Only what is known for sure to be something else is wrong: an error's text, a place in a list, the
receipt handle, a field of the content, the invocation's id. What is not known may be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqsctl.handlercode import call_names
from sqsctl.handlercode.frames import Frame, What
from sqsctl.handlercode.parsing.syntax import (
    NOTHING,
    Await,
    Call,
    Choice,
    Constant,
    Expr,
    Function,
    Loop,
    Member,
    Name,
    Other,
    Raise,
    Row,
    Stmt,
    Table,
    Try,
    everything,
    expressions,
    names_in,
    statements,
    within,
)
from sqsctl.handlercode.scopes import Scope

ID = "messageId"
HANDLES = frozenset({"receiptHandle", "receipt_handle", "ReceiptHandle"})
_IDS = frozenset({ID, "message_id"})
_OF_AN_ERROR = frozenset({"message", "stack", "name", "args", "code"})
_OF_THE_RUN = frozenset({"awsRequestId", "aws_request_id"})
_TEXTS = frozenset({"str", "String", "repr", "toString", "stringify", "dumps"})
_NEW_IDS = frozenset({"uuid4", "randomUUID", "uuidv4", "nanoid"})
_LISTS = frozenset({"allSettled", "all", "map", "filter", "gather"})
_ADD_ONE = frozenset({"push", "append", "add", "unshift"})
_EMPTY = frozenset({"list", "set", "Set", "Array"})
_DEEP = 4


@dataclass(frozen=True, slots=True)
class Wrong:
    """What it is instead. ``error``: the text of an error, which may have been made of the id."""

    text: str
    error: bool = False


def wrong(frame: Frame, value: Expr, depth: int = 0) -> Wrong | None:
    """What an identifier is instead of a message's id, where that is known."""
    if depth > _DEEP:
        return None
    match value:
        case Constant():
            return _constant(value)
        case Name():
            return _name(frame, value, depth)
        case Member():
            return _member(frame, value)
        case Call():
            word = call_names.last_of(value.callee)
            if word in _NEW_IDS:
                return Wrong("a new id")
            inner = value.args[:1] or (
                (value.callee.of,) if isinstance(value.callee, Member) else ()
            )
            return wrong(frame, inner[0], depth + 1) if word in _TEXTS and inner else None
        case Other() if len(value.parts) == 1:
            return wrong(frame, value.parts[0], depth + 1)
        case Choice():
            found = [wrong(frame, each, depth + 1) for each in value.options]
            return found[0] if all(found) else None
        case _:
            return None


def throws_ids(bodies: Iterable[tuple[Stmt, ...]]) -> bool:
    """Whether a catch throws an error that is made of the record's id, whatever it caught."""
    return any(_of_an_id(each) for body in bodies for each in _thrown_in_catches(body))


def is_record(frame: Frame, name: Name) -> bool:
    """Whether the name is a record for sure: not one of several that a loop binds at once."""
    if frame.env.get(name.id) is not What.RECORD:
        return False
    return not any(
        isinstance(stmt, Loop) and isinstance(stmt.each, Row) and name.id in names_in(stmt.each)
        for stmt in statements(frame.scope.body)
    )


def _constant(value: Constant) -> Wrong | None:
    if isinstance(value.value, int | float):
        return Wrong(str(value.value))
    return Wrong(f'"{value.value}"') if value.value else None


def _name(frame: Frame, name: Name, depth: int) -> Wrong | None:
    if is_record(frame, name):
        return Wrong("the whole record")
    # What a function inside sets is in the index of those around it, too.
    found = [p for s in _scopes(frame.scope) for p in s.index.values.get(name.id, [])]
    values = list({id(value): (target, value) for target, value in found}.values())
    if len(values) == 1:
        target, value = values[0]
        if isinstance(target, Table):
            return Wrong(f"{name.id} of the message's content") if _is_content(value) else None
        if isinstance(value, Member | Constant) and isinstance(target, Name):
            number = isinstance(value, Constant) and isinstance(value.value, str)
            return None if number else wrong(frame, value, depth + 1)
    if name.id in _errors(frame):
        return Wrong("the error", error=True)
    kept = _kept(frame, name.id)
    if kept:
        each_of = [wrong(frame, each, depth + 1) for each in kept]
        return each_of[0] if all(each_of) else None
    if frame.env.get(name.id) is not What.ID and name.id in _places(frame):
        return Wrong(f"the record's place in the list ({name.id})")
    return None


def _member(frame: Frame, value: Member) -> Wrong | None:
    of = frame.env.get(value.of.id) if isinstance(value.of, Name) else None
    if value.name == "message_id" and frame.unit.path.endswith(".py") and not value.item:
        return None  # Powertools' record
    if _is_content(value.of) or (isinstance(value.of, Name) and _parsed(frame, value.of.id)):
        return Wrong(f"{value.name} of the message's content")
    if value.name in HANDLES or (of is What.RECORD and value.name != ID):
        return Wrong(value.name)
    group = value.of if isinstance(value.of, Member) else None
    if group and group.name in {"attributes", "messageAttributes"} and isinstance(group.of, Name):
        return Wrong(f"{group.name}.{value.name}") if is_record(frame, group.of) else None
    if value.name in _OF_THE_RUN:
        return Wrong("the invocation's id")
    if value.name == "reason":
        return Wrong("the error", error=True)
    if value.name in _OF_AN_ERROR and _is_error(frame, value.of):
        return Wrong("the error's text", error=True)
    return None


def _is_error(frame: Frame, expr: Expr) -> bool:
    if isinstance(expr, Member):
        return expr.name == "reason"
    return isinstance(expr, Name) and (expr.id in _errors(frame) or expr.id == "reason")


def _scopes(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.around


def _errors(frame: Frame) -> set[str]:
    """Names of errors of any kind that are caught here."""
    return {
        each.param
        for scope in _scopes(frame.scope)
        for stmt in statements(scope.body)
        if isinstance(stmt, Try)
        for each in stmt.catches
        if each.param and (not each.kinds or call_names.BROAD.intersection(each.kinds))
    }


def _places(frame: Frame) -> set[str]:
    """Names of places in a list of records or of results."""
    found: set[str] = set()
    for scope in _scopes(frame.scope):
        for stmt in statements(scope.body):
            if isinstance(stmt, Loop) and isinstance(stmt.over, Call):
                found |= _counted(frame, stmt.over, stmt.each)
        for each in everything(scope.body):
            if isinstance(each, Call) and isinstance(each.callee, Member) and each.args:
                found |= _second(frame, each)
    return found


def _counted(frame: Frame, over: Call, each: Expr | None) -> set[str]:
    """``for i, x in enumerate(list)``, ``for (const [i, x] of list.entries())``"""
    word = call_names.last_of(over.callee)
    of = over.callee.of if isinstance(over.callee, Member) else NOTHING
    listed = word == "enumerate" or (word == "entries" and _is_list(frame, of))
    first = each.items[0] if listed and isinstance(each, Row) and each.items else None
    return {first.id} if isinstance(first, Name) else set()


def _second(frame: Frame, call: Call) -> set[str]:
    """``list.forEach((x, i) => …)``, and a comprehension over ``enumerate(list)``."""
    made = call.args[0]
    if not isinstance(made, Function) or not isinstance(call.callee, Member):
        return set()
    if isinstance(call.callee.of, Call) and made.params:
        counted = _counted(frame, call.callee.of, made.params[0])
        if counted:
            return counted
    known = call.callee.name in call_names.ITERATES - {"reduce"}
    if not known or len(made.params) < 2 or not _is_list(frame, call.callee.of):
        return set()
    second = made.params[1]
    return {second.id} if isinstance(second, Name) else set()


def _kept(frame: Frame, name: str) -> list[Expr]:
    """What was put into the list that a name goes through: ``for id in ids``, ``ids.map(id => …)``.

    Nothing where anything else is known to be in it.
    """
    lists = {each.id for each in _gone_through(frame, name)}
    if len(lists) != 1:
        return []
    (kept,) = lists
    found: dict[int, Expr] = {}
    for scope in _scopes(frame.scope):
        if any(not _is_empty(value) for _, value in scope.index.values.get(kept, ())):
            return []
        for stmt in scope.index.mentions.get(kept, ()):
            for each in (one for expr in expressions(stmt) for one in within(expr)):
                if isinstance(each, Call) and _adds_to(each, kept):
                    if call_names.last_of(each.callee) not in _ADD_ONE:
                        return []
                    found[id(each.args[-1])] = each.args[-1]
    return list(found.values())


def _gone_through(frame: Frame, name: str) -> Iterator[Name]:
    for scope in _scopes(frame.scope):
        for stmt in statements(scope.body):
            if isinstance(stmt, Loop) and isinstance(stmt.over, Name) and _is(stmt.each, name):
                yield stmt.over
        for each in everything(scope.body):
            if not isinstance(each, Call) or not isinstance(each.callee, Member) or not each.args:
                continue
            made, of = each.args[0], each.callee.of
            if isinstance(made, Function) and isinstance(of, Name) and _is(made.params[:1], name):
                yield of


def _is(bound: Expr | tuple[Expr, ...] | None, name: str) -> bool:
    given = bound[0] if isinstance(bound, tuple) and bound else bound
    return isinstance(given, Name) and given.id == name


def _is_empty(value: Expr) -> bool:
    return (isinstance(value, Row) and not value.items) or (
        isinstance(value, Call) and not value.args and call_names.last_of(value.callee) in _EMPTY
    )


def _adds_to(call: Call, name: str) -> bool:
    callee = call.callee
    if not isinstance(callee, Member) or callee.name not in call_names.COLLECTS or not call.args:
        return False
    return isinstance(callee.of, Name) and callee.of.id == name


def _is_list(frame: Frame, expr: Expr) -> bool:
    made = expr.value if isinstance(expr, Await) else expr
    if isinstance(made, Member):
        return made.name in {"Records", "records"}
    if isinstance(made, Call):
        return call_names.last_of(made.callee) in _LISTS
    if not isinstance(made, Name):
        return False
    if frame.env.get(made.id) is What.RECORDS:
        return True
    values = [v for s in _scopes(frame.scope) for _, v in s.index.values.get(made.id, [])]
    return bool(values) and all(
        not isinstance(each, Name) and _is_list(frame, each) for each in values
    )


def _parsed(frame: Frame, name: str) -> bool:
    """Whether the name is what a message's body was parsed to."""
    found = frame.scope.index.values.get(name, [])
    return len(found) == 1 and isinstance(found[0][0], Name) and _is_content(found[0][1])


def _is_content(value: Expr) -> bool:
    return (
        isinstance(value, Call)
        and call_names.last_of(value.callee) in {"parse", "loads"}
        and any(isinstance(each, Member) and each.name == "body" for each in value.args)
    )


def _thrown_in_catches(body: tuple[Stmt, ...]) -> Iterator[Expr]:
    for stmt in statements(body):
        if isinstance(stmt, Try):
            for each in stmt.catches:
                yield from _thrown(each.body)
    for expr in everything(body):
        if isinstance(expr, Call) and call_names.last_of(expr.callee) in {"catch", "then"}:
            for given in expr.args:
                if isinstance(given, Function):
                    yield from _thrown(given.body)


def _thrown(body: tuple[Stmt, ...]) -> Iterator[Expr]:
    for stmt in statements(body):
        if isinstance(stmt, Raise) and stmt.value is not None:
            yield stmt.value
    for expr in everything(body):
        if isinstance(expr, Call) and call_names.last_of(expr.callee) == "reject":
            yield from expr.args


def _of_an_id(expr: Expr) -> bool:
    return any(
        (isinstance(each, Member) and each.name in _IDS)
        or (isinstance(each, Name) and each.id.lower() in {"messageid", "message_id", "id"})
        for each in within(expr)
    )
