"""Many messages: exact counts, steady arrivals, constant memory, a stop that summarises."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.checks.registry import all_checks
from sqsctl.errors import SqsctlError, UsageError
from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.model.outcome import BatchResult, Rejection
from sqsctl.model.transfer import ProduceProgress
from sqsctl.operations.following.http_failures import explanations
from sqsctl.operations.following.log_sightings import Invocations
from sqsctl.operations.sending.bodies import template
from sqsctl.operations.sending.histogram import buckets
from sqsctl.operations.sending.latency import Histogram
from sqsctl.operations.sending.produce import ApiSink, Plan, QueueSink, concurrency_for, produce
from sqsctl.operations.sending.thresholds import parse
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from sqsctl.operations.shared.server_presence import Presence
from tests.operations.fakes import (
    FakeSqs,
    Stored,
    entry_fails,
    expired,
    lost_answer,
    raises,
    throttled,
)

QUICK = RetryPolicy(attempts=3, base_s=0.001, cap_s=0.001)


def refused_connection(call: Callable[[], object], size: int) -> object:
    """Nobody listens: nothing was sent."""
    return BatchResult(
        rejected=tuple(Rejection(n, "unreachable", "refused", False) for n in range(size)),
        whole=True,
    )


class FakeApi:
    """Answers by turns; thread-safe."""

    def __init__(self, *answers: HttpAnswer) -> None:
        self._answers = answers or (HttpAnswer(200, "{}", 10.0),)
        self._lock = threading.Lock()
        self.bodies: list[str] = []

    def post(self, body: str | bytes) -> HttpAnswer:
        with self._lock:
            assert isinstance(body, str)
            self.bodies.append(body)
            return self._answers[(len(self.bodies) - 1) % len(self._answers)]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 95])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_exactly_so_many_arrive_each_with_its_number(count: int, concurrency: int) -> None:
    queue = FakeSqs().create("q")
    summary = produce(
        QueueSink(queue), template('{"input": {{n}}}'), Plan(count, concurrency=concurrency)
    )
    assert Counter(queue.bodies) == Counter(f'{{"input": {n}}}' for n in range(1, count + 1))
    assert (summary.requested, summary.accepted) == (count, count)
    assert (summary.rejected, summary.unknown, summary.possible_duplicates) == (0, 0, 0)
    assert summary.via == "sqs"
    assert not summary.interrupted
    assert summary.latency.count == -(-count // 10)


def test_batches_are_full() -> None:
    queue = FakeSqs().create("q")
    produce(QueueSink(queue), template("x"), Plan(100, concurrency=3))
    assert queue.calls == [("send", 10)] * 10


def test_large_messages_are_packed_by_size() -> None:
    queue = FakeSqs().create("q")
    summary = produce(QueueSink(queue), template("x" * 400_000), Plan(5, concurrency=1))
    assert queue.calls == [("send", 2), ("send", 2), ("send", 1)]
    assert summary.accepted == 5


def test_attributes_groups_and_ids_go_along() -> None:
    queue = FakeSqs().create("q.fifo")
    kind = {"k": MessageAttribute("Number", "1")}
    make = template("same", attributes=kind, group_id="g{{n}}", fifo=True, run="r")
    summary = produce(QueueSink(queue, fifo=True), make, Plan(3, concurrency=1))
    assert summary.accepted == 3
    assert [each.sent.group_id for each in queue.stored] == ["g1", "g2", "g3"]
    assert [each.deduplication_id for each in queue.stored] == ["r-1", "r-2", "r-3"]
    assert queue.stored[0].sent.attributes == kind


def test_equal_bodies_are_not_swallowed_on_fifo() -> None:
    queue = FakeSqs().create("q.fifo")
    make = template("same", group_id="g", fifo=True)
    produce(QueueSink(queue, fifo=True), make, Plan(25))
    assert len(queue.stored) == 25


def test_lost_answers_are_counted_as_possible_duplicates() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", lost_answer)
    summary = produce(QueueSink(queue, policy=QUICK), template("{{n}}"), Plan(20, concurrency=1))
    assert (summary.accepted, summary.possible_duplicates) == (20, 10)
    assert len(queue.stored) == 30


def test_what_failed_is_counted_by_reason() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", entry_fails(queue, 0, 1, sender_fault=True), *[throttled] * 3)
    summary = produce(QueueSink(queue, policy=QUICK), template("{{n}}"), Plan(20, concurrency=1))
    assert (summary.accepted, summary.rejected) == (8, 12)
    assert summary.errors == {"ThrottlingException: slow down": 10, "InternalError: injected": 2}
    assert summary.latency.count == 1, "successes and failures are kept apart"
    assert summary.failed_latency.count == 1


def test_unsendable_bodies_are_rejected_without_a_call() -> None:
    queue = FakeSqs().create("q")
    summary = produce(QueueSink(queue), template("\x00"), Plan(5))
    assert (summary.rejected, queue.calls) == (5, [])


def test_credentials_that_never_worked_are_an_error() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *[raises(expired())] * 9)
    with pytest.raises(SqsctlError) as caught:
        produce(QueueSink(queue), template("x"), Plan(90, concurrency=2))
    assert caught.value.code == "credentials_expired"


def test_credentials_that_expire_end_the_run_with_its_figures() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", None, raises(expired()))
    summary = produce(QueueSink(queue), template("x"), Plan(90, concurrency=1))
    assert (summary.accepted, summary.rejected) == (10, 10)
    assert any("expired" in each for each in summary.errors)


# HTTP.


def test_http_sends_bodies_and_counts_codes() -> None:
    api = FakeApi(
        HttpAnswer(200, "{}", 10.0), HttpAnswer(503, '{"message":"Service Unavailable"}', 20.0)
    )
    summary = produce(ApiSink(api), template('{"input": {{n}}}'), Plan(10))
    assert sorted(api.bodies) == sorted(f'{{"input": {n}}}' for n in range(1, 11))
    assert (summary.via, summary.accepted, summary.rejected) == ("http", 5, 5)
    assert summary.status_codes == {200: 5, 503: 5}
    assert summary.errors == {'503 {"message":"Service Unavailable"}': 5}
    assert summary.latency.max == 10.0
    assert summary.failed_latency.min == 20.0


@pytest.mark.parametrize(
    ("answer", "unknown"),
    [
        (HttpAnswer(None, error="no answer in time"), True),
        (HttpAnswer(None, error="connection refused", sent=False), False),
        (HttpAnswer(504, "", 30_000.0), True),
        (HttpAnswer(503, "", 29_000.0), True),
        (HttpAnswer(503, "", 20.0), False),
        (HttpAnswer(500, "", 20.0), False),
        (HttpAnswer(404, "", 20.0), False),
    ],
)
def test_http_failures_are_refusals_unless_nobody_can_know(
    answer: HttpAnswer, unknown: bool
) -> None:
    summary = produce(ApiSink(FakeApi(answer)), template("x"), Plan(1))
    assert (summary.unknown, summary.rejected) == ((1, 0) if unknown else (0, 1))


def test_error_texts_are_bounded() -> None:
    api = FakeApi(*(HttpAnswer(500, f"{number} {'x' * 1000}", 1.0) for number in range(200)))
    summary = produce(ApiSink(api), template("x"), Plan(200, concurrency=4))
    assert len(summary.errors) <= 51
    assert sum(summary.errors.values()) == 200
    assert all(len(each) <= 300 for each in summary.errors)


# Time.


def test_a_duration_ends_the_run() -> None:
    summary = produce(ApiSink(FakeApi()), template("x"), Plan(duration_s=0.2, rate=50))
    assert 0 < summary.accepted <= 10
    assert summary.requested == summary.accepted


def test_a_rate_spreads_the_arrivals() -> None:
    summary = produce(ApiSink(FakeApi()), template("x"), Plan(count=20, rate=100))
    assert summary.duration_s >= 0.19
    assert summary.rate_held is True


def test_a_rate_that_cannot_be_held_is_told() -> None:
    class Slow(FakeApi):
        def post(self, body: str | bytes) -> HttpAnswer:
            threading.Event().wait(0.3)
            return super().post(body)

    summary = produce(ApiSink(Slow()), template("x"), Plan(count=8, rate=1000, concurrency=1))
    assert summary.rate_held is False
    assert summary.rate_asked == 1000
    assert 1.5 < summary.late_s < 10


def test_an_open_model_does_not_wait_for_answers() -> None:
    """Answers of 0.2 s at 40 a second: eight requests at a time, without being told so."""

    class Slow(FakeApi):
        def post(self, body: str | bytes) -> HttpAnswer:
            threading.Event().wait(0.2)
            return super().post(body)

    plan = Plan(count=40, rate=40, concurrency=concurrency_for(40))
    summary = produce(ApiSink(Slow()), template("x"), plan)
    assert summary.rate_held is True
    assert summary.duration_s < 5


@pytest.mark.parametrize(("rate", "wanted"), [(None, 4), (0.5, 4), (60, 15), (1e9, 64)])
def test_a_rate_has_as_many_requests_at_a_time_as_it_needs(rate: float | None, wanted: int) -> None:
    assert concurrency_for(rate) == wanted


def test_a_stop_finishes_what_is_in_flight_and_summarises() -> None:
    queue = FakeSqs().create("q")
    control = Control()

    def stop(_: Stored) -> None:
        if len(queue.stored) == 25:
            control.stop()

    queue.on_send = stop
    summary = produce(
        QueueSink(queue), template("{{n}}"), Plan(1000, concurrency=1), control=control
    )
    assert summary.interrupted
    assert summary.accepted == len(queue.stored) == 30
    assert summary.requested == 1000


def test_a_stop_ends_a_slow_rate_at_once() -> None:
    control = Control()
    api = FakeApi()
    timer = threading.Timer(0.1, control.stop)
    timer.start()
    summary = produce(ApiSink(api), template("x"), Plan(1000, rate=1), control=control)
    assert summary.interrupted
    assert summary.duration_s < 10


def test_progress_ends_with_the_whole() -> None:
    seen: list[ProduceProgress] = []
    produce(ApiSink(FakeApi()), template("x"), Plan(7), progress=seen.append)
    assert (seen[-1].accepted, seen[-1].done, seen[-1].requested) == (7, 7, 7)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan(count=0),
        Plan(count=-1),
        Plan(duration_s=0),
        Plan(count=1, rate=0),
        Plan(count=1, concurrency=0),
        Plan(count=1, concurrency=65),
    ],
)
def test_nonsense_is_refused(plan: Plan) -> None:
    with pytest.raises(UsageError):
        produce(ApiSink(FakeApi()), template("x"), plan)


def test_nothing_is_kept_per_message() -> None:
    """The sink sees a million numbers' worth of laziness: messages are made when due."""
    made: list[int] = []

    def make(number: int) -> Outgoing:
        made.append(number)
        return Outgoing("x")

    control = Control()
    queue = FakeSqs().create("q")
    queue.on_send = lambda _: control.stop()
    produce(QueueSink(queue), make, Plan(10_000_000, concurrency=2), control=control)
    assert len(made) <= 40


def test_thresholds_are_judged() -> None:
    api = FakeApi(HttpAnswer(200, "", 10.0), HttpAnswer(500, "", 99.0))
    conditions = [parse("p(95)<500"), parse("failed<1%"), parse("rate>0")]
    summary = produce(ApiSink(api), template("x"), Plan(10), thresholds=conditions)
    assert [each.ok for each in summary.thresholds] == [True, False, True]
    assert summary.thresholds[1].value == 50.0


def test_a_server_that_goes_away_ends_the_run_with_its_figures() -> None:
    """Not minutes of retries for each batch: nothing answered, so nothing more is tried."""
    queue = FakeSqs().create("q")
    queue.fail("send", *[None] * 3, *[refused_connection] * 100_000)
    summary = produce(QueueSink(queue), template("{{n}}"), Plan(50_000), gone_after_s=0.3)
    assert summary.gave_up is not None
    assert "no answer" in summary.gave_up
    assert summary.accepted == 30
    assert not summary.interrupted, "nobody asked for a stop"
    assert summary.accepted + summary.rejected + summary.unknown < 500
    assert len(queue.calls) < 200


def test_an_api_that_goes_away_ends_the_run() -> None:
    api = FakeApi(HttpAnswer(None, error="connection refused", sent=False))
    summary = produce(ApiSink(api), template("x"), Plan(10**9), gone_after_s=0.2)
    assert summary.gave_up is not None
    assert summary.rejected == len(api.bodies)


def test_a_request_that_hangs_counts_from_when_it_was_sent() -> None:
    """Half a minute without an answer is enough: no second one is waited for."""
    now = [0.0]
    presence = Presence(Control(), patience_s=8, now=lambda: now[0])
    asked_at = presence.asked()
    now[0] = 30.0
    presence.silent("read timeout", asked_at)
    assert presence.gone == "no answer for 30 s: read timeout"
    assert presence.stopping


def test_one_request_that_hangs_among_others_is_not_a_server_gone() -> None:
    now = [0.0]
    presence = Presence(Control(), patience_s=8, now=lambda: now[0])
    asked_at = presence.asked()
    now[0] = 29.0
    presence.answered()
    now[0] = 30.0
    presence.silent("read timeout", asked_at)
    assert not presence.stopping
    now[0] = 38.0
    presence.silent("read timeout", 31.0)
    assert presence.gone == "no answer for 9 s: read timeout"


def test_a_server_that_answers_badly_is_not_gone() -> None:
    api = FakeApi(HttpAnswer(None, error="reset"), HttpAnswer(503, "", 3.0))
    summary = produce(ApiSink(api), template("x"), Plan(400), gone_after_s=0.0001)
    assert summary.gave_up is None or summary.status_codes
    calm = produce(ApiSink(FakeApi(HttpAnswer(500, "", 3.0))), template("x"), Plan(400))
    assert calm.gave_up is None


def test_status_codes_are_explained_by_their_speed() -> None:
    api = FakeApi(
        HttpAnswer(503, "", 5.0),
        HttpAnswer(503, "", 30_010.0),
        HttpAnswer(404, "", 5.0),
        HttpAnswer(500, "", 50.0),
        HttpAnswer(418, "", 5.0),
    )
    summary = produce(ApiSink(api), template("x"), Plan(10))
    found = [(each.status, each.count, each.checks[:1]) for each in explanations(summary)]
    assert found == [
        (404, 2, ()),
        (500, 2, ()),
        (503, 2, ("account-concurrency",)),
        (503, 2, ("integration-timeout",)),
    ]
    known = {each.meta.id for each in all_checks()}
    assert {check for each in explanations(summary) for check in each.checks} <= known


@pytest.mark.parametrize(
    ("timeout_ms", "checks", "unknown"),
    [(None, "account-concurrency", 0), (1000, "integration-timeout", 3)],
)
def test_what_slow_is_depends_on_how_long_the_api_waits(
    timeout_ms: int | None, checks: str, unknown: int
) -> None:
    sink = ApiSink(FakeApi(HttpAnswer(503, "", 1_010.0)), timeout_ms=timeout_ms)
    summary = produce(sink, template("x"), Plan(3))
    (found,) = explanations(summary)
    assert found.checks[0] == checks
    assert summary.unknown == unknown


@pytest.mark.parametrize("status", [500, 502])
@pytest.mark.parametrize(
    ("log", "checks", "words"),
    [
        (None, (), "the function failed"),
        (Invocations(5, 5, (("access-denied", 5),)), ("access-denied",), "5 × access-denied"),
        (Invocations(5, 5, (("unhandled-error", 5),)), (), "5 × unhandled-error"),
        (Invocations(5, 2), (), "the function failed"),
        (Invocations(5, 0), (), "answered so itself"),
        (Invocations(0, 0), ("api-permission",), "shows no call"),
    ],
)
def test_the_function_s_log_decides_what_a_500_means(
    status: int, log: Invocations | None, checks: tuple[str, ...], words: str
) -> None:
    summary = produce(ApiSink(FakeApi(HttpAnswer(status, "", 5.0))), template("x"), Plan(5))
    (found,) = explanations(summary, log)
    assert (found.count, found.checks) == (5, checks)
    assert words in found.meaning


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "did not like"),
        (401, "authorizer wants"),
        (403, "a REST API has no such route"),
        (404, "no such route"),
        (413, "larger than the API takes"),
        (429, "throttled"),
        (504, "did not answer in time"),
    ],
)
def test_each_status_code_has_its_meaning(status: int, words: str) -> None:
    summary = produce(ApiSink(FakeApi(HttpAnswer(status, "", 5.0))), template("x"), Plan(3))
    (found,) = explanations(summary)
    assert (found.status, found.count) == (status, 3)
    assert words in found.meaning


@given(st.lists(st.floats(0.001, 100_000), min_size=1, max_size=60), st.integers(1, 12))
def test_a_histogram_s_rows_hold_every_request_once(values: list[float], rows: int) -> None:
    histogram = Histogram()
    for each in values:
        histogram.add(each)
    found = buckets(histogram.summary(), rows)
    assert sum(each.count for each in found) == len(values)
    assert found[0].over_ms <= min(values) * 1.0001
    assert found[-1].upto_ms >= max(values) * 0.9999
    assert all(one.upto_ms == other.over_ms for one, other in pairwise(found))
