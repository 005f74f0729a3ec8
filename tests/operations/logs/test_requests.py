"""Lines by request: none lost, none twice; stack traces folded, their message kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.annotation import Annotated
from sqsctl.operations.logs.requests import Folder, by_request

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def line(text: str, request: str | None = None, seconds: float = 0) -> Annotated:
    event = LogEvent(text, NOW + timedelta(seconds=seconds), "s", "g")
    platform = text.startswith(("START", "END", "REPORT"))
    phase = "report" if text.startswith("REPORT") else ""
    return Annotated("f", event, request, "", None, platform, phase=phase)


def test_interleaved_requests_come_out_one_after_the_other() -> None:
    lines = [
        line("START a", "a"),
        line("START b", "b"),
        line("one", "a"),
        line("other"),
        line("two", "b"),
        line("REPORT b", "b"),
        line("REPORT a", "a"),
    ]
    found = [[each.event.message for each in group] for group in by_request(lines)]
    assert found == [
        ["other"],
        ["START b", "two", "REPORT b"],
        ["START a", "one", "REPORT a"],
    ]


def test_a_request_that_never_ends_comes_out_once_it_cannot_be_running() -> None:
    lines = [line("START a", "a"), line("later", None, 30 * 60), line("latest", None, 32 * 60)]
    found = [[each.event.message for each in group] for group in by_request(lines)]
    assert found == [["later"], ["START a"], ["latest"]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "a", "b", "c"]),
            st.sampled_from(["x", "REPORT"]),
            st.integers(0, 3),
        ),
        max_size=60,
    )
)
def test_nothing_is_lost_repeated_or_out_of_order_within_a_request(
    drawn: list[tuple[str | None, str, int]],
) -> None:
    at = 0
    lines = []
    for number, (request, text, minutes) in enumerate(drawn):
        at += minutes * 300
        lines.append(line(f"{text} {number}", request, at))
    out = [each for group in by_request(lines) for each in group]
    assert sorted(map(id, out)) == sorted(map(id, lines))
    for request in ("a", "b", "c"):
        assert [each for each in out if each.request_id == request] == [
            each for each in lines if each.request_id == request
        ]


PYTHON = [
    "[ERROR] KeyError: 'input'",
    "Traceback (most recent call last):",
    '\xa0\xa0File "/var/task/index.py", line 3, in handler',
    "\xa0\xa0\xa0\xa0return event['input']",
    "           ~~~~~^^^^^^^^^",
    "KeyError: 'input'",
]
NODE = [
    "TypeError: Cannot read properties of undefined",
    "    at work (/var/task/index.js:3:9)",
    "    at Runtime.handler (/var/task/index.js:9:1)",
]


@pytest.mark.parametrize(
    ("trace", "left"),
    [(PYTHON, ["[ERROR] KeyError: 'input'", "KeyError: 'input'"]), (NODE, NODE[:1])],
)
def test_frames_are_folded_in_one_event_and_in_many(trace: list[str], left: list[str]) -> None:
    text, count = Folder().fold("\n".join(trace))
    assert text == "\n".join(left)
    assert count == len(trace) - len(left)
    folder = Folder()
    shown = [kept for each in [*trace, "next"] if (kept := folder.fold(each)[0]) is not None]
    assert shown == [*left, "next"]


def test_how_many_lines_went_is_told_with_the_next_line() -> None:
    folder = Folder()
    assert [folder.fold(each) for each in PYTHON][-1] == ("KeyError: 'input'", 4)
    assert folder.fold("after") == ("after", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Message Body:  {}",
        '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}',
        "Took 3 ms",
        "    indented",
    ],
)
def test_what_is_no_trace_stays_as_it_is(text: str) -> None:
    assert Folder().fold(text) == (text, 0)


def test_a_stack_inside_json_becomes_a_count() -> None:
    text = (
        '{"errorType":"Error","errorMessage":"no [1]","stack":["Error: \\"a\\"","  at b","  at c"]}'
    )
    assert Folder().fold(text)[0] == '{"errorType":"Error","errorMessage":"no [1]","stack":[…3]}'
