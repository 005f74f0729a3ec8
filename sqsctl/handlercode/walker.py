"""Walk a handler's statements, with what each name is of the event."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sqsctl.handlercode.batch_answers import Answers
from sqsctl.handlercode.calls import call_value
from sqsctl.handlercode.coverage import Coverage
from sqsctl.handlercode.error_flow import heard
from sqsctl.handlercode.event_fields import (
    asks_of_the_source,
    ends_here,
    jumps_by_the_source,
    member,
    needed,
)
from sqsctl.handlercode.failure_order import FailureOrder
from sqsctl.handlercode.frames import (
    LISTS,
    Closure,
    Fault,
    Followed,
    Frame,
    Region,
    Sighting,
    Value,
    What,
)
from sqsctl.handlercode.parsing.syntax import (
    Assign,
    Await,
    Bind,
    Call,
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
    Raise,
    Rest,
    Return,
    Row,
    Stmt,
    Table,
    Try,
    names_in,
    parts,
    statements,
)
from sqsctl.handlercode.program import Program
from sqsctl.handlercode.reports import may_report
from sqsctl.handlercode.scopes import Scope, Use
from sqsctl.handlercode.silent_catches import gives_up, lost_by, only_reads, passes_over
from sqsctl.handlercode.statement_forms import (
    adds_to,
    asks_for_records,
    failed_status,
    is_read,
    stands_in,
    uses_rest,
)

_DEEPEST = 14
_MOST_RUNS = 600


class Walker:
    """Follows one handler. ``found`` are faults that need no weighing; ``run`` gives the rest."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[Sighting, None] = {}
        self.answers = Answers()
        self.coverage = Coverage()
        self.order = FailureOrder()
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
        if key in self._runs:
            return self._runs[key]
        if depth > _DEEPEST or len(self._runs) > _MOST_RUNS:
            self.coverage.unseen = True
            return Followed(does=True)
        self._runs[key] = Followed(does=True)
        self.coverage.entered(function.body)
        scope = Scope(self.program, closure.unit, function.body, use, 0)
        if around is not None and stands_in(around, function):
            scope = Scope(self.program, closure.unit, function.body, use, 0, around=around.scope)
        region = Region()
        env = dict(closure.env)
        frame = Frame(scope, env, region, waits=waits, record=record, depth=depth)
        if function.generator and function.asynchronous and jumps_by_the_source(frame):
            frame = replace(frame, guarded=True)
        params = (
            function.params[1:]
            if function.method and not closure.unit.path.endswith("js")
            else function.params
        )
        for index, param in enumerate(params):
            made = args[index] if index < len(args) else None
            if isinstance(param, Rest) and made in {What.EVENT, What.RECORDS}:
                self.coverage.unseen = True
            self.bind(frame, param, made)
        self.block(frame, function.body)
        self.answers.ended(frame)
        self._runs[key] = region.close()
        return self._runs[key]

    # --- statements ----------------------------------------------------------------------------

    def block(self, frame: Frame, body: tuple[Stmt, ...]) -> None:
        for stmt in body:
            self.statement(frame, stmt)
            if isinstance(stmt, If) and not frame.guarded and ends_here(stmt):
                frame = replace(frame, guarded=asks_of_the_source(frame, stmt.test))

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
            waited = any(is_read(frame, each) for each in names)
        made = self.value(frame, value, use, waited=waited)
        if not isinstance(target, Constant):
            self.coverage.spare(value)
        if frame.record and isinstance(made, What) and adds_to(target, value):
            frame.effect(strong=True)
        self.answers.bound(frame, target, value)
        self.bind(frame, target, made)
        return made

    def bind(self, frame: Frame, target: Expr, made: Value) -> None:
        match target:
            case Name():
                frame.env[target.id] = made
            case Table():
                needed(self, made)
                for key, inner in target.entries:
                    read = Member(target, key, inner.line or target.line)
                    self.bind(frame, inner, member(self, frame, made, read) if key else None)
            case Row():
                self._row(frame, target, made)
            case Rest():
                self.bind(frame, target.target, made)
            case _:
                return

    def _row(self, frame: Frame, target: Row, made: Value) -> None:
        needed(self, made)
        stars = [each for each in target.items if isinstance(each, Rest)]
        rest = any(uses_rest(frame.scope.body, each) for each in stars)
        element = {What.RECORDS: What.RECORD, What.INNER: What.BODY}
        # Without a star, Python raises where there is more than one record.
        if made is What.RECORDS and not rest and (stars or frame.unit.path.endswith("js")):
            self.coverage.took(frame, target, target.line, "[record] = Records")
        for inner in target.items:
            # Of (index, record) the first is bound as a record, too: it does no harm.
            one = made if isinstance(made, What) else None
            kept = one if isinstance(inner, Rest) or one is None else element.get(one, one)
            self.bind(frame, inner, kept)

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
        if frame.use is Use.ANSWER and plain and failed_status(value):
            self.found[
                Sighting(Fault.STATUS, frame.unit.path, stmt.line, "return {statusCode…}")
            ] = None
        self.answers.returned(frame, value)
        self.value(frame, value, frame.use)
        if frame.use is Use.ANSWER:
            self.coverage.answered(value)

    def _loop(self, frame: Frame, stmt: Loop) -> None:
        over = self.value(frame, stmt.over, Use.USED) if stmt.over else None
        needed(self, over)
        batch = over in LISTS
        if not batch and not (over is What.RECORD and isinstance(stmt.over, Name)):
            frame = replace(frame, repeats=True)
            if stmt.each:
                self.bind(frame, stmt.each, What.BODY if isinstance(over, What) else None)
            self.block(frame, stmt.body)
            return
        region = Region()
        inner = frame.of_record(region, stmt.line)
        if stmt.each:
            element = What.BODY if over in {What.BODIES, What.INNER} else What.RECORD
            self.bind(inner, stmt.each, element)
        self.block(inner, stmt.body)
        if over in {What.RECORDS, What.BODIES}:
            self.order.loop(inner, stmt)
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
        self.coverage.asked(stmt.test)
        self.coverage.checked(stmt.test, (*stmt.then, *stmt.otherwise))
        number = self.number()
        frame = replace(
            frame,
            asked=frame.asked or asks_for_records(frame, stmt.test),
            guarded=frame.guarded or asks_of_the_source(frame, stmt.test),
        )
        cases = stmt.then if stmt.then and all(isinstance(e, Group) for e in stmt.then) else None
        if cases is not None and not stmt.otherwise:
            for index, each in enumerate(cases):
                self.statement(frame.on(number, index), each)
            return
        self.block(frame.on(number, 0), stmt.then)
        self.block(frame.on(number, 1), stmt.otherwise)

    def _try(self, frame: Frame, stmt: Try) -> None:
        number = self.number()
        inner = frame.trying(number)
        if any(not gives_up(frame, each) for each in stmt.catches):
            inner = replace(inner, guarded=True)
        self.block(inner, stmt.body)
        for catch, lost in lost_by(frame, stmt):
            frame.region.tries.append((number, lost))
            if passes_over(frame, catch):
                frame.region.passed_over.append((number, lost, only_reads(frame, stmt)))
        for each in stmt.catches:
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

    # --- values --------------------------------------------------------------------------------

    def value(self, frame: Frame, expr: Expr, use: Use, *, waited: bool = True) -> Value:
        """Follow an expression: what of the event it is. ``use``: who gets its value."""
        match expr:
            case Name():
                made = self.name(frame, expr)
                self.coverage.met(expr, made)
                return made
            case Member():
                made = member(self, frame, self.value(frame, expr.of, Use.USED), expr)
                self.coverage.met(expr, made)
                return made
            case Item():
                return self._item(frame, expr)
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
                taken = use if use is Use.DROPPED else Use.USED
                inner = [self.value(frame, each, taken) for each in parts(expr)]
                known = [each for each in inner if isinstance(each, What)]
                if isinstance(expr, Row) and What.RECORDS in known:
                    return What.RECORDS
                return What.BODY if known else None

    def _item(self, frame: Frame, expr: Item) -> Value:
        of = self.value(frame, expr.of, Use.USED)
        self.value(frame, expr.index, Use.USED)
        needed(self, of)
        if of is What.RECORDS:
            if isinstance(expr.index, Constant):
                self.coverage.took(frame, expr.of, expr.line, f"Records[{expr.index.value}]")
            return What.RECORD
        known = {What.BODY, What.RECORD, What.BODIES, What.INNER}
        return What.BODY if of in known else None

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
            self.coverage.asked(expr.test)
        asked = expr.test or Row(expr.options[:-1])
        frame = replace(frame, guarded=frame.guarded or asks_of_the_source(frame, asked))
        number = self.number()
        made = [
            self.value(frame.on(number, index), each, use, waited=waited)
            for index, each in enumerate(expr.options)
        ]
        return next((each for each in made if each is not None), None)
