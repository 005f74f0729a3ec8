"""How log lines look: in a pipe, by request, and that what is hostile is harmless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sqsctl.cli.logs.tail_view import Printer
from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Output
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.annotation import Annotated, annotate
from sqsctl.operations.logs.requests import by_request
from sqsctl.operations.logs.tail import Tailed

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
REQUEST = "304677c0-bf36-4923-866b-1db4373c8afa"


def annotated(*texts: str) -> list[Annotated]:
    return list(
        annotate(
            Tailed("worker", LogEvent(text, NOW + timedelta(milliseconds=n), "s", "g"))
            for n, text in enumerate(texts)
        )
    )


def printed(
    capsys: pytest.CaptureFixture[str], lines: list[Annotated], *, fold: bool = True
) -> list[str]:
    printer = Printer(Run(Output(), PROGRAM), ["worker"], fold=fold)
    for each in lines:
        printer.line(each)
    printer.flush()
    return capsys.readouterr().out.splitlines()


INVOCATION = (
    f"START RequestId: {REQUEST} Version: $LATEST\n",
    "Message Body:  {}",
    (
        "[ERROR] KeyError: 'input'\nTraceback (most recent call last):\n"
        "  File \"/var/task/index.py\", line 3, in handler\n    return event['input']"
    ),
    f"END RequestId: {REQUEST}\n",
    (
        f"REPORT RequestId: {REQUEST}\tDuration: 1.50 ms\tBilled Duration: 2 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 40 MB\t\n"
    ),
)


def test_an_event_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, annotated(*INVOCATION))
    assert len(shown) == 5
    assert shown[0] == f"05:00:00.000 worker START RequestId: {REQUEST}"
    assert shown[2].startswith("05:00:00.002 worker [ERROR] KeyError: 'input'")
    assert shown[2].endswith("(3 lines of stack trace: --no-fold)")
    assert shown[4] == (f"05:00:00.004 worker REPORT {REQUEST} 1.5 ms, 40 of 128 MB  ← event-shape")


def test_traces_are_open_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, annotated(*INVOCATION), fold=False)
    assert len(shown) == 8
    assert "    return event['input']" in shown


def test_a_request_has_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(Run(Output(), PROGRAM), ["worker"], fold=True)
    for request in by_request(annotated(*INVOCATION)):
        printer.request(request, request)
    printer.flush()
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith(f"✗ worker {REQUEST} 1.5 ms, 40 of 128 MB")
    assert [each[13:].split()[1] for each in shown[1:]] == ["Message", "[ERROR]"]


def test_a_heading_is_about_the_whole_request_whatever_is_left_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = Printer(Run(Output(), PROGRAM), ["worker"], fold=True)
    (request,) = by_request(annotated(*INVOCATION))
    printer.request(request, [request[1]])
    printer.request(request, [])
    printer.flush()
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2, "nothing is shown of a request of which nothing is wanted"
    assert shown[0].startswith(f"✗ worker {REQUEST} 1.5 ms")


def test_the_end_says_how_much_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(Run(Output(), PROGRAM), ["worker"], fold=True)
    for each in annotated("[ERROR] x", "Task timed out after 6.00 seconds", "fine"):
        printer.line(each)
    assert printer.summary() == "3 lines, 2 of errors: 1 × function-timeout"
    assert capsys.readouterr().out


def test_hostile_text_is_escaped_without_rich_too(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, annotated("a\x1b[2Jb\u202ec\r[red]"))
    assert shown == ["05:00:00.000 worker a\\x1b[2Jb\\u202ec\\r[red]"]
