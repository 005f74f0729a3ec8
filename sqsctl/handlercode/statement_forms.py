"""What the form of a statement tells, without following it."""

from __future__ import annotations

from sqsctl.handlercode.frames import Frame, What
from sqsctl.handlercode.parsing.syntax import (
    Catch,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Other,
    Rest,
    Stmt,
    Table,
    everything,
    names_in,
    within,
)

_FAILED_STATUS = 400


def stands_in(frame: Frame, function: Function) -> bool:
    return id(function) in frame.scope.index.functions


def is_of_here(frame: Frame, body: tuple[Stmt, ...]) -> bool:
    """Whether any of it is about the function's own values: else it is no work on the record."""
    mine = {"this", "self", *frame.env}
    return any(isinstance(each, Name) and each.id in mine for each in everything(body))


def adds_to(target: Expr, value: Expr) -> bool:
    """``total += …``"""
    return isinstance(value, Other) and bool(value.parts) and value.parts[0] is target


def is_read(frame: Frame, name: str) -> bool:
    """Whether the name is read anywhere in the function."""
    return frame.scope.index.counts[name] > 1 or name in {"this", "self"}


def asks_for_records(frame: Frame, test: Expr) -> bool:
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


def failed_status(value: Expr) -> bool:
    if not isinstance(value, Table):
        return False
    status = next((each for key, each in value.entries if key == "statusCode"), None)
    if isinstance(status, Constant) and str(status.value).isdigit():
        return int(str(status.value)) >= _FAILED_STATUS
    return False


def caught(each: Catch, *, python: bool) -> str:
    if not each.body:
        return f"with suppress({', '.join(each.kinds)})" if python else "catch {}"
    if python:
        return " ".join(("except", ", ".join(each.kinds))).strip()
    return "catch"


def uses_rest(body: tuple[Stmt, ...], rest: Rest) -> bool:
    """Whether anything is done with the other records, of ``first, *rest = records``."""
    names, own = names_in(rest.target), {id(each) for each in within(rest)}
    return any(
        isinstance(each, Name) and each.id in names and id(each) not in own
        for each in everything(body)
    )
