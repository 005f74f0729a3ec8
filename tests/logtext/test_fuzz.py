"""Whatever the text holds: the reader comes to an end, raises nothing, and keeps its promises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.line_checks import explain_line
from sqsctl.logtext import Reading, events_from_text, read
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import ErrorText, FunctionLogs, Group, Stack
from tests.fuzz.profiles import fuzzed
from tests.yaml_files import loaded

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(7200)]

CORPUS = Path(__file__).parents[1] / "checks" / "corpus"
TEXTS = [each["text"] for path in sorted(CORPUS.glob("*.yaml")) for each in loaded(path)]
LINES = sorted({line for text in TEXTS for line in text.splitlines() if line.strip()})
KEYS = [
    "message",
    "errorType",
    "errorMessage",
    "stack",
    "events",
    "timestamp",
    "level",
    "type",
    "record",
    "requestId",
    "error",
    "exception",
    "LogResult",
    "@message",
]
MILLION = 1_000_000

anything = st.text(st.characters(codec=None), max_size=200)
line = st.one_of(st.sampled_from(LINES), anything)


def checked(reading: Reading) -> None:
    """What holds of every reading."""
    for failure in (*reading.failures, *reading.survived):
        assert failure.occurrences >= 1
        assert not failure.logged or failure.confidence <= Confidence.MEDIUM
    keys = [(each.error_type, each.message) for each in reading.failures]
    assert len(keys) == len(set(keys))
    for attempt in reading.attempts:
        assert attempt.failure is None or not attempt.failure.logged or attempt.status


def whole(text: str) -> None:
    """Everything that a pasted text goes through."""
    reading = read(events_from_text(text))
    checked(reading)
    logs = FunctionLogs("", "", attempts=reading.attempts, failures=reading.failures)
    stack = Stack("text", "", logs=Group((logs,)), errors=Group((ErrorText(text),)))
    diagnosis = diagnose(stack)
    assert not [each for each in diagnosis.checks if "the check failed" in each.reason]
    explain_line(LogEvent(text))


@given(anything)
@fuzzed(150)
def test_any_text(text: str) -> None:
    whole(text)


@given(st.lists(line, max_size=25), st.sampled_from(["\n", "\r\n", "\r", "\n\n", " "]))
@fuzzed(150)
def test_known_lines_in_any_order(lines: list[str], between: str) -> None:
    whole(between.join(lines))


@given(st.sampled_from(TEXTS), st.data())
@fuzzed(150)
def test_known_texts_torn_and_spoilt(text: str, data: st.DataObject) -> None:
    """A copy that begins or ends anywhere, with something foreign put in."""
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    foreign = data.draw(anything)
    whole(text[start:stop] + foreign + text[stop:])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | anything,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
@fuzzed(150)
def test_any_json(value: object) -> None:
    whole(json.dumps(value))


@given(
    st.lists(
        st.builds(
            LogEvent,
            message=line,
            timestamp=st.none() | st.datetimes(timezones=st.just(UTC)),
            stream=st.sampled_from(["", "a", "b"]),
            group=st.sampled_from(["", "/aws/lambda/f"]),
        ),
        max_size=15,
    )
)
@fuzzed(100)
def test_any_events(events: list[LogEvent]) -> None:
    checked(read(events))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{" * 100_000, id="braces"),
        pytest.param("[" * 100_000 + "]" * 100_000, id="deep list"),
        pytest.param('{"message":' * 5_000 + "1" + "}" * 5_000, id="deep object"),
        pytest.param('{"errorMessage": ' + "9" * 4_301 + "}", id="an integer of 4301 digits"),
        pytest.param(
            '{"timestamp": 1e999, "message": "x", "eventId": "1"}', id="a time beyond time"
        ),
        pytest.param("\0" * 1000 + "[ERROR] KeyError: '\0'", id="NUL"),
        pytest.param("\ud800\udfff lone surrogates", id="surrogates"),
        pytest.param("x" * MILLION, id="a line of 1 MB"),
        pytest.param('{"a":"' + "\\" * MILLION, id="backslashes"),
        pytest.param('"errorMessage":"' + "\\n" * (MILLION // 2), id="a torn message"),
        pytest.param("Error: " * (MILLION // 7), id="errors without end"),
        pytest.param("a." * (MILLION // 2) + "Error: x", id="a name without end"),
        pytest.param(
            "Traceback (most recent call last):\n" + '  File "x", line 1\n' * 20_000, id="trace"
        ),
        pytest.param("START RequestId: \n" * 5_000, id="starts without end"),
        pytest.param("Missing " * (MILLION // 8), id="missing"),
        pytest.param(("Missing " + "A" * 80) * 5_000, id="missing names"),
        pytest.param("\x1b[" * (MILLION // 2), id="escapes"),
        pytest.param("a | " * (MILLION // 4), id="container names"),
        pytest.param("9999-99-99T99:99:99.999Z " * 1000, id="impossible times"),
    ],
)
def test_hostile_text_comes_to_an_end(text: str) -> None:
    whole(text)


def test_a_time_in_the_year_one_is_none() -> None:
    events = events_from_text("0001-01-01T00:00:00+14:00 START RequestId: x")
    assert events[0].timestamp is None or events[0].timestamp <= datetime.now(UTC)
