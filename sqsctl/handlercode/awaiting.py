"""Promises, futures and threads: who waits for them, and where their errors end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqsctl.handlercode import call_names
from sqsctl.handlercode.closures import own_closure
from sqsctl.handlercode.error_flow import heard, silent
from sqsctl.handlercode.frames import LISTS, Closure, Fault, Frame, Sighting, Value, What
from sqsctl.handlercode.parsing.syntax import (
    Await,
    Bind,
    Call,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Return,
    Row,
    Stmt,
    everything,
    expressions,
    names_in,
)
from sqsctl.handlercode.scopes import Use, root_of

if TYPE_CHECKING:
    from sqsctl.handlercode.walker import Walker


# The arguments of a callback in Node.js's own form.
_ERROR_AND_DATA = 2


def chained(
    walker: Walker, frame: Frame, call: Call, callee: Member, use: Use, *, waited: bool
) -> Value:
    """``p.then(f, g)``, ``p.catch(g)``: g catches what p and what is chained before throws."""
    place = 1 if callee.name == "then" else 0
    handler = call.args[place] if callee.name != "finally" and len(call.args) > place else None
    inner = frame
    if handler is not None:
        inner = frame.trying(walker.number())
        quiet = call_names.telling_reference(handler)
        if isinstance(handler, Function) and use in {Use.DROPPED, Use.ANSWER}:
            quiet = silent(frame.scope.inside(handler.body, use), handler.body)
        if isinstance(handler, Name) and use in {Use.DROPPED, Use.ANSWER}:
            own = own_closure(walker, frame, handler)
            quiet = quiet or (
                own is not None
                and silent(frame.scope.apart(own.unit, own.function.body, use), own.function.body)
            )
        if quiet and use is not Use.USED:
            word = f".{callee.name}() callback"
            frame.region.tries.append(
                (
                    inner.tries[-1],
                    Sighting(
                        Fault.SILENT, frame.unit.path, handler.line or call.line, word, frame.loop
                    ),
                )
            )
    value_use = Use.USED if callee.name == "then" else use
    told = callee.name == "then" and settles_for_a_log(frame, callee.of, call.args[0])
    if told and use is not Use.USED:
        value_use = Use.DROPPED
    walker.value(inner, callee.of, value_use, waited=True)
    if callee.name == "then":
        closure = walker.value(inner, call.args[0], Use.USED)
        if isinstance(closure, Closure):
            done = walker.run(
                closure, (What.BODY,), use, waits=frame.waits, record=frame.record,
                depth=frame.depth + 1, around=frame,
            )  # fmt: skip
            inner.effect(strong=False, notes=done.notes)
    unwaited(frame, call, waited=waited)
    return What.BODY


def settles_for_a_log(frame: Frame, expr: Expr, callback: Expr) -> bool:
    """``(await Promise.allSettled(…)).map(f)``, where f only tells of each."""
    made = expr.value if isinstance(expr, Await) else expr
    if not isinstance(made, Call) or not call_names.settles(made.callee):
        return False
    if not isinstance(callback, Function):
        return False
    return silent(frame.scope.inside(callback.body, Use.DROPPED), callback.body)


def unwaited(frame: Frame, call: Call, *, waited: bool) -> None:
    if frame.waits and not waited:
        note(frame, Fault.UNWAITED, call.line, "a promise that nobody awaits")


def note(frame: Frame, fault: Fault, line: int, detail: str) -> None:
    """A fault of this statement, which counts where nothing else is done with the record."""
    sighting = Sighting(fault, frame.unit.path, line, detail, frame.loop)
    frame.effect(strong=False, notes=(sighting,))


def passed(walker: Walker, frame: Frame, call: Call, word: str, use: Use, *, waited: bool) -> Value:
    settles = any(
        key == "return_exceptions" and not (isinstance(each, Constant) and not each.value)
        for key, each in call.keywords
    )
    if settles:
        return settled(
            walker, frame, call, "asyncio.gather(return_exceptions=True)", use, waited=waited
        )
    many = word in {"all", "gather"}
    waited = waited or word in {"run", "run_until_complete"}
    if word in {"all", "race", "any"} and _rejects(walker, frame, call, waited=waited):
        return None
    inner = Use.DROPPED if many and use is Use.ANSWER else use
    made: Value = None
    for each in call.args:
        if isinstance(each, Row):
            for one in each.items:
                made = walker.value(frame, one, inner, waited=waited) or made
        else:
            made = walker.value(frame, each, inner, waited=waited) or made
    if many and not waited and frame.waits and isinstance(made, What):
        unwaited(frame, call, waited=False)
    return What.BODY if many and made in LISTS else made


def settled(
    walker: Walker, frame: Frame, call: Call, word: str, use: Use, *, waited: bool
) -> Value:
    if word.startswith("Promise") and _rejects(walker, frame, call, waited=waited):
        return None
    made: Value = None
    for each in call.args:
        items = each.items if isinstance(each, Row) else (each,)
        for one in items:
            made = walker.value(frame, one, Use.USED) or made
    if made in {What.RECORDS, What.BODIES}:
        walker.order.processor(frame.unit.path, call.line, f"{word} tries all records")
    if use in {Use.DROPPED, Use.ANSWER} and isinstance(made, What):
        note(frame, Fault.SILENT, call.line, f"{word} whose results nobody reads")
    if isinstance(made, What):
        unwaited(frame, call, waited=waited)
    return What.BODY if made in LISTS else made


def _rejects(walker: Walker, frame: Frame, call: Call, *, waited: bool) -> bool:
    """``Promise.all(records.forEach(…))``: forEach gives undefined, which is no list."""
    given = call.args[0] if call.args else None
    if isinstance(given, Name):
        bound = [value for _, value in frame.scope.index.values.get(given.id, [])]
        given = bound[0] if len(bound) == 1 else None
    if not isinstance(given, Call) or call_names.last_of(given.callee) != "forEach":
        return False
    for each in call.args:
        walker.value(frame, each, Use.USED, waited=True)
    if waited and not frame.tries:
        word = f"{call_names.last_of(getattr(call.callee, 'of', call.callee))}"
        detail = f"{word}.{call_names.last_of(call.callee)}(….forEach(…))"
        walker.found[Sighting(Fault.REJECTS, frame.unit.path, call.line, detail)] = None
    return True


def collected(frame: Frame, call: Call) -> Use:
    """Who gets the values that ``list.push(…)`` keeps; of promises, errors go their own way."""
    root = root_of(call.callee.of) if isinstance(call.callee, Member) else None
    if root is None:
        return Use.USED
    if not heard(frame.scope, root):
        return Use.DROPPED
    values = {id(value) for _, value in frame.scope.index.values.get(root, ())}
    for stmt in frame.scope.index.mentions.get(root, ()):
        made = any(id(each) in values for each in expressions(stmt))
        if not made and call not in set(everything((stmt,))) and not _only_waits(frame, stmt, root):
            return Use.USED
    return Use.DROPPED


def _only_waits(frame: Frame, stmt: Stmt, name: str) -> bool:
    """``await Promise.all(list)`` whose value nobody takes."""
    value = getattr(stmt, "value", None)
    taken = isinstance(stmt, Bind) and any(heard(frame.scope, one) for one in names_in(stmt.target))
    taken = taken or (isinstance(stmt, Return) and frame.use is not Use.ANSWER)
    made = value.value if isinstance(value, Await) else value
    if taken or not isinstance(made, Call) or not call_names.passes(made.callee):
        return False
    return all(isinstance(each, Name) and each.id == name for each in made.args)


_ERROR_FIRST = re.compile(r"(?i)e|\w*err(?:or)?|ex|exception")


def told_by_callback(frame: Frame, call: Call) -> None:
    """``db.put(item, (error, data) => …)`` whose callback does no more than log."""
    last = call.args[-1] if call.args else None
    if not isinstance(last, Function) or len(last.params) < _ERROR_AND_DATA:
        return
    first = last.params[0]
    if not isinstance(first, Name) or not _ERROR_FIRST.fullmatch(first.id):
        return
    if silent(frame.scope.inside(last.body, Use.DROPPED), last.body):
        word = f"{call_names.last_of(call.callee)}() with a callback that only logs"
        note(frame, Fault.UNWAITED if frame.waits else Fault.SILENT, call.line, word)


def executor_like(expr: Expr) -> bool:
    word = call_names.last_of(expr).lower()
    return word in {
        "executor",
        "pool",
        "ex",
        "tpe",
        "threadpool",
        "thread_pool",
        "exe",
    } or word.endswith(("executor", "pool"))


def submitted(walker: Walker, frame: Frame, call: Call, name: str, use: Use) -> Value:
    """An executor keeps an error until somebody asks for the result."""
    closure = walker.value(frame, call.args[0], Use.USED)
    given = tuple(walker.value(frame, each, Use.USED) for each in call.args[1:])
    if not any(isinstance(each, What) for each in given):
        return None
    if isinstance(closure, Closure):
        if name == "map":
            elements = {What.RECORDS: What.RECORD, What.BODIES: What.BODY}
            given = tuple(
                elements.get(each, each) if isinstance(each, What) else each for each in given
            )
        inner = Use.USED if use is Use.USED else Use.DROPPED
        done = walker.run(closure, given, inner, record=True, depth=frame.depth + 1)
        frame.effect(strong=done.does, notes=done.notes)
    walker.order.processor(frame.unit.path, call.line, f"executor.{name} begins all records")
    if use in {Use.DROPPED, Use.ANSWER}:
        word = "executor.map" if name == "map" else "executor.submit"
        note(frame, Fault.SILENT, call.line, f"{word} whose results nobody asks for")
    return What.BODY


def thread(walker: Walker, frame: Frame, call: Call) -> Value:
    named = dict(call.keywords)
    closure = walker.value(frame, named["target"], Use.USED) if "target" in named else None
    args = named.get("args")
    given = tuple(
        walker.value(frame, each, Use.USED)
        for each in (args.items if isinstance(args, Row) else ())
    )
    if any(isinstance(each, What) for each in given) or frame.record:
        if isinstance(closure, Closure):
            walker.run(closure, given, Use.DROPPED, record=True, depth=frame.depth + 1)
        note(frame, Fault.SILENT, call.line, "a thread, whose errors end in it")
    return None
