"""One dead letter's story: what its queue's limit, SQS's count and the log each say."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from sqsctl.cli.dlq.explain import show_history
from sqsctl.cli.dlq.short_ids import only_one, short
from sqsctl.errors import UsageError
from sqsctl.model.logline import Attempt
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.history import history_of
from sqsctl.operations.stacks.queue_pairs import Pair
from tests.checks.build import DLQ, JOBS, PREFIX, invocation, of_events, queue
from tests.checks.zoo_logs import python_error

ERROR = '[ERROR] ValueError: no\nTraceback (most recent call last):\n  File "/var/task/w.py"'
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=2)


def letter(receive_count: int = 6, source: str = "") -> Message:
    """Received twice by its consumer, then looked at a few times where it lies."""
    then = str(int((NOW - timedelta(minutes=5)).timestamp() * 1000))
    known = {
        "SentTimestamp": then,
        "ApproximateFirstReceiveTimestamp": then,
        "ApproximateReceiveCount": str(receive_count),
        **({"DeadLetterQueueSourceArn": source} if source else {}),
    }
    return Message("m-1", "{}", system=known)


def attempt(number: int, *, named: bool = True, failed: bool = True) -> Attempt:
    text = python_error("ValueError: no") if failed else "done"
    (made,) = of_events(
        invocation(number, text, at=NOW - timedelta(minutes=5, seconds=-number))
    ).attempts
    return replace(made, message_ids=("m-1",) if named else ())


def told(*attempts: Attempt, sources: tuple[Queue, ...] = (SOURCE,), **fields: Any) -> str:
    pair = Pair(queue(DLQ), sources)
    limit = sources[0].max_receive_count if len(sources) == 1 else None
    story = history_of(letter(**fields), pair.dead_letters, attempts, now=NOW, limit=limit)
    out = io.StringIO()
    console = Console(file=out, width=400)
    show_history(console, story, None, pair, aim="--stack shop-dev", typed=str)
    return out.getvalue()


def test_the_limit_is_its_queues_and_the_count_is_sqs() -> None:
    shown = told(attempt(1), attempt(2))
    assert f"dead-lettered to {DLQ} after 2 receives" in shown
    assert "received 6 times until now, looks at dead letters included" in shown


def test_of_an_attempt_its_own_lines_are_shown() -> None:
    shown = told(attempt(1))
    assert "attempt 1: failed" in shown
    assert "ValueError: no" in shown
    assert "START RequestId" not in shown
    assert "REPORT RequestId" not in shown
    silent = replace(attempt(1), lines=tuple(attempt(1).lines[:1]))
    assert "START RequestId" in told(silent), "better than nothing"


def test_where_the_queue_is_unknown_nobody_claims_after_how_many() -> None:
    other = replace(SOURCE, name="other", arn=f"{PREFIX}:other")
    for sources in ((), (SOURCE, other)):
        shown = told(attempt(1), sources=sources)
        assert f"dead-lettered to {DLQ}\n" in shown
        assert "received 6 times until now" in shown


def test_of_several_sources_the_letter_names_its_own() -> None:
    other = replace(SOURCE, name="other", arn=f"{PREFIX}:other")
    shown = told(sources=(other, SOURCE), source=SOURCE.arn)
    assert f"sent to {JOBS} " in shown


def test_more_attempts_than_receives_are_not_all_its_own() -> None:
    guessed = [attempt(number, named=False) for number in (1, 2, 3)]
    shown = told(*guessed)
    assert "these attempts fit by time" in shown
    assert "1 failed run of that time may be other messages': --all-attempts shows them" in shown
    assert "attempt 2: failed" in shown
    assert "attempt 3" not in shown
    assert "may be other" not in told(*guessed[:2])


def test_the_runs_that_print_its_body_are_its_own() -> None:
    body = '{"order": 4711}'
    seen = replace(letter(), body=body)
    began = NOW - timedelta(minutes=5)
    logs = of_events(
        tuple(
            event
            for number, line in enumerate(("other", f"got {body}", "other", f"again {body}"))
            for event in invocation(
                11 + number, line, ERROR, at=began + timedelta(seconds=9 * number)
            )
        )
    )
    known = {"now": NOW, "limit": 2, "visibility": timedelta(seconds=18)}
    story = history_of(seen, queue(DLQ), logs.attempts, **known)  # type: ignore[arg-type]
    assert [each.request_id[-1] for each in story.attempts] == ["2", "4"]
    assert story.certain
    assert [each.request_id[-1] for each in story.others] == ["1", "3"]


def test_an_id_may_be_given_by_its_beginning() -> None:
    ids = ["1a645e0b-397d-4dd9-be7a-01bbca385b71", "1a649999-397d-4dd9-be7a-01bbca385b71"]
    assert only_one("1a645", ids) == ids[0]
    assert only_one("ffff", ids) is None
    with pytest.raises(UsageError, match="2 messages have an id that begins with 1a64"):
        only_one("1a64", ids)
    with pytest.raises(UsageError, match="too short"):
        short("1a6")
    assert short("1a64")
    assert not short(ids[0])


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        ((), "no attempt was found"),
        ((attempt(1),), "1 receive has no attempt in the log: throttled before it ran"),
        ((attempt(1), attempt(2)), ""),
    ],
)
def test_receives_without_an_attempt(attempts: tuple[Attempt, ...], said: str) -> None:
    shown = told(*attempts)
    assert said in shown
    assert ("no attempt" in shown) is bool(said)


def test_what_died_though_nothing_failed() -> None:
    shown = told(attempt(1, failed=False), attempt(2, failed=False))
    assert "no attempt failed: it came back before they ended" in shown
    assert "sqsctl doctor --stack shop-dev looks at both" in shown
    assert "no attempt failed" not in told(attempt(1, failed=False), attempt(2))


def test_an_attempt_says_what_it_failed_with() -> None:
    shown = told(attempt(1))
    assert "attempt 1: failed with ValueError" in shown
    once = told(attempt(1), sources=(replace(SOURCE, max_receive_count=1),), receive_count=1)
    assert "after 1 receive (" in once
    assert "received 1 time until now" in once


def test_looks_at_a_dead_letter_do_not_widen_the_time_of_its_attempts() -> None:
    """Each look counts as a receive; what failed long after the last one was another's."""
    late = replace(attempt(1, named=False), started_at=NOW - timedelta(minutes=3))
    seen = letter(receive_count=100)
    kept = {"now": NOW, "visibility": timedelta(seconds=36)}
    assert history_of(seen, queue(DLQ), [late], **kept).attempts  # type: ignore[arg-type]
    assert not history_of(seen, queue(DLQ), [late], limit=2, **kept).attempts  # type: ignore[arg-type]
