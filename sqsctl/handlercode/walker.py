"""Walk a handler's statements, with what each name is of the event."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sqsctl.handlercode import call_names
from sqsctl.handlercode.batch_answers import Answers
from sqsctl.handlercode.calls import call_value
from sqsctl.handlercode.error_flow import heard, silent
from sqsctl.handlercode.frames import Closure, Fault, Followed, Frame, Region, Sighting, Value, What
from sqsctl.handlercode.program import Program
from sqsctl.handlercode.reports import may_report
from sqsctl.handlercode.scopes import Scope, Use
from sqsctl.handlercode.syntax import (
    Assign,
    Await,
    Bind,
    Call,
    Catch,
    Choice,
    Constant,
    Do,
    Expr,
    Function,
    Group,
    If,
    Item,
    Loop,
    Member,
    Name,
    Other,
    Raise,
    Return,
    Row,
    Stmt,
    Table,
    Try,
    everything,
    names_in,
    parts,
    statements,
    within,
)

_DEEPEST = 14
_MOST_RUNS = 600
_FAILED_STATUS = 400


class Walker:
    """Follows one handler. ``found`` are faults that need no weighing; ``run`` gives the rest."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[Sighting, None] = {}
        self.answers = Answers()
        self._numbers = count(1)
        self._runs: dict[object, Followed] = {}

    def number(self) -> int:
        """A number that no statement, try or choice has yet."""
        return next(self._numbers)

    def run(
        self,
        closure: Closure,
        args: tuple[Value, ...],
        use: Use,
        *,
        waits: bool = False,
        record: bool = False,
        depth: int = 0,
        around: Frame | None = None,
    ) -> Followed:
        """Follow a function; its faults count unless something else is done, too."""
        function = closure.function
        key = (id(function), tuple(a if isinstance(a, What) else id(a) for a in args), use, record)
        if key in self._runs or depth > _DEEPEST or len(self._runs) > _MOST_RUNS:
            return self._runs.get(key, Followed(does=True))
        self._runs[key] = Followed(does=True)
        scope = Scope(self.program, closure.unit, function.body, use, 0)
        if around is not None and _stands_in(around, function):
            scope = Scope(self.program, closure.unit, function.body, use, 0, around=around.scope)
        region = Region()
        env = dict(closure.env)
        frame = Frame(scope, env, region, waits=waits, record=record, depth=depth)
        params = (
            function.params[1:]
            if function.method and not closure.unit.path.endswith("js")
            else function.params
        )
        for index, param in enumerate(params):
            self.bind(frame, param, args[index] if index < len(args) else None)
        self.block(frame, function.body)
        self.answers.ended(frame)
        self._runs[key] = region.close()
        return self._runs[key]

    # --- statements ----------------------------------------------------------------------------

    def block(self, frame: Frame, body: tuple[Stmt, ...]) -> None:
        for stmt in body:
            self.statement(frame, stmt)

    def statement(self, frame: Frame, stmt: Stmt) -> None:
        frame = replace(frame, at=self.number())
        match stmt:
            case Do():
                self.value(frame, stmt.value, Use.DROPPED, waited=False)
            case Bind():
                self._bound(frame, stmt.target, stmt.value)
            case Return():
                self._return(frame, stmt)
            case Raise():
                if stmt.value:
                    self.value(frame, stmt.value, Use.USED)
                    # An error that the code itself makes of a record is about its work.
                    frame.effect(strong=False)
            case Loop():
                self._loop(frame, stmt)
            case Try():
                self._try(frame, stmt)
            case If():
                self._if(frame, stmt)
            case Group():
                self.block(frame, stmt.body)

    def _bound(self, frame: Frame, target: Expr, value: Expr) -> Value:
        names = names_in(target) if isinstance(target, Name | Table | Row) else ()
        use, waited = Use.USED, True
        if names and not isinstance(value, Function):
            use = Use.USED if any(heard(frame.scope, each) for each in names) else Use.DROPPED
            waited = any(_read(frame, each) for each in names)
        made = self.value(frame, value, use, waited=waited)
        if frame.record and isinstance(made, What) and _adds_to(target, value):
            frame.effect(strong=True)
        self.answers.bound(frame, target, value)
        self.bind(frame, target, made)
        return made

    def bind(self, frame: Frame, target: Expr, made: Value) -> None:
        match target:
            case Name():
                frame.env[target.id] = made
            case Table():
                for key, inner in target.entries:
                    self.bind(frame, inner, _member(made, key) if isinstance(made, What) else None)
            case Row():
                for inner in target.items:
                    # Of (index, record) the first is bound as a record, too: it does no harm.
                    self.bind(frame, inner, made if isinstance(made, What) else None)
            case _:
                return

    def _return(self, frame: Frame, stmt: Return) -> None:
        value = stmt.value
        if frame.loop and frame.use is not Use.USED:
            reported = value is not None and may_report(frame.scope, value)
            if not reported:
                self.found[
                    Sighting(Fault.EARLY, frame.unit.path, stmt.line, "return", frame.loop)
                ] = None
        if value is None:
            return
        plain = not frame.tries and not frame.asked and not frame.loop
        if frame.use is Use.ANSWER and plain and _failed_status(value):
            self.found[
                Sighting(Fault.STATUS, frame.unit.path, stmt.line, "return {statusCode…}")
            ] = None
        self.answers.returned(frame, value)
        self.value(frame, value, frame.use)

    def _loop(self, frame: Frame, stmt: Loop) -> None:
        over = self.value(frame, stmt.over, Use.USED) if stmt.over else None
        batch = over in {What.RECORDS, What.BODIES}
        if not batch and not (over is What.RECORD and isinstance(stmt.over, Name)):
            if stmt.each:
                self.bind(frame, stmt.each, What.BODY if isinstance(over, What) else None)
            self.block(frame, stmt.body)
            return
        region = Region()
        inner = frame.of_record(region, stmt.line)
        if stmt.each:
            self.bind(inner, stmt.each, What.BODY if over is What.BODIES else What.RECORD)
        self.block(inner, stmt.body)
        done = region.close()
        if frame.use is Use.DROPPED and not done.does:
            self._looks_only(frame.unit.path, stmt.line)
        frame.effect(strong=done.does, notes=done.notes)

    def _looks_only(self, path: str, loop: int) -> None:
        """A helper's loop that does nothing to the records may end with the one it looks for."""
        for each in list(self.found):
            if (each.fault, each.path, each.loop_line) == (Fault.EARLY, path, loop):
                del self.found[each]

    def _if(self, frame: Frame, stmt: If) -> None:
        self.value(frame, stmt.test, Use.USED)
        number = self.number()
        frame = replace(frame, asked=frame.asked or _asks_for_records(frame, stmt.test))
        cases = stmt.then if stmt.then and all(isinstance(e, Group) for e in stmt.then) else None
        if cases is not None and not stmt.otherwise:
            for index, each in enumerate(cases):
                self.statement(frame.on(number, index), each)
            return
        self.block(frame.on(number, 0), stmt.then)
        self.block(frame.on(number, 1), stmt.otherwise)

    def _try(self, frame: Frame, stmt: Try) -> None:
        number = self.number()
        self.block(frame.trying(number), stmt.body)
        for each in stmt.catches:
            quiet = self._is_silent(frame, each) and _is_of_here(frame, stmt.body)
            if quiet:
                path = frame.unit.path
                words_ = _caught(each, python=path.endswith(".py"))
                frame.region.tries.append(
                    (number, Sighting(Fault.SILENT, path, each.line, words_, frame.loop))
                )
            if each.param:
                frame.env[each.param] = None
            # What a catch does is no work on the record, but may be an answer.
            aside = replace(frame, region=Region(), tries=(*frame.tries, number))
            self.block(aside, each.body)
        if any(isinstance(each, Return) for each in statements(stmt.final, nested=False)):
            sighting = Sighting(
                Fault.SILENT, frame.unit.path, stmt.final[0].line, "return in finally", frame.loop
            )
            frame.region.tries.append((number, sighting))
        self.block(frame, stmt.final)

    def _is_silent(self, frame: Frame, each: Catch) -> bool:
        if each.kinds and not call_names.BROAD.intersection(each.kinds):
            return False
        if frame.use is Use.USED and not frame.loop:
            return False
        return silent(frame.scope, each.body)

    # --- values --------------------------------------------------------------------------------

    def value(self, frame: Frame, expr: Expr, use: Use, *, waited: bool = True) -> Value:
        """Follow an expression: what of the event it is. ``use``: who gets its value."""
        match expr:
            case Name():
                return self.name(frame, expr)
            case Member():
                of = self.value(frame, expr.of, Use.USED)
                return _member(of, expr.name) if isinstance(of, What) else None
            case Item():
                of = self.value(frame, expr.of, Use.USED)
                self.value(frame, expr.index, Use.USED)
                if of is What.RECORDS:
                    return What.RECORD
                return What.BODY if of in {What.BODY, What.RECORD, What.BODIES} else None
            case Call():
                return call_value(self, frame, expr, use, waited=waited)
            case Await():
                return self.value(frame, expr.value, use, waited=True)
            case Choice():
                return self._choice(frame, expr, use, waited=waited)
            case Assign():
                return self._bound(frame, expr.target, expr.value)
            case Function():
                return Closure(frame.unit, expr, frame.env)
            case _:
                self.answers.table(frame, expr)
                made = [self.value(frame, each, Use.USED) for each in parts(expr)]
                known = [each for each in made if isinstance(each, What)]
                if isinstance(expr, Row) and What.RECORDS in known:
                    return What.RECORDS
                return What.BODY if known else None

    def name(self, frame: Frame, expr: Name) -> Value:
        if expr.id in frame.env:
            return frame.env[expr.id]
        placed = self.program.named(frame.unit, expr.id)
        if placed and isinstance(placed.value, Function):
            return Closure(placed.unit, placed.value, {})
        return None

    def _choice(self, frame: Frame, expr: Choice, use: Use, *, waited: bool) -> Value:
        if expr.test is not None:
            self.value(frame, expr.test, Use.USED)
        number = self.number()
        made = [
            self.value(frame.on(number, index), each, use, waited=waited)
            for index, each in enumerate(expr.options)
        ]
        return next((each for each in made if each is not None), None)


def _member(of: What | None, name: str) -> What | None:
    match of:
        case What.EVENT:
            return What.RECORDS if name in {"Records", "records"} else None
        case What.RECORDS | What.BODIES:
            return None if name in {"length", "size"} else of
        case What.RECORD:
            return What.ID if name in {"messageId", "message_id"} else What.BODY
        case What.BODY:
            return What.RECORDS if name == "Records" else What.BODY
        case _:
            return None


def _stands_in(frame: Frame, function: Function) -> bool:
    return id(function) in frame.scope.index.functions


def _is_of_here(frame: Frame, body: tuple[Stmt, ...]) -> bool:
    """Whether any of it is about the function's own values: else it is no work on the record."""
    mine = {"this", "self", *frame.env}
    return any(isinstance(each, Name) and each.id in mine for each in everything(body))


def _adds_to(target: Expr, value: Expr) -> bool:
    """``total += …``"""
    return isinstance(value, Other) and bool(value.parts) and value.parts[0] is target


def _read(frame: Frame, name: str) -> bool:
    """Whether the name is read anywhere in the function."""
    return frame.scope.index.counts[name] > 1 or name in {"this", "self"}


def _asks_for_records(frame: Frame, test: Expr) -> bool:
    """``if (!event.Records?.length)``"""
    asked = False
    for each in within(test):
        known = frame.env.get(each.id) if isinstance(each, Name) else None
        if known in {What.RECORD, What.BODY}:
            return False
        named = isinstance(each, Member) and each.name in {"Records", "records"}
        said = isinstance(each, Constant) and each.value == "Records"
        asked = asked or named or said or known is What.RECORDS
    return asked


def _failed_status(value: Expr) -> bool:
    if not isinstance(value, Table):
        return False
    status = next((each for key, each in value.entries if key == "statusCode"), None)
    if isinstance(status, Constant) and str(status.value).isdigit():
        return int(str(status.value)) >= _FAILED_STATUS
    return False


def _caught(each: Catch, *, python: bool) -> str:
    if not each.body:
        return f"with suppress({', '.join(each.kinds)})" if python else "catch {}"
    if python:
        return " ".join(("except", ", ".join(each.kinds))).strip()
    return "catch"
