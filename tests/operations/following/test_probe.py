"""The canary: recognised where it leaves traces, and named where it stops."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from sqsctl.aws.cloudwatch.logs import LogPage, milliseconds, missing
from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Outgoing
from sqsctl.model.outcome import Acceptance, BatchResult, Rejection
from sqsctl.model.stack import (
    Group,
    Queue,
    Stack,
)
from sqsctl.operations.following.probe import probe
from sqsctl.operations.following.probe_hops import (
    Canary,
    Hop,
    Route,
    arrived,
    canary,
    route_through,
    stopped_at,
)
from sqsctl.operations.logs.tail import Clock

START = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
PRODUCER, CONSUMER = ("p", "/aws/lambda/p"), ("c", "/aws/lambda/c")
ME = Canary("probe-1", '{"input": 1, "sqsctl_probe": "probe-1"}')


def request_id(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}"))


@dataclass
class World:
    """A pipeline in memory: time, logs, an API and a queue."""

    at: datetime = START
    events: dict[str, list[LogEvent]] = field(default_factory=dict)
    status: int | None = 200
    queued: Queue | None = None
    blocked: str | None = None
    dead: list[int] = field(default_factory=lambda: [0])
    refused: bool = False
    on_sent: Callable[[World], None] = lambda _: None

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)

    def post(self, body: str | bytes, **_: object) -> HttpAnswer:
        self.at += timedelta(milliseconds=120)
        self.on_sent(self)
        text = "Service Unavailable" if self.status != 200 else "Message accepted!"
        error = None if self.status else "connection refused"
        return HttpAnswer(self.status, json.dumps({"message": text}), 120.0, error, sent=False)

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        if self.refused:
            return BatchResult(rejected=(Rejection(0, "InvalidMessageContents", "too large"),))
        self.on_sent(self)
        return BatchResult(accepted=(Acceptance(0, "m-1"),))

    def dead_letters(self) -> int:
        return self.dead[0]

    def depth(self) -> Queue:
        if self.queued is None:
            raise SqsctlError("no", exit=Exit.DENIED, code="access_denied")
        return self.queued

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
        streams: tuple[str, ...] = (),
    ) -> LogPage:
        if group not in self.events:
            raise missing(group)
        return LogPage(
            tuple(
                each
                for each in self.events[group]
                if (each.ingested_at or START) <= self.at
                and milliseconds(each.timestamp or START) >= start_ms
                and pattern.strip('"') in each.message
                and (not streams or each.stream in streams)
            )
        )

    def invoked(
        self,
        group: str,
        number: int,
        *lines: str,
        after_s: float = 1.0,
        readable_s: float = 0.5,
        failing: str = "",
    ) -> None:
        """An invocation ``after_s`` from now, readable ``readable_s`` after it ended."""
        began = self.at + timedelta(seconds=after_s)
        ended = began + timedelta(milliseconds=30)
        identity = request_id(number)
        report = f"REPORT RequestId: {identity}\tDuration: 30 ms\tBilled Duration: 30 ms\t"
        texts = [
            (began, f"START RequestId: {identity} Version: $LATEST"),
            *((began, line) for line in lines),
            *(
                [(began, f"[ERROR] ValueError: {failing}\nTraceback (most recent call last):")]
                if failing
                else []
            ),
            (ended, f"END RequestId: {identity}"),
            (ended, f"{report}Memory Size: 128 MB\tMax Memory Used: 50 MB\t"),
        ]
        self.events.setdefault(group, []).extend(
            LogEvent(text, at, f"stream-{number}", group, "", ended + timedelta(seconds=readable_s))
            for at, text in texts
        )


def hops(world: World, *, via: str = "http", producer: bool = True) -> list[Hop]:
    route = Route(
        CONSUMER,
        PRODUCER if producer else None,
        world.dead_letters,
        depth=world.depth,
        blocked=world.blocked,
    )
    found = probe(
        world,
        route,
        ME,
        api=world if via == "http" else None,
        queue=world if via == "sqs" else None,
        clock=world.clock,
        timeout_s=30,
    )
    return list(found)


def shape(found: list[Hop]) -> list[tuple[str, str, bool]]:
    return [(each.name, each.status, each.certain) for each in found]


def test_the_whole_way_with_a_time_for_each_hop() -> None:
    def sent(world: World) -> None:
        world.invoked(PRODUCER[1], 1, after_s=-0.1)
        world.invoked(CONSUMER[1], 2, f"Message Body: {ME.body}", after_s=2, readable_s=1.5)

    found = hops(World(on_sent=sent))
    assert shape(found) == [
        ("api", "ok", True),
        ("producer", "ok", False),  # it logs nothing of the body
        ("queue", "ok", True),
        ("consumer", "ok", True),
        ("log", "ok", True),
    ]
    assert arrived(found)
    assert stopped_at(found) is None
    times = {each.name: each.duration_ms for each in found}
    assert times["api"] == 120.0
    assert times["producer"] == 30.0
    assert times["queue"] == pytest.approx(2_070, abs=60)
    assert times["log"] == pytest.approx(1_500, abs=60)


def test_a_consumer_that_logs_nothing_of_the_body_is_found_by_time() -> None:
    def sent(world: World) -> None:
        world.invoked(CONSUMER[1], 2, "working", after_s=1)

    found = hops(World(on_sent=sent), producer=False)
    assert shape(found) == [
        ("api", "ok", True),
        ("queue", "ok", False),
        ("consumer", "ok", False),
        ("log", "ok", False),
    ]


def test_among_several_invocations_none_is_guessed() -> None:
    def sent(world: World) -> None:
        world.invoked(CONSUMER[1], 2, "working", after_s=1)
        world.invoked(CONSUMER[1], 3, "working", after_s=2)

    found = hops(World(on_sent=sent), producer=False)
    assert shape(found)[-1] == ("consumer", "missing", True)


def test_the_one_with_the_id_is_found_among_many() -> None:
    def sent(world: World) -> None:
        for number in range(2, 9):
            mark = ME.id if number == 5 else f"probe-{number}0"
            world.invoked(CONSUMER[1], number, f"Message Body: {mark}", after_s=1)

    found = hops(World(on_sent=sent), producer=False)
    assert arrived(found)
    assert found[-2].request_id == request_id(5)


def test_an_api_that_refuses_stops_it_there() -> None:
    found = hops(World(status=503))
    assert shape(found) == [("api", "failed", True)]
    assert "503" in found[0].detail
    assert "Service Unavailable" in found[0].detail
    assert not arrived(found)


def test_a_producer_that_fails_behind_the_api_is_named() -> None:
    def sent(world: World) -> None:
        world.invoked(PRODUCER[1], 1, after_s=-0.1, failing="no QUEUE_URL")

    found = hops(World(status=500, on_sent=sent))
    assert shape(found) == [("api", "failed", True), ("producer", "failed", False)]
    assert "no QUEUE_URL" in found[-1].detail


def test_a_producer_that_answers_500_itself_is_named() -> None:
    def sent(world: World) -> None:
        world.invoked(PRODUCER[1], 1, f"got {ME.id}", after_s=-0.1)

    found = hops(World(status=500, on_sent=sent))
    assert shape(found) == [("api", "failed", True), ("producer", "failed", True)]
    assert found[-1].detail == "it answered 500 itself"


@pytest.mark.parametrize("status", [500, 503, 429, 404])
def test_a_call_that_never_reached_the_producer_stops_at_the_api(status: int) -> None:
    """An invocation of some seconds ago is not taken for it."""

    def sent(world: World) -> None:
        world.invoked(PRODUCER[1], 1, after_s=-3, failing="an older one")

    found = hops(World(status=status, on_sent=sent))
    assert shape(found) == [("api", "failed", True)]


def test_an_api_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(SqsctlError) as raised:
        hops(World(status=None))
    assert raised.value.exit is Exit.UNAVAILABLE


def test_a_consumer_that_fails_says_of_what() -> None:
    def sent(world: World) -> None:
        world.invoked(CONSUMER[1], 2, f"Message Body: {ME.body}", failing="not a number")

    found = hops(World(on_sent=sent), producer=False)
    stopped = stopped_at(found)
    assert stopped is not None
    assert (stopped.name, stopped.status) == ("consumer", "failed")
    assert "not a number" in stopped.detail


def test_retries_that_all_fail_are_one_failure() -> None:
    def sent(world: World) -> None:
        for number in (2, 3, 4):
            world.invoked(CONSUMER[1], number, after_s=number, failing="no module")

    found = hops(World(on_sent=sent), producer=False)
    assert shape(found)[-1] == ("consumer", "failed", False)


def test_a_message_that_nobody_takes_is_missing_after_the_timeout() -> None:
    world = World(events={CONSUMER[1]: []})
    found = hops(world, producer=False)
    assert shape(found) == [
        ("api", "ok", True),
        ("queue", "ok", True),
        ("consumer", "missing", True),
    ]
    assert (world.at - START).total_seconds() == pytest.approx(30, abs=2)


JOBS = Queue("jobs", "https://q/jobs", "arn:jobs")


@pytest.mark.parametrize(
    ("queue", "stopped", "words"),
    [
        (replace(JOBS, visible=2), ("queue", "missing"), "nobody takes it: 2 in jobs"),
        (replace(JOBS, delayed=1), ("queue", "missing"), "nobody takes it: 1 in jobs"),
        (replace(JOBS, in_flight=1, visible=1), ("consumer", "missing"), "1 in flight"),
        (JOBS, ("log", "missing"), "it left jobs, but no trace of it"),
        (None, ("consumer", "missing"), "no trace of it in the log of c"),
    ],
)
def test_where_it_is_when_no_log_shows_it(
    queue: Queue | None, stopped: tuple[str, str], words: str
) -> None:
    world = World(events={CONSUMER[1]: []}, queued=queue)
    last = hops(world, producer=False)[-1]
    assert (last.name, last.status) == stopped
    assert words in last.detail


def test_a_log_group_that_is_missing_is_told() -> None:
    last = hops(World(queued=JOBS), producer=False)[-1]
    assert (last.name, last.status) == ("log", "missing")
    assert "there is no log group /aws/lambda/c" in last.detail


def test_a_disabled_mapping_is_not_waited_for() -> None:
    world = World(blocked="the mapping from jobs to c is Disabled")
    found = hops(world, producer=False)
    assert shape(found) == [("api", "ok", True), ("queue", "failed", True)]
    assert (world.at - START).total_seconds() < 1


def test_dead_letters_that_cannot_be_counted_first_are_none() -> None:
    """A count that fails once is no zero: old dead letters are not taken for the canary."""
    counts: list[int | None] = [None, 7]

    class Uncounted(World):
        def dead_letters(self) -> int:
            now = counts.pop(0) if len(counts) > 1 else counts[0]
            if now is None:
                raise SqsctlError("slow down", exit=Exit.UNAVAILABLE, code="throttled")
            return now

    assert hops(Uncounted(), producer=False)[-1].name == "consumer"


def test_dead_letters_that_appear_meanwhile_are_told() -> None:
    def sent(world: World) -> None:
        world.dead[0] = 1

    found = hops(World(on_sent=sent), producer=False)
    assert shape(found)[-1] == ("dead-letter", "failed", True)


def test_straight_to_the_queue_the_message_id_serves_too() -> None:
    def sent(world: World) -> None:
        world.invoked(CONSUMER[1], 2, "handling m-1", after_s=1)

    found = hops(World(on_sent=sent), via="sqs")
    assert shape(found) == [
        ("api", "ok", True),
        ("queue", "ok", True),
        ("consumer", "ok", True),
        ("log", "ok", True),
    ]


def test_a_queue_that_refuses_is_an_error() -> None:
    with pytest.raises(SqsctlError, match="too large"):
        hops(World(refused=True), via="sqs")


def test_without_a_consumer_there_is_nothing_to_wait_for() -> None:
    world = World()
    found = list(probe(world, Route(None), ME, api=world, clock=world.clock))
    assert shape(found) == [("api", "ok", True), ("queue", "missing", True)]


def test_bodies_that_carry_an_id() -> None:
    assert json.loads(canary(identity="i").body) == {"input": 1, "sqsctl_probe": "i"}
    assert canary('{"a": "{{id}}"}', identity="i").body == '{"a": "i"}'
    assert json.loads(canary('{"a": 1}', identity="i").body) == {"a": 1, "sqsctl_probe": "i"}
    assert canary().id != canary().id
    for body in ("plain", "[1]", "{" * 10_000, "7"):
        with pytest.raises(UsageError):
            canary(body)


def test_the_way_follows_the_queue_that_the_producer_knows() -> None:
    queues = [Queue(name, f"https://q/{name}", f"arn:{name}") for name in ("one", "two")]
    functions = [
        Function("front", "arn:front", environment={"URL": "https://q/two"}, log_group="/f"),
        *(Function(f"on-{each.name}", "arn", log_group=f"/{each.name}") for each in queues),
    ]
    mappings = [
        EventSourceMapping(each.name, each.arn, "arn", f"on-{each.name}") for each in queues
    ]
    stack = Stack(
        "s",
        "r",
        queues=Group(tuple(queues)),
        functions=Group(tuple(functions)),
        mappings=Group(tuple(mappings)),
    )
    assert route_through(stack, producer="front").consumer == ("on-two", "/two")
    assert route_through(stack, queue="one").consumer == ("on-one", "/one")
    assert route_through(stack, queue="none").consumer is None
    assert route_through(stack, producer="front").producer == ("front", "/f")
    paused = [replace(mappings[1], state="Disabled"), mappings[0]]
    blocked = route_through(replace(stack, mappings=Group(tuple(paused))), producer="front")
    assert blocked.blocked == "the mapping from two to on-two is Disabled"


def test_of_two_consumers_of_a_queue_the_enabled_one_takes_it() -> None:
    functions = [Function(name, f"arn:{name}", log_group=f"/{name}") for name in ("old", "new")]
    stack = Stack(
        "s",
        "r",
        queues=Group((JOBS,)),
        functions=Group(tuple(functions)),
        mappings=Group(
            tuple(
                EventSourceMapping(each.name, JOBS.arn, each.arn, each.name, state=state)
                for each, state in zip(functions, ("Disabled", "Enabled"), strict=True)
            )
        ),
    )
    found = route_through(stack)
    assert (found.consumer, found.blocked) == (("new", "/new"), None)


def test_a_fifo_queue_gets_a_group_and_an_id_of_its_own() -> None:
    class Fifo(World):
        def send(self, batch: Sequence[Outgoing]) -> BatchResult:
            self.got = batch[0]
            return super().send(batch)

    world = Fifo(events={CONSUMER[1]: []}, queued=JOBS)
    list(
        probe(world, Route(CONSUMER), ME, queue=world, group_id="g", clock=world.clock, timeout_s=1)
    )
    assert (world.got.group_id, world.got.deduplication_id) == ("g", ME.id)
