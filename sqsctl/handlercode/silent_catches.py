"""Catches whose error goes no further than a log, and what is lost by each.

A catch of any error loses whatever failed. One that names errors of a message's content loses the
messages that are broken so; one that names another error (a duplicate, say) is there on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.handlercode import call_names
from sqsctl.handlercode.error_flow import silent
from sqsctl.handlercode.frames import Fault, Frame, Sighting, What
from sqsctl.handlercode.parsing.syntax import (
    Call,
    Catch,
    Constant,
    Expr,
    If,
    Leave,
    Member,
    Name,
    Raise,
    Return,
    Stmt,
    Try,
    everything,
    statements,
    within,
)
from sqsctl.handlercode.reports import may_report
from sqsctl.handlercode.scopes import Use
from sqsctl.handlercode.statement_forms import caught, is_of_here

# Errors that a message's content makes, whatever else is well.
_CONTENT = re.compile(
    r"ValueError|KeyError|TypeError|AttributeError|IndexError|LookupError|SyntaxError|ZodError"
    r"|Unicode\w*Error|\w*(?:Decode|Decoding|Validation|Parse|Parser|Parsing|Schema)\w*"
    r"(?:Error|Exception)"
)
_READS = re.compile(r"(?:parse|loads|model_validate\w*|parse_raw|decode|deserialize\w*)$")


def gives_up(frame: Frame, each: Catch) -> bool:
    """Whether a catch throws again, or does no more than log: nothing else is tried there."""
    return _throws(each.body) or silent(frame.scope, each.body)


def lost_by(frame: Frame, stmt: Try) -> Iterator[tuple[Catch, Sighting]]:
    """The silent catches of a try that is about a record, each with what it is."""
    if not is_of_here(frame, stmt.body):
        return
    for whole in stmt.catches:
        for each in _arms(whole):
            broad = call_names.is_broad(each.kinds)
            if (broad or _of_content(each.kinds)) and _is_silent(frame, each):
                fault = Fault.SILENT if broad else Fault.DROPPED
                words = caught(each, python=frame.unit.path.endswith(".py"))
                yield each, Sighting(fault, frame.unit.path, each.line, words, frame.loop)


def passes_over(frame: Frame, each: Catch) -> bool:
    """Whether the record is left after the catch: what stands behind the try is not done to it."""
    if not frame.record:
        return False
    return any(
        (isinstance(stmt, Leave) and not stmt.ends) or (isinstance(stmt, Return) and not frame.loop)
        for stmt in each.body
    )


def only_reads(frame: Frame, stmt: Try) -> bool:
    """Whether a try reads a record's content."""
    for each in everything(stmt.body):
        if isinstance(each, Call) and _READS.match(call_names.last_of(each.callee)):
            given = [one for arg in each.args for one in within(arg) if isinstance(one, Name)]
            if any(frame.env.get(one.id) in {What.RECORD, What.BODY} for one in given):
                return True
    return False


def _of_content(kinds: tuple[str, ...]) -> bool:
    return all(_CONTENT.fullmatch(kind) for kind in kinds)


def _throws(body: tuple[Stmt, ...]) -> bool:
    return any(isinstance(stmt, Raise) for stmt in statements(body, nested=False))


def _arms(each: Catch) -> Iterator[Catch]:
    """A catch as it is, or by the errors that it asks for: ``e instanceof SyntaxError``."""
    if not _throws(each.body):
        yield each
        return
    for index, stmt in enumerate(each.body):
        kinds = tuple(_asked_for(stmt.test, each.param)) if isinstance(stmt, If) else ()
        if not isinstance(stmt, If) or not kinds or not _of_content(kinds):
            continue
        rest = (*stmt.otherwise, *each.body[index + 1 :])
        quiet, other = (rest, stmt.then) if _throws(stmt.then) else (stmt.then, rest)
        if quiet and _throws(other):
            yield Catch(kinds, each.param, quiet, stmt.line)


def _asked_for(test: Expr, param: str) -> Iterator[str]:
    """The error classes that a test compares the caught error with."""
    named = list(within(test))
    if not any(isinstance(each, Name) and each.id == param for each in named):
        return
    for each in named:
        word = str(each.value) if isinstance(each, Constant) else ""
        if isinstance(each, Name) or (isinstance(each, Member) and not each.item):
            word = call_names.last_of(each)
        if word != param and word.endswith(("Error", "Exception")):
            yield word


def _is_silent(frame: Frame, each: Catch) -> bool:
    if frame.use is Use.USED and not frame.loop:
        return False
    if any(isinstance(stmt, Leave) and stmt.ends for stmt in each.body) and any(
        isinstance(stmt, Return) and stmt.value and may_report(frame.scope, stmt.value)
        for stmt in frame.scope.body
    ):
        return False  # what follows may be reported; if not, the loop that is left tells
    return silent(frame.scope, each.body)
