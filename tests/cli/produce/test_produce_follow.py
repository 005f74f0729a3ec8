"""Which queue is followed behind a route: the one it names, never a guess passed off as known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.cli.produce.following import _behind
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Api,
    Group,
    Queue,
    Route,
    Stack,
    Unread,
)

ONE, TWO = (Queue(name, f"https://q/{name}", f"arn:{name}") for name in ("one", "two"))
DEAD = Queue("dead", "https://q/dead", "arn:dead")
LABEL = "POST /in"


def stack(way: Route, *queues: Queue, environment: dict[str, str | None] | None = None) -> Stack:
    return Stack(
        "s",
        "r",
        apis=Group((Api("a", "a", "http", "https://a", routes=(way,)),)),
        queues=Group(queues),
        functions=Group((Function("f", "arn:f", environment=environment or {}),)),
    )


BY_FUNCTION = Route("POST", "/in", function_name="f")


def test_the_queue_of_the_function_s_environment() -> None:
    found = _behind(stack(BY_FUNCTION, ONE, TWO, environment={"Q": TWO.url}), LABEL)
    assert found == (TWO, True)


def test_the_queue_that_the_api_sends_to_itself() -> None:
    assert _behind(stack(Route("POST", "/in", queue_name="one"), ONE, TWO), LABEL) == (ONE, True)


def test_the_only_one_is_a_guess() -> None:
    source = replace(ONE, dead_letter_target_arn=DEAD.arn)
    assert _behind(stack(BY_FUNCTION, source, DEAD), LABEL) == (source, False)


def test_of_several_none_is_taken() -> None:
    with pytest.raises(SqsctlError) as raised:
        _behind(stack(BY_FUNCTION, ONE, TWO), LABEL)
    assert raised.value.exit is Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("gap", "code"),
    [
        (Unread("queue one", "access denied", "sqs:GetQueueAttributes"), Exit.DENIED),
        (Unread("queue one", "timed out"), Exit.UNAVAILABLE),
    ],
)
def test_what_was_not_read_is_told_instead(gap: Unread, code: Exit) -> None:
    seen = replace(stack(BY_FUNCTION), queues=Group((), (gap,)))
    with pytest.raises(SqsctlError) as raised:
        _behind(seen, LABEL)
    assert raised.value.exit is code
    assert gap.reason in raised.value.message
    assert raised.value.action == gap.action
