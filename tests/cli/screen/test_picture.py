"""The picture of a stack: every hop's state shows without colour, and fits the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from sqsctl.cli.screen.picture import MARKS, hop_shape, picture, show_picture
from sqsctl.model.failed_delivery import DeadLetterFeed
from sqsctl.model.stack import Group, Stack, Unread
from sqsctl.model.unread import not_asked_for
from sqsctl.operations.diagnosis.health import State, hops
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    api,
    function,
    mapping,
    queue,
    series,
    stack,
)


def plain(where: Stack, **more: Any) -> list[str]:
    return [line.plain for line in picture(where, **more)]


def busy(*, name: str = "shop-dev", visible: int = 3) -> Stack:
    """A stack under load whose consumer fails."""
    main = queue(visible=visible, dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    where = stack(
        queues=(main, queue(DLQ, visible=12)),
        metrics=(
            series(API, "Count", 100),
            series(API, "5xx", 24),
            series(API, "Latency", 85, statistic="Average"),
            series(PRODUCER, "Invocations", 76),
            series(PRODUCER, "Throttles", 24),
            series(WORKER, "Invocations", 98),
            series(WORKER, "Errors", 98),
            series(WORKER, "Duration", 45, statistic="Average"),
            series(WORKER, "Duration", 1200, statistic="Maximum"),
            series(JOBS, "ApproximateAgeOfOldestMessage", 180, statistic="Maximum"),
        ),
        logs=(),
    )
    return replace(where, name=name)


def test_each_hop_has_its_state_and_its_figures() -> None:
    assert plain(busy()) == [
        "                   ! HTTP API       100 requests, 24 with 5xx, 85 ms",
        "  POST /produce ─> ! λ producer     76 runs, 24 throttled",
        "                ─> ! ▤ jobs         3 waiting, 0 in flight, oldest 3 min",
        "                ─> ✗ λ jobsWorker   98 runs, 98 failed, 45 ms",
        "                └> ! ☠ jobs-dlq     12 messages, after 5 receives",
    ]


def test_an_api_that_answers_well_is_quiet() -> None:
    well = replace(busy(), metrics=Group((series(API, "Count", 100),)))
    assert plain(well)[0].startswith("  POST /produce ─> ")


def test_without_figures_there_are_marks_alone() -> None:
    lines = plain(busy(), figures=False)
    assert lines[0] == "  POST /produce ─> ! λ producer"
    assert lines[2] == "                ─> ✗ λ jobsWorker"


def test_where_nobody_asked_only_what_is_wrong_is_marked() -> None:
    gap: Group[Any] = Group(unread=(not_asked_for("metrics"),))
    where = stack(metrics=gap, logs=gap, mappings=(mapping(state="Disabled"),))
    assert plain(where) == [
        "  POST /produce ─> λ producer",
        "                ─> ▤ jobs         0 waiting, 0 in flight",
        "                ╳> λ jobsWorker   mapping Disabled",
        "                └> ☠ jobs-dlq     empty, after 5 receives",
    ]
    off = replace(where, functions=Group((function(state="Inactive"), function(PRODUCER))))
    assert plain(off)[2].endswith("╳> ✗ λ jobsWorker   mapping Disabled, state Inactive")


def test_what_was_denied_has_a_question_mark() -> None:
    gap: Group[Any] = Group(unread=(Unread("metrics", "access denied"),))
    assert plain(stack(metrics=gap, logs=()))[0] == "  POST /produce ─> ? λ producer"


def test_every_state_has_a_mark_and_bad_ones_another_than_good_ones() -> None:
    assert set(MARKS) == set(State)
    good = {MARKS[state] for state in State if state < State.STRAINED}
    assert not good & {MARKS[state] for state in State if state >= State.STRAINED}


@pytest.mark.parametrize("width", [80, 60, 40])
def test_on_a_terminal_what_does_not_fit_stands_below(width: int) -> None:
    where = busy(name="another")  # whose parts have long names, then
    lines = plain(where, width=width)
    assert max(map(cell_len, plain(where))) > 75
    names = {each.name for each in (*where.functions, *where.queues)}
    assert names <= {word.strip("():,") for line in lines for word in line.split()}
    assert max(map(cell_len, lines)) <= width


def test_a_pipe_gets_whole_lines_and_no_colour() -> None:
    out = io.StringIO()
    show_picture(Console(file=out, width=30), busy())
    assert "─> ✗ λ jobsWorker   98 runs, 98 failed, 45 ms\n" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_consumer_of_two_queues_tells_its_figures_once() -> None:
    more = queue("shop-dev-more", dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    where = replace(
        busy(),
        queues=Group((*busy().queues.items, more)),
        mappings=Group((mapping(), mapping("shop-dev-more", uuid="u2"))),
    )
    assert sum("98 runs" in line for line in plain(where)) == 1
    assert sum("✗ λ jobsWorker" in line for line in plain(where)) == 2


def test_a_queue_that_could_not_be_read_is_drawn_with_its_consumer() -> None:
    gap: Group[Any] = Group(unread=(Unread(f"queue {JOBS}", "access denied"),))
    lines = plain(replace(busy(), queues=gap))
    assert lines[-2].endswith("? ▤ jobs         not readable: access denied")
    assert "─> ✗ λ jobsWorker" in lines[-1]
    gone: Group[Any] = Group(unread=(Unread(f"queue {JOBS}", "missing"),))
    assert plain(replace(busy(), queues=gone))[-2].endswith("✗ ▤ jobs         does not exist")


def test_a_title_that_is_a_queues_name_shortens_nothing() -> None:
    lines = plain(busy(name=JOBS))
    assert f"☠ {DLQ} " in lines[-1]


def test_hostile_names_stay_text() -> None:
    evil = "x\x1b[31m[red]\u202e"
    where = stack(
        apis=(replace(api(), routes=(replace(api().routes[0], path=evil, function_name=evil),)),),
        mappings=(replace(mapping(state=evil), qualifier=evil),),
    )
    told = "\n".join(plain(where))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "[red]" in told


def test_the_same_as_json() -> None:
    shapes = {each["name"]: each for each in map(hop_shape, hops(busy()))}
    assert shapes[WORKER] == {
        "kind": "function",
        "name": WORKER,
        "state": "failing",
        "count": 98,
        "failed": 98,
        "throttled": 0,
        "average_ms": 45.0,
        "longest_ms": 1200.0,
        "oldest_age_s": None,
        "note": None,
    }
    assert shapes[DLQ]["kind"] == "dead-letter-queue"


def test_where_consumers_were_not_read_nobody_says_that_there_are_none() -> None:
    unread: Group[Any] = Group((), (not_asked_for("lambda"),))
    drawn = "\n".join(plain(stack(mappings=unread)))
    assert "? consumers not read" in drawn
    assert "nothing consumes it" not in drawn
    assert "nothing consumes it" in "\n".join(plain(stack(mappings=())))


def test_a_queue_that_nobody_polls_is_no_good_one() -> None:
    off = replace(busy(), mappings=Group((mapping(state="Disabled"),)))
    assert any("✗ ▤ jobs " in each for each in plain(off))
    empty = replace(off, queues=Group((queue(), queue(DLQ))))
    assert any("✓ ▤ jobs " in each for each in plain(empty))


def test_one_receive_is_one() -> None:
    once = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=1)
    assert plain(stack(queues=(once, queue(DLQ))))[-1].endswith("empty, after 1 receive")


def test_a_function_that_leads_nowhere_is_drawn_where_one_started_from_it() -> None:
    where = stack(queues=(), mappings=(), apis=(), functions=(function(PRODUCER),))
    assert plain(replace(where, stack_name=None))[0].startswith("     ✓ λ producer")
    assert plain(where) == []


def many(number: int) -> Stack:
    """So many queues, each with a consumer and a dead-letter queue; all is well."""
    names = [f"jobs-{each}" for each in range(number)]
    return stack(
        queues=tuple(
            made
            for name in names
            for made in (
                queue(name, dead_letter_target_arn=f"{PREFIX}:{name}-dlq", max_receive_count=5),
                queue(f"{name}-dlq"),
            )
        ),
        functions=tuple(function(f"{name}-worker") for name in names),
        mappings=tuple(mapping(name, f"{name}-worker", uuid=name) for name in names),
        metrics=tuple(series(f"{name}-worker", "Invocations", 1) for name in names),
        apis=(),
        logs=(),
    )


def test_of_many_queues_the_picture_draws_a_few_with_whom_all_is_well() -> None:
    drawn = plain(many(60), well=4)
    assert len(drawn) == 4 * 3 + 1
    assert drawn[-1] == "     56 more queues: all is well there"
    assert len(plain(many(60))) == 60 * 3


def test_of_many_queues_each_is_drawn_that_is_not_well() -> None:
    where = many(60)
    bad = {"jobs-17-dlq": 3, "jobs-33-dlq": 1}
    queues = tuple(replace(each, visible=bad.get(each.name, 0)) for each in where.queues)
    without = tuple(each for each in where.mappings if each.uuid != "jobs-50")
    strange = replace(where, queues=Group(queues), mappings=Group(without))
    drawn = "\n".join(plain(strange, well=0))
    assert "57 more queues: all is well there" in drawn
    for name in ("jobs-17-dlq", "jobs-33-dlq", "jobs-50"):
        assert name in drawn


def test_what_feeds_a_dead_letter_queue_besides_queues() -> None:
    lost = queue("lost-events", visible=2, holds_dead_letters=True)
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    where = stack(
        queues=(main, queue(DLQ), lost),
        dead_letter_feeds=(
            DeadLetterFeed("lambda-dlq", PRODUCER, f"{PREFIX}:{DLQ}"),
            DeadLetterFeed("eventbridge-rule", "nightly", lost.arn),
            DeadLetterFeed("sns-subscription", "orders", lost.arn),
        ),
    )
    drawn = "\n".join(plain(where))
    assert f"empty, after 5 receives; also from asynchronous invocations of {PRODUCER}" in drawn
    rule, topic, dead = plain(where)[-3:]
    assert rule.strip() == "EventBridge rule nightly"
    assert topic.strip() == "SNS subscription of orders"
    assert "☠ lost-events" in dead
    assert "2 messages" in dead
    assert "nothing consumes it" not in drawn
    assert "no dead-letter queue" not in drawn
