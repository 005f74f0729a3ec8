"""Which messages are meant: what cannot be, and what nobody was allowed to look for."""

from __future__ import annotations

from typing import cast

import pytest

from sqsctl.checks.support.failures.attribution import Match
from sqsctl.cli.common.filters import Selection, conditions
from sqsctl.errors import Exit, UsageError
from sqsctl.model.message import Message
from sqsctl.model.unread import Unread
from sqsctl.operations.dead_letters.causes import CauseFinder
from sqsctl.operations.dead_letters.selection import Filters
from tests.program import Sqsctl

CAUSE = "payload-not-json"


@pytest.mark.parametrize("option", ["id", "match", "grep", "cause", "since", "until"])
def test_an_unset_variable_selects_nothing(sqsctl: Sqsctl, option: str) -> None:
    ran = sqsctl("dlq", "purge", f"--{option}", "", "--yes")
    assert ran.code == 2
    assert f"--{option} is empty" in ran.err


def test_a_cause_is_a_check_and_times_are_in_order(sqsctl: Sqsctl) -> None:
    ran = sqsctl("dlq", "purge", "--cause", "payload-not-jsn", "--yes")
    assert ran.code == 2
    assert f"did you mean {CAUSE}?" in ran.err
    with pytest.raises(UsageError, match="in the future"):
        conditions(since="2999-01-02")
    with pytest.raises(UsageError, match="--until is not after --since"):
        conditions(since="2026-01-02", until="2026-01-01")
    with pytest.raises(UsageError, match="--older-than is not less than --newer-than"):
        conditions(older="1m", newer="10s")
    assert conditions(cause=[CAUSE]).filters.causes == (CAUSE,)


def test_what_was_typed_is_kept_for_a_run_that_is_taken_up(sqsctl: Sqsctl) -> None:
    given = conditions(match="a", cause=["throttled", CAUSE], older="1h", id_=["x"])
    assert given.typed == {"match": "a", "cause": f"{CAUSE},throttled", "older": "1h"}
    assert given.filters.until is not None
    for one, other in (("--older-than", "--until"), ("--newer-than", "--since")):
        for verb in ("peek", "export", "redrive", "purge"):
            ran = sqsctl("dlq", verb, one, "1h", other, "2h")
            assert ran.code == 2
            assert f"{one} and {other} say the same" in ran.err


class Finder:
    """Knows nothing; ``gaps`` are why."""

    def __init__(self, *gaps: Unread) -> None:
        self.unread = gaps

    def of(self, message: Message) -> Match | None:
        del message
        return None


def selection(*gaps: Unread) -> Selection:
    finder = cast("CauseFinder", Finder(*gaps))
    return Selection(Filters(causes=(CAUSE,)), lambda: finder)


def test_a_cause_that_nobody_may_look_for_is_not_absent() -> None:
    denied = Unread("log group /aws/lambda/w", "access denied", "logs:FilterLogEvents")
    chosen = selection(Unread("log group /aws/lambda/v", "missing"), denied)
    assert chosen.trouble("dlq", exhausted=True) is None  # nothing was looked at: nothing hidden
    assert chosen.predicate is not None
    assert not chosen.predicate(Message("m", "x"))
    told = chosen.trouble("dlq", exhausted=False)
    assert told is not None
    assert (told.exit, told.code, told.action) == (Exit.DENIED, "causes_unread", denied.action)
    assert "logs:FilterLogEvents" in told.message


def test_a_log_that_is_not_there_hides_nothing() -> None:
    chosen = selection(Unread("log group /aws/lambda/v", "missing"))
    assert chosen.predicate is not None
    assert not chosen.predicate(Message("m", "x"))
    assert chosen.trouble("dlq", exhausted=True) is None
