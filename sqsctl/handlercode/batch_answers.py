"""Reports of single failed records: whether they are made, right, and reach Lambda.

Lambda takes an answer without ``batchItemFailures`` for success and deletes the batch; an entry
without ``itemIdentifier``, or with one that is no message's id, fails the whole batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from sqsctl.handlercode import call_names, identifiers
from sqsctl.handlercode.frames import Frame, What
from sqsctl.handlercode.identifiers import HANDLES, ID, is_record
from sqsctl.handlercode.parsing.syntax import (
    Await,
    Call,
    Expr,
    Function,
    Member,
    Name,
    Return,
    Row,
    Table,
    expressions,
    statements,
    within,
)
from sqsctl.handlercode.reports import may_report
from sqsctl.handlercode.scopes import Use

_ENTRY = "itemIdentifier"
_MISSPELT_IDS = frozenset({"MessageId", "messageID", "messageid", "MessageID", "message_id"})
_SAME_WORD = 0.9


class Mistake(StrEnum):
    """What is wrong with a report: those that lose messages first, then those that repeat them."""

    KEY = "key"
    NESTED = "nested"
    UNHEARD = "unheard"
    ENTRY = "entry"
    ID = "id"
    STRINGS = "strings"

    @property
    def deletes(self) -> bool:
        """Whether Lambda takes it for success, and deletes the failed records, too."""
        return self in {Mistake.KEY, Mistake.NESTED, Mistake.UNHEARD}


@dataclass(frozen=True, slots=True)
class Problem:
    mistake: Mistake
    path: str
    line: int
    detail: str


@dataclass(slots=True)
class Answers:
    """What a consumer's code answers with, collected while it is followed."""

    reports: list[tuple[str, int]] = field(default_factory=list)
    answered: bool = False
    _found: dict[Problem, None] = field(default_factory=dict)
    _of_errors: dict[Problem, None] = field(default_factory=dict)
    _misspelt: list[Problem] = field(default_factory=list)
    _lists: list[tuple[Frame, str, int]] = field(default_factory=list)

    def problems(self, *, throws_ids: bool) -> tuple[Problem, ...]:
        """What is wrong. ``throws_ids``: the code's errors are made of the records' ids."""
        found = list(self._found) + ([] if throws_ids else list(self._of_errors))
        if not self.reports:
            found += self._misspelt[:1]
        elif not self.answered:
            path, line = self.reports[0]
            found.append(Problem(Mistake.UNHEARD, path, line, call_names.REPORT))
        return tuple(found)

    # --- what the walk meets -------------------------------------------------------------------

    def table(self, frame: Frame, expr: Expr) -> None:
        """An object."""
        if not isinstance(expr, Table):
            return
        keys = {key for key, _ in expr.entries}
        for key, value in expr.entries:
            if key == call_names.REPORT:
                self._reported(frame, value, expr.line)
            elif _alike(key, call_names.REPORT):
                self._misspelt.append(Problem(Mistake.KEY, frame.unit.path, expr.line, key))
            elif key == _ENTRY:
                self._identifier(frame, value, value.line or expr.line)
            elif _alike(key, _ENTRY):
                self._note(frame, Mistake.ENTRY, expr.line, key)
            elif key == "body" and keys & {"statusCode", "status"} and _holds_report(value):
                self._note(frame, Mistake.NESTED, expr.line, "body")

    def bound(self, frame: Frame, target: Expr, value: Expr) -> None:
        """``response["batchItemFailures"] = …``."""
        if not isinstance(target, Member):
            return
        if target.name == call_names.REPORT:
            self._reported(frame, value, target.line)
        elif _alike(target.name, call_names.REPORT):
            self._misspelt.append(Problem(Mistake.KEY, frame.unit.path, target.line, target.name))

    def returned(self, frame: Frame, value: Expr) -> None:
        """What a function returns to Lambda."""
        made = value.value if isinstance(value, Await) else value
        if isinstance(made, Call) and frame.scope.called(made):
            return  # what that function returns is what tells
        if frame.use in {Use.ANSWER, Use.WRAPPED} and may_report(frame.scope, value):
            self.answered = True

    def called(self, frame: Frame, call: Call, use: Use) -> None:
        callee = call.callee
        if isinstance(callee, Member) and callee.name in call_names.COLLECTS:
            inner = callee.of
            if isinstance(inner, Member) and inner.name == call_names.REPORT:
                self.reports.append((frame.unit.path, call.line))
                for each in call.args:
                    self._entry(frame, each, call.line)
        word = call_names.last_of(callee)
        original = frame.unit.imports.get(word) if isinstance(callee, Name) else None
        powertools = call_names.POWERTOOLS & {word, original.name if original else ""}
        if powertools or (word == "response" and not call.args and _processor(callee)):
            self.reports.append((frame.unit.path, call.line))
            if use is Use.DROPPED:
                self._note(frame, Mistake.UNHEARD, call.line, f"{word}()")
            else:
                self.answered = True
        elif word not in {"stringify", "dumps"} and not call_names.tells(call):
            # A callback, resolve, or a helper that makes the answer.
            self.answered = self.answered or any(
                isinstance(each, Table | Name) and _given_report(frame, each) for each in call.args
            )

    def ended(self, frame: Frame) -> None:
        """The end of a function: what its lists of failures were filled with."""
        for known in [each for each in self._lists if each[0].scope is frame.scope]:
            self._lists.remove(known)
            self._filled(frame, known[1], known[2])

    # --- entries -------------------------------------------------------------------------------

    def _reported(self, frame: Frame, value: Expr, line: int) -> None:
        self.reports.append((frame.unit.path, line))
        self._list(frame, value, line)

    def _list(self, frame: Frame, value: Expr, line: int) -> None:
        if isinstance(value, Row):
            for each in value.items:
                self._entry(frame, each, line)
        elif isinstance(value, Name):
            self._lists.append((frame, value.id, line))
        elif isinstance(value, Call):
            self._mapped(frame, value, line)

    def _filled(self, frame: Frame, name: str, line: int) -> None:
        mentions = frame.scope.index.mentions.get(name, ())
        for each in (e for s in mentions for expr in expressions(s) for e in within(expr)):
            if isinstance(each, Call) and isinstance(each.callee, Member):
                of = each.callee.of
                if (
                    each.callee.name in call_names.COLLECTS
                    and isinstance(of, Name)
                    and of.id == name
                ):
                    for one in each.args:
                        self._entry(frame, one, each.line or line)
        for target, value in frame.scope.index.values.get(name, ()):
            if isinstance(target, Name) and isinstance(value, Call | Row):
                if isinstance(value, Row):
                    for each in value.items:
                        self._entry(frame, each, line)
                else:
                    self._mapped(frame, value, line)

    def _mapped(self, frame: Frame, call: Call, line: int) -> None:
        """``ids.map(id => ({itemIdentifier: id}))``: what the function returns."""
        if call_names.last_of(call.callee) != "map" or not call.args:
            return
        made = call.args[0]
        if isinstance(made, Function):
            for stmt in statements(made.body, nested=False):
                if isinstance(stmt, Return) and stmt.value is not None:
                    self._entry(frame, stmt.value, stmt.line or line)

    def _entry(self, frame: Frame, value: Expr, line: int) -> None:
        """One element of the list; what it is made of is looked at where it is known."""
        if isinstance(value, Table):
            keys = [key for key, _ in value.entries]
            if keys and "" not in keys and _ENTRY not in keys and not _near(keys):
                self._note(frame, Mistake.ENTRY, value.line or line, keys[0])
        elif isinstance(value, Member) and value.name in {ID, *_MISSPELT_IDS, *HANDLES}:
            self._note(frame, Mistake.STRINGS, line, value.name)
        elif isinstance(value, Name) and frame.env.get(value.id) is What.ID:
            self._note(frame, Mistake.STRINGS, line, value.id)
        elif isinstance(value, Name) and is_record(frame, value):
            self._note(frame, Mistake.ENTRY, line, value.id)

    def _identifier(self, frame: Frame, value: Expr, line: int) -> None:
        found = identifiers.wrong(frame, value)
        if found is None:
            return
        problem = Problem(Mistake.ID, frame.unit.path, line, found.text)
        (self._of_errors if found.error else self._found)[problem] = None

    def _note(self, frame: Frame, mistake: Mistake, line: int, detail: str) -> None:
        self._found[Problem(mistake, frame.unit.path, line, detail)] = None


def _alike(key: str, wanted: str) -> bool:
    """Whether a key is the wanted one misspelt."""
    if key == wanted or not key:
        return False
    plain = key.lower().replace("_", "").replace("-", "")
    return SequenceMatcher(None, plain, wanted.lower()).ratio() >= _SAME_WORD


def _near(keys: list[str]) -> bool:
    return any(_alike(key, _ENTRY) for key in keys)


def _holds_report(expr: Expr) -> bool:
    return any(
        isinstance(each, Table) and any(key == call_names.REPORT for key, _ in each.entries)
        for each in within(expr)
    )


def _given_report(frame: Frame, expr: Expr) -> bool:
    if isinstance(expr, Table):
        return any(key == call_names.REPORT for key, _ in expr.entries)
    if isinstance(expr, Name):
        return any(
            isinstance(value, Table) and _holds_report(value)
            for target, value in _values(frame, expr.id)
            if _binds(target, expr.id)
        )
    return False


def _processor(callee: Expr) -> bool:
    return isinstance(callee, Member) and "processor" in call_names.last_of(callee.of).lower()


def _values(frame: Frame, name: str) -> list[tuple[Expr, Expr]]:
    return frame.scope.index.values.get(name, [])


def _binds(target: Expr, name: str) -> bool:
    return isinstance(target, Name) and target.id == name
