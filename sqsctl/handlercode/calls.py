"""What a call does with what it is given: runs it, iterates, waits, drops, or only tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.handlercode import call_names
from sqsctl.handlercode.awaiting import (
    chained,
    collected,
    executor_like,
    note,
    passed,
    settled,
    settles_for_a_log,
    submitted,
    thread,
    told_by_callback,
    unwaited,
)
from sqsctl.handlercode.closures import asynchronous, own_closure, returned_closure
from sqsctl.handlercode.event_fields import needed
from sqsctl.handlercode.frames import LISTS, Closure, Fault, Frame, Value, What
from sqsctl.handlercode.parsing.syntax import (
    Await,
    Call,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Return,
)
from sqsctl.handlercode.scopes import Use

if TYPE_CHECKING:
    from sqsctl.handlercode.walker import Walker


# A class's name as minifiers leave it.
_MINIFIED = 2


class _Unknown:
    """No method that is known here."""


def call_value(walker: Walker, frame: Frame, call: Call, use: Use, *, waited: bool) -> Value:
    """Follow a call; what of the event it gives."""
    walker.answers.called(frame, call, use)
    callee = call.callee
    if call_names.tells(call):
        for each in call.args:
            walker.value(frame, each, Use.USED)
            walker.coverage.told(each)
        return None
    walker.coverage.looked_at(call)
    if isinstance(callee, Member):
        made = _method(walker, frame, call, callee, use, waited=waited)
        if not isinstance(made, _Unknown):
            return made
    word = call_names.last_of(callee)
    if word == "next" and call.args and not frame.repeats:
        return _next(walker, frame, call)
    if word in call_names.POWERTOOLS or _original(frame, callee) in call_names.POWERTOOLS:
        return _powertools(walker, frame, call)
    if call_names.passes(callee) and call.args and not call.new:
        return passed(walker, frame, call, word, use, waited=waited)
    if call_names.settles(callee) and call.args:
        return settled(walker, frame, call, "Promise.allSettled", use, waited=waited)
    if word == "Thread":
        return thread(walker, frame, call)
    own = own_closure(walker, frame, callee)
    if own is not None:
        return _own_call(walker, frame, call, own, use, waited=waited)
    return _unknown(walker, frame, call, word, use, waited=waited)


def _original(frame: Frame, callee: Expr) -> str:
    """The name under which something was imported."""
    imported = frame.unit.imports.get(callee.id) if isinstance(callee, Name) else None
    return imported.name if imported else ""


def _method(
    walker: Walker, frame: Frame, call: Call, callee: Member, use: Use, *, waited: bool
) -> Value | _Unknown:
    """What methods of lists, promises and executors do; ``_Unknown`` of any other."""
    name, args = callee.name, call.args
    if name in {"catch", "then", "finally"} and (args or name == "finally"):
        return chained(walker, frame, call, callee, use, waited=waited)
    if name in {"bind", "call", "apply"} and isinstance(callee.of, Name | Member):
        own = own_closure(walker, frame, callee.of)
        if own is None:
            return _Unknown()
        if name == "bind":
            return own
        return _own_call(
            walker, frame, Call(callee.of, args[1:], (), call.line), own, use, waited=waited
        )
    if name == "promise" and not args:
        made = walker.value(frame, callee.of, use)
        unwaited(frame, call, waited=waited)
        return made
    if name in {"pop", "shift", "at"}:
        return _one_of(walker, frame, call, callee)
    if name in call_names.ITERATES and args:
        told = use is not Use.USED and settles_for_a_log(frame, callee.of, args[0])
        of = walker.value(frame, callee.of, Use.DROPPED if told else Use.USED)
        needed(walker, of)
        if isinstance(of, What) and of in LISTS:
            return _iterated(walker, frame, call, of, use, waited=waited)
        if isinstance(of, What):
            _callbacks(walker, frame, call, Use.USED, What.BODY)
            return What.BODY
    if name in {"submit", "map"} and executor_like(callee.of) and args:
        return submitted(walker, frame, call, name, use)
    return _Unknown()


def _next(walker: Walker, frame: Frame, call: Call) -> Value:
    """``next(iter(records))``"""
    of = walker.value(frame, call.args[0], Use.USED)
    if of is not What.RECORDS:
        return What.BODY if isinstance(of, What) else None
    walker.coverage.took(frame, call.args[0], call.line, "next(…)")
    return What.RECORD


def _one_of(walker: Walker, frame: Frame, call: Call, callee: Member) -> Value | _Unknown:
    """``event.Records.pop()``, ``records.at(0)``: a record, not in a loop that takes them all."""
    off = callee.name in {"pop", "shift"} and isinstance(callee.of, Member) and not frame.repeats
    at = callee.name == "at" and call.args and isinstance(call.args[0], Constant)
    if not off and not at:
        return _Unknown()
    if walker.value(frame, callee.of, Use.USED) is not What.RECORDS:
        return _Unknown()
    walker.coverage.took(frame, callee.of, call.line, f".{callee.name}()")
    return What.RECORD


def _iterated(
    walker: Walker, frame: Frame, call: Call, of: What, use: Use, *, waited: bool
) -> Value:
    """``records.map(f)`` and its like."""
    name = call_names.last_of(call.callee)
    closure = walker.value(frame, call.args[0], Use.USED)
    if not isinstance(closure, Closure):
        return _listed(name, of, None)
    element = What.RECORD if of is What.RECORDS else What.BODY
    given: tuple[Value, ...] = (element,)
    inner = Use.DROPPED if name in {"forEach", "for_each"} else use
    if name == "reduce":
        given, inner = (None, element), use if use is Use.DROPPED else Use.USED
    elif name in {"filter", "some", "every", "find"}:
        inner = Use.USED
    elif inner is Use.ANSWER:
        inner = Use.DROPPED
    elif inner is Use.WRAPPED:
        inner = Use.USED
    done = walker.run(
        closure, given, inner, waits=frame.waits, record=True, depth=frame.depth + 1, around=frame
    )
    strong = done.does and name not in {"filter", "some", "every", "find"}
    frame.effect(strong=strong, notes=done.notes)
    if of is What.RECORDS and done.does:
        waits = asynchronous(walker, closure)
        walker.order.callback(frame, call, closure, waits=waits)
    if frame.waits and asynchronous(walker, closure):
        if name in {"forEach", "for_each"}:
            note(frame, Fault.UNWAITED, call.line, "forEach waits for no async function")
        elif name in {"map", "flatMap"} and not waited:
            note(frame, Fault.UNWAITED, call.line, "map of an async function, not awaited")
    return _listed(name, of, closure.function)


def _listed(name: str, of: What, function: Function | None) -> What:
    """What ``map`` and ``filter`` make of a list: ``x => x`` leaves its elements as they are."""
    if name == "filter":
        return of
    if name not in {"map", "flatMap"}:
        return What.BODY
    only = function.body[-1] if function and function.body else None
    value = only.value if isinstance(only, Return) else None
    first = function.params[0] if function and function.params else None
    same = isinstance(value, Name) and isinstance(first, Name) and value.id == first.id
    return of if same else What.BODIES


def _powertools(walker: Walker, frame: Frame, call: Call) -> Value:
    walker.order.processor(frame.unit.path, call.line, f"{call_names.last_of(call.callee)}()")
    for each in (*call.args, *(value for _, value in call.keywords)):
        closure = walker.value(frame, each, Use.USED)
        if isinstance(closure, Closure):
            done = walker.run(
                closure,
                (What.RECORD,),
                Use.DROPPED,
                waits=asynchronous(walker, closure),
                record=True,
                depth=frame.depth + 1,
                around=frame,
            )
            frame.effect(strong=done.does, notes=done.notes)
    return None


def _own_call(
    walker: Walker, frame: Frame, call: Call, own: Closure, use: Use, *, waited: bool
) -> Value:
    args = [walker.value(frame, each, Use.USED) for each in call.args]
    for each in (*call.args, *(value for _, value in call.keywords)):
        walker.coverage.spare(each)
    names = [each.id if isinstance(each, Name) else "" for each in own.function.params]
    if own.function.method:
        names = names[1:]
    for key, each in call.keywords:
        made = walker.value(frame, each, Use.USED)
        if key in names:
            at = names.index(key)
            args += [None] * (at + 1 - len(args))
            args[at] = made
    returned = returned_closure(own, args)
    if returned is not None:
        return returned
    waits = frame.waits or (use is Use.ANSWER and asynchronous(walker, own))
    done = walker.run(
        own, tuple(args), use, waits=waits, record=frame.record, depth=frame.depth + 1,
        around=frame,
    )  # fmt: skip
    about = any(isinstance(each, What) for each in args) or own.function is call.callee
    if about:
        strong = (
            done.does
            and use is not Use.USED
            and not call_names.pure(call)
            and not call_names.tidies(call)
        )
        frame.effect(strong=strong, notes=done.notes)
        # A coroutine that nobody awaits never begins; a promise is left behind by an async handler.
        python = frame.unit.path.endswith(".py")
        left = own.function.asynchronous if python else frame.waits and asynchronous(walker, own)
        if left and not waited and not call_names.tidies(call):
            note(frame, Fault.UNWAITED, call.line,
                f"{call_names.last_of(call.callee) or 'an async function'}() is not awaited",
            )  # fmt: skip
    elif done.notes:
        frame.effect(strong=False, notes=done.notes)
    return What.BODY if about else None


def _callbacks(walker: Walker, frame: Frame, call: Call, use: Use, given: What) -> None:
    for each in (*call.args, *(value for _, value in call.keywords)):
        closure = walker.value(frame, each, Use.USED) if isinstance(each, Function | Name) else None
        if isinstance(closure, Closure):
            done = walker.run(
                closure, (given, given), use, waits=frame.waits, record=True,
                depth=frame.depth + 1, around=frame,
            )  # fmt: skip
            frame.effect(strong=False, notes=done.notes)


def _unknown(
    walker: Walker, frame: Frame, call: Call, word: str, use: Use, *, waited: bool
) -> Value:
    """Code that is not here: it handles what it is given, and hears what it is told."""
    kept = collected(frame, call) if word in call_names.COLLECTS else Use.USED
    made = [walker.value(frame, each, kept) for each in call.args]
    made += [walker.value(frame, each, Use.USED) for _, each in call.keywords]
    receiver = (
        walker.value(frame, call.callee.of, Use.USED) if isinstance(call.callee, Member) else None
    )
    if isinstance(call.callee, Call):
        receiver = walker.value(frame, call.callee, Use.USED)
    needed(walker, receiver)
    if word in {"parse", "loads"}:
        for known in made:
            needed(walker, known)
    about = [each for each in (*made, receiver) if isinstance(each, What)]
    closures = [each for each in made if isinstance(each, Closure)]
    if closures:
        _run_by_others(walker, frame, call, use, closures, about)
    if about and Use.USED not in {use, frame.use}:
        told_by_callback(frame, call)
    if word in call_names.SAME:
        for each in (*LISTS, What.EVENT):
            if each in about:
                return each
    if (about or closures) and not call_names.pure(call):
        told = bool([each for each in made if isinstance(each, What)])
        if told or waited:
            strong = use in {Use.DROPPED, Use.ANSWER, Use.WRAPPED} and not call_names.tidies(call)
            frame.effect(strong=strong and (told or frame.record))
    if not waited:
        _left_behind(frame, call, word, about=bool(about))
    return What.BODY if about else None


def _run_by_others(
    walker: Walker, frame: Frame, call: Call, use: Use, closures: list[Closure], about: list[What]
) -> None:
    """Functions that are given to code which is not here, or to a promise."""
    word = call_names.last_of(call.callee)
    executor = call.new and word == "Promise"
    nobody = (executor or call_names.EACH.fullmatch(word)) and use is not Use.USED
    inner = Use.DROPPED if nobody else Use.USED
    given = What.RECORD if What.RECORDS in about or What.EVENT in about else What.BODY
    for closure in closures:
        done = walker.run(
            closure, () if executor else (given,), inner, waits=frame.waits and not executor,
            record=frame.record or given is What.RECORD, depth=frame.depth + 1, around=frame,
        )  # fmt: skip
        if about or executor:
            frame.effect(strong=False, notes=done.notes)


def _left_behind(frame: Frame, call: Call, word: str, *, about: bool) -> None:
    """What nobody waits for: Python's ``map`` is lazy, and an SDK's call is a promise."""
    if word == "map" and about and frame.unit.path.endswith(".py"):
        note(frame, Fault.UNWAITED, call.line, "map() that nobody goes through")
    if frame.waits and _sends(call):
        unwaited(frame, call, waited=False)


def _sends(call: Call) -> bool:
    """``client.send(new SomeCommand(…))``: the call of an SDK, which is a promise."""
    if not isinstance(call.callee, Member) or call.callee.name != "send" or not call.args:
        return False
    first = call.args[0]
    made = first.value if isinstance(first, Await) else first
    if not isinstance(made, Call) or not made.new:
        return False
    name = call_names.last_of(made.callee)
    return name.endswith("Command") or len(name) <= _MINIFIED
