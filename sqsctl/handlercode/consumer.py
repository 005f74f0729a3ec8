"""What a consumer's code does with its batch, read from its package and never run.

The handler is followed into the functions of the package that it calls. What cannot be followed
is nothing found: a value that is given to code which is not here counts as heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqsctl.handlercode import call_names
from sqsctl.handlercode.batch_answers import Problem
from sqsctl.handlercode.frames import Closure, Fault, Frame, Region, Sighting, What
from sqsctl.handlercode.identifiers import throws_ids
from sqsctl.handlercode.parsing.gc_pause import uncollected
from sqsctl.handlercode.parsing.source_files import Unit
from sqsctl.handlercode.parsing.syntax import (
    Call,
    Expr,
    Function,
    Member,
    Name,
    Row,
    everything,
    within,
)
from sqsctl.handlercode.program import Placed, Program, program_of
from sqsctl.handlercode.queue_calls import QueueCalls, queue_calls
from sqsctl.handlercode.scopes import Scope, Use, own_function
from sqsctl.handlercode.walker import Walker

# Wrappers that give Lambda what the handler returned.
_TRANSPARENT = frozenset({
    "middy", "wrapHandler", "captureLambdaHandler", "injectLambdaContext", "logMetrics", "datadog",
    "inject_lambda_context", "capture_lambda_handler", "log_metrics", "event_source",
    "datadog_lambda_wrapper", "capture_method", "serverless_function", "instrument", "observe",
    "wrap_handler", "patch_lambda", "AWSLambda", "lambda_handler", "use", "handler",
    "before", "after", "onError", "event_parser", "wraps", "xray_recorder", "capture",
})  # fmt: skip


# Modules whose middlewares are known not to make up for an error that the handler swallowed.
_LEAVES_ANSWERS = re.compile("middy|powertools|datadog", re.IGNORECASE)

# What finding out about a bundle's calls of queues may cost, in looks at an expression.
_STEPS = 30_000


@dataclass(frozen=True, slots=True)
class Consumer:
    """What was found. ``followed``: the handler itself was found, and nothing unknown is around it.

    ``reports`` are places where records are reported as failed, the handler's first. ``goes_on``
    is where records are handled after one that failed and is reported.
    """

    faults: tuple[Sighting, ...] = ()
    reports: tuple[tuple[str, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    followed: bool = False
    goes_on: Sighting | None = None

    def first(self, *faults: Fault) -> Sighting | None:
        return next((each for each in self.faults if each.fault in faults), None)


def consumer(handler: str, sources: Iterable[tuple[str, str]]) -> Consumer:
    """Read a handler and the sources of its package, paths and texts."""
    return _read(handler, tuple(sorted(sources)))[0]


def calls_of_queues(handler: str, sources: Iterable[tuple[str, str]]) -> QueueCalls:
    """What a handler does with queues, by the sources of its package, paths and texts."""
    return _read(handler, tuple(sorted(sources)))[1]


@lru_cache(maxsize=32)
def _read(handler: str, sources: tuple[tuple[str, str], ...]) -> tuple[Consumer, QueueCalls]:
    with uncollected():
        program = program_of(dict(sources))
        try:
            found = _follow(handler, program)
            program.rest(_STEPS)
            return found, queue_calls(handler, program)
        except RecursionError:
            return found, QueueCalls()
        finally:
            program.forget()


def _follow(handler: str, program: Program) -> Consumer:
    walker = Walker(program)
    entry = _Entry(walker)
    try:
        placed = program.handler(handler)
        found = entry.follow(placed) if placed else None
        if found is None:
            found = entry.all_with_records()
        left = walker.order.lost(walker.coverage)
        faults = dict.fromkeys((*walker.found, *found, *entry.coverage(), *left))
        problems = walker.answers.problems(throws_ids=throws_ids(walker.coverage.bodies))
    except RecursionError:
        return Consumer()
    order = list(Fault)
    if any(each.fault is Fault.REJECTS for each in faults):
        # What failed comes back then, with all the others.
        faults = {each: None for each in faults if each.fault not in {Fault.UNWAITED, Fault.SILENT}}
    if walker.answers.reports:
        # Which messages come back is decided there: what is passed over is so on purpose.
        faults = {each: None for each in faults if each.fault is not Fault.DROPPED}
    if not entry.followed:
        # What is around it may give it another event.
        faults = {each: None for each in faults if each.fault is not Fault.SHAPE}
    return Consumer(
        tuple(sorted(faults, key=lambda each: (order.index(each.fault), each.path, each.line))),
        tuple(dict.fromkeys(walker.answers.reports)),
        problems,
        entry.followed and not program.unread,
        _goes_on(program, walker),
    )


def _goes_on(program: Program, walker: Walker) -> Sighting | None:
    """Where a consumer that reports goes on after a failure; libraries have a way for FIFO."""
    units = [one for each in program.units.values() for one in (each, *each.inner)]
    fifo = any(
        "Fifo" in name or "Fifo" in each.name
        for unit in units
        for name, each in unit.imports.items()
    )
    if not walker.answers.reports or fifo or not walker.order.on:
        return None
    return walker.order.on[0]


# What a decorator is given, by a name that no source has.
_DECORATED = "@decorated"


class _Entry:
    """Finds the function behind a handler setting, through what is wrapped around it."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.program: Program = walker.program
        self.followed = False
        self._use = Use.ANSWER
        self._path = ""

    def coverage(self) -> tuple[Sighting, ...]:
        """Whether only single records are handled, where all of the code was followed."""
        whole = self.followed and not self.program.unread
        found = self.walker.coverage.judge(self._path) if whole else None
        return (found,) if found else ()

    def follow(self, placed: Placed) -> tuple[Sighting, ...] | None:
        """The faults of what the setting names; None where that is no function to be found."""
        closure = self._closure(placed)
        if closure is None:
            return None
        given = self._decorated(closure)
        closure = self._through_own(closure)
        self.followed = self._use is Use.ANSWER
        if given is What.EVENT:
            self.walker.coverage.handler = closure.function
            self._path = closure.unit.path
        if self._use is Use.WRAPPED:
            self.walker.answers.answered = True
        waits = closure.unit.path.endswith("js") and _is_async(closure.function)
        return self.walker.run(closure, (given, None), self._use, waits=waits).notes

    def all_with_records(self) -> tuple[Sighting, ...]:
        """Where the handler is not to be found: every function that reads an event's records."""
        found: tuple[Sighting, ...] = ()
        self.walker.answers.answered = True
        for unit in [one for each in self.program.units.values() for one in (each, *each.inner)]:
            for name in [*unit.values, *unit.waiting]:
                value = unit.value(name)
                if isinstance(value, Function) and _reads_records(value):
                    closure = Closure(unit, value, {})
                    found += self.walker.run(closure, (What.EVENT,), Use.WRAPPED).notes
        return found

    def _closure(self, placed: Placed) -> Closure | None:
        value = placed.value
        if isinstance(value, Function):
            return Closure(placed.unit, value, {})
        if isinstance(value, Call):
            return self._instance(placed, value) or self._wrapped(placed, value)
        if isinstance(value, Name | Member):
            own = own_function(self.program, placed.unit, value)
            return Closure(*own, {}) if own else None
        return None

    def _instance(self, placed: Placed, call: Call) -> Closure | None:
        """``handler = Worker()``: what a call of the instance runs."""
        made = isinstance(call.callee, Name) and self.program.class_of(placed.unit, call.callee.id)
        if not made:
            return None
        method = self.program.method_of(*made, "__call__")
        return Closure(*method, {}) if method else None

    def _through_own(self, closure: Closure) -> Closure:
        """The function that the program's own decorators make of it, the innermost first."""
        for each in reversed(closure.function.decorators):
            made = self._made_by(each, closure)
            if made is None and self._own(each, closure.unit):
                self._use = Use.WRAPPED  # what it makes of the handler is not known
            closure = made or closure
        return closure

    def _made_by(self, decorator: Expr, closure: Closure) -> Closure | None:
        if not self._own(decorator, closure.unit):
            return None
        frame = _outside(self.program, Placed(closure.unit, decorator), self._use)
        frame.env[_DECORATED] = closure
        made = self.walker.value(frame, Call(decorator, (Name(_DECORATED),)), Use.USED)
        return made if isinstance(made, Closure) else None

    def _own(self, decorator: Expr, unit: Unit) -> bool:
        callee = decorator.callee if isinstance(decorator, Call) else decorator
        return own_function(self.program, unit, callee) is not None

    def _wrapped(self, placed: Placed, call: Call) -> Closure | None:
        """``middy(f).use(…)``, ``middy().handler(f)``, ``worker.handle.bind(worker)``, own ones."""
        own = own_function(self.program, placed.unit, call.callee)
        if own is not None:
            frame = _outside(self.program, placed, self._use)
            made = self.walker.value(frame, call, Use.USED)
            if isinstance(made, Closure):
                return made
        if isinstance(call.callee, Member) and call.callee.name == "bind":
            return self._closure(Placed(placed.unit, call.callee.of))
        self._mind(placed, call)
        for each in _arguments(call):
            found = self._closure(Placed(placed.unit, each))
            if found is None and isinstance(each, Name):
                known = self.program.named(placed.unit, each.id)
                found = self._closure(known) if known else None
            if found is not None:
                return found
        return None

    def _mind(self, placed: Placed, call: Call) -> None:
        """What stands around a handler may read its answer."""
        for each in within(call):
            word = call_names.last_of(each) if isinstance(each, Name | Member) else ""
            imported = placed.unit.imports.get(word)
            names = (
                f"{word} {imported.module if imported else ''} {imported.name if imported else ''}"
            )
            if call_names.LISTENS.search(names):
                self._use = Use.WRAPPED
                self.walker.answers.reports.append((placed.unit.path, call.line))
                self.walker.order.processor(placed.unit.path, call.line, word)
        outer = _innermost(call)
        of = outer.of if isinstance(outer, Member) else outer
        imported = placed.unit.imports.get(of.id) if isinstance(of, Name) else None
        told = f"{call_names.last_of(outer)} {imported.module if imported else ''}"
        if call_names.last_of(outer) not in _TRANSPARENT and "middy" not in told.lower():
            self._use = Use.WRAPPED
        if any(self._unknown(placed.unit, each) for each in _middlewares(call)):
            self._use = Use.WRAPPED

    def _unknown(self, unit: Unit, middleware: Expr) -> bool:
        """Whether a middleware comes from a module that may change the event or the answer."""
        maker = middleware
        while isinstance(maker, Call | Member):
            maker = maker.callee if isinstance(maker, Call) else maker.of
        imported = unit.imports.get(maker.id) if isinstance(maker, Name) else None
        return imported is not None and not _LEAVES_ANSWERS.search(imported.module)

    def _decorated(self, closure: Closure) -> What:
        """What a decorated function is given."""
        given = What.EVENT
        for each in closure.function.decorators:
            call = each if isinstance(each, Call) else None
            word = call_names.last_of(call.callee if call else each)
            keywords = dict(call.keywords) if call else {}
            if word in call_names.BATCH_DECORATORS:
                self._records_handled(closure, keywords.get("record_handler"))
                if word != "sqs_batch_processor":
                    self.walker.answers.reports.append((closure.unit.path, each.line))
                    self.walker.order.processor(closure.unit.path, each.line, word)
                else:
                    self._use = Use.WRAPPED
            elif word not in _TRANSPARENT and not self._own(each, closure.unit):
                self._use = Use.WRAPPED
            if "envelope" in keywords:
                given = What.BODIES
        return given

    def _records_handled(self, closure: Closure, handler: Expr | None) -> None:
        self.walker.coverage.unseen = True
        own = own_function(self.program, closure.unit, handler) if handler else None
        if own is not None:
            made = Closure(*own, {})
            for each in self.walker.run(made, (What.RECORD,), Use.DROPPED, record=True).notes:
                self.walker.found[each] = None


def _outside(program: Program, placed: Placed, use: Use) -> Frame:
    """Where a file's own statements stand."""
    return Frame(Scope(program, placed.unit, (), use), {}, Region())


def _innermost(call: Call) -> Expr:
    """``middy`` of ``middy(f).use(x).use(y)``."""
    callee: Expr = call.callee
    while isinstance(callee, Member | Call):
        of = callee.of if isinstance(callee, Member) else callee.callee
        if not isinstance(of, Member | Call):
            return of if isinstance(callee, Call) else callee
        callee = of
    return callee


def _middlewares(call: Call) -> Iterator[Expr]:
    """What ``middy(f).use(a).use([b, c])`` puts around a handler."""
    for each in within(call):
        if isinstance(each, Call) and isinstance(each.callee, Member) and each.callee.name == "use":
            for given in each.args:
                yield from given.items if isinstance(given, Row) else (given,)


def _arguments(call: Call) -> Iterator[Expr]:
    """Arguments of a chain of calls, the innermost call's first."""
    if isinstance(call.callee, Member) and isinstance(call.callee.of, Call):
        yield from _arguments(call.callee.of)
    elif isinstance(call.callee, Call):
        yield from _arguments(call.callee)
    yield from call.args


def _is_async(function: Function) -> bool:
    if function.asynchronous:
        return True
    return any(
        isinstance(each, Function) and each.asynchronous and each.name == "" and not each.params
        for stmt in function.body[-1:]
        for expr in (getattr(stmt, "value", None),)
        if isinstance(expr, Call)
        for each in (expr.callee,)
    )


def _reads_records(function: Function) -> bool:
    return any(
        isinstance(each, Member) and each.name == "Records" for each in everything(function.body)
    )
