"""What could not be read: a line for each missing action, each thing named once."""

from __future__ import annotations

from sqsctl.cli.screen.gaps import unread
from sqsctl.cli.screen.unread import SHOWN, gaps_errors, gaps_shape, harmless, hidden_parts
from sqsctl.errors import Exit
from sqsctl.model.deployed import StackRef
from sqsctl.model.stack import Fact, Group, Stack
from sqsctl.model.unread import Unread

LISTING = Unread("resources of s", "access denied", "cloudformation:ListStackResources")
DESCRIBE = Unread("stack s", "access denied", "cloudformation:DescribeStacks")
ACTION = "lambda:GetFunctionConfiguration"


def test_the_same_gap_of_four_facts_is_one_line_that_names_the_action() -> None:
    (error,) = gaps_errors([LISTING] * 4)
    assert error.message == (
        "resources of s could not be read: access denied (cloudformation:ListStackResources)"
    )
    assert error.hint == "the identity needs cloudformation:ListStackResources"
    assert (error.exit, error.code, error.action) == (Exit.PARTIAL, "unread", LISTING.action)
    assert gaps_shape([LISTING] * 4) == [
        {"what": "resources of s", "reason": "access denied", "action": LISTING.action}
    ]


def test_one_line_for_all_that_an_action_hides() -> None:
    gaps = [Unread(f"function f{n}", "access denied", ACTION) for n in range(SHOWN + 2)]
    (error,) = gaps_errors(gaps)
    assert error.message == (
        "function f0, function f1, function f2, function f3 and 2 more could not be read: "
        f"access denied ({ACTION})"
    )
    assert len(gaps_shape(gaps)) == SHOWN + 2


def test_other_reasons_stand_apart_and_need_no_action() -> None:
    gaps = [LISTING, Unread("function f", "missing"), Unread("function g", "timed out")]
    assert [error.message for error in gaps_errors(gaps)][1:] == [
        "function f could not be read: missing",
        "function g could not be read: timed out",
    ]
    assert gaps_errors(gaps)[1].hint is None
    assert gaps_errors([]) == ()


def test_what_hides_parts_and_what_does_not() -> None:
    more = Unread("routes", "access denied", "apigateway:GET")
    reference = StackRef("r", "s", unread=(LISTING, DESCRIBE), untold=(more,))
    assert hidden_parts(reference) == (LISTING, more)
    assert harmless(reference) == (DESCRIBE,)


def test_what_is_gone_is_not_to_be_tried_again() -> None:
    gone = Unread("queue jobs", "missing")
    late = Unread("queue other", "timed out")

    def told(*gaps: Unread) -> tuple[str, Exit]:
        stack = Stack(name="s", region="r", queues=Group((), gaps))
        error = unread(stack, [Fact.QUEUES], "who consumes it cannot be told", "probe")
        assert error is not None
        return error.message, error.exit

    assert told(gone) == ("who consumes it cannot be told: queue jobs is missing", Exit.NOT_FOUND)
    assert told(gone, late)[1] is Exit.UNAVAILABLE
    assert told(gone, DESCRIBE)[1] is Exit.DENIED
