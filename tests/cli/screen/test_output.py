"""The sanitiser, the JSON text and the envelope."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from sqsctl.cli.screen.output import (
    LEAST_WIDTH,
    Answer,
    Output,
    early_format,
    iso,
    prose,
    safe,
    safe_line,
    styled,
    target_line,
    to_json,
)
from sqsctl.cli.screen.views import duration
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.target import Target

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
BIDI = {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}


def dangerous(character: str) -> bool:
    return (
        (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t")
        or unicodedata.bidirectional(character) in BIDI
        or character in "\u2028\u2029\u200e\u200f\ufeff\uffff\ufffe"
    )


@given(ANY_TEXT)
def test_safe_text_holds_nothing_dangerous(text: str) -> None:
    assert not any(dangerous(each) for each in safe(text))


@given(ANY_TEXT)
def test_safe_is_idempotent(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "메시지를 받았습니다. 입력값: 1",
        "👩‍👩‍👧‍👦 family",
        "tab\tand\nline",
        "[/red] [link=x]",
        "a\\x1b",
    ],
)
def test_safe_leaves_harmless_text_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("over\rwrite", "over\\rwrite"),
        ("back\x08space", "back\\x08space"),
        ("\x7f", "\\x7f"),
        ("\u202eevil", "\\u202eevil"),
        ("\u2066x", "\\u2066x"),
        ("\x00", "\\x00"),
        ("\ud800", "\\ud800"),
        ("\uffff", "\\uffff"),
        ("a\u200d\u200d\u200db", "a\\u200d\\u200d\\u200db"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_safe_shows_what_it_defuses(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_safe_line_stays_on_its_line_and_within_its_limit() -> None:
    assert safe_line("one\ntwo\tthree") == "one\\ntwo three"
    assert safe_line("x" * 50, 10) == "x" * 9 + "…"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        max_leaves=6,
    )
)
def test_json_keeps_the_value_and_is_safe_to_print(document: object) -> None:
    text = to_json(document)
    assert not any(dangerous(each) for each in text)
    assert "\n" not in text
    text.encode("utf-8")
    assert json.loads(text) == document


def test_times_are_utc_with_milliseconds() -> None:
    seoul = timezone(timedelta(hours=9))
    assert iso(datetime(2026, 11, 23, 13, 51, 0, 123456, seoul)) == "2026-11-23T04:51:00.123Z"
    assert iso(None) is None


def test_envelope_has_the_promised_keys_in_their_order() -> None:
    error = SqsctlError("it broke", hint="mend it", exit=Exit.PARTIAL, code="broken")
    answer = Answer({"a": datetime(2026, 1, 1, tzinfo=UTC)}, exit=Exit.PARTIAL, errors=(error,))
    target = Target("lab", "ap-northeast-2", "000000000000", "s", "http://127.0.0.1:1")
    document = json.loads(Output("json").envelope("dlq redrive", answer, target))
    assert document == {
        "schema": 1,
        "command": "dlq redrive",
        "status": "partial",
        "exit_code": 3,
        "target": {
            "kind": "lab",
            "account": "000000000000",
            "region": "ap-northeast-2",
            "stack": "s",
            "endpoint": "http://127.0.0.1:1",
        },
        "data": {"a": "2026-01-01T00:00:00.000Z"},
        "errors": [{"code": "broken", "message": "it broke", "hint": "mend it"}],
    }


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Exit.OK, "ok"),
        (Exit.AMBIGUOUS, "ok"),
        (Exit.PARTIAL, "partial"),
        (Exit.INTERRUPTED, "partial"),
        (Exit.NEGATIVE, "findings"),
        (Exit.USAGE, "error"),
        (Exit.NOT_FOUND, "error"),
        (Exit.DENIED, "error"),
        (Exit.REFUSED, "error"),
    ],
)
def test_status_follows_the_exit_code(code: Exit, status: str) -> None:
    assert Answer({}, exit=code).status == status


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-o", "json", "doctor"], "json"),
        (["doctor", "-o", "json"], "json"),
        (["doctor", "--output=json"], "json"),
        (["doctor", "-ojson"], "json"),
        (["doctor", "-o", "nonsense"], "human"),
        (["send", "--", "-o", "json"], "human"),
        (["doctor"], "human"),
    ],
)
def test_format_is_known_before_anything_is_parsed(arguments: list[str], expected: str) -> None:
    assert early_format(arguments) == expected


def test_format_from_the_environment_yields_to_the_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQSCTL_OUTPUT", "json")
    assert early_format(["doctor"]) == "json"
    assert early_format(["doctor", "-o", "human"]) == "human"


def test_target_line_shortens_the_account() -> None:
    aws = Target("aws", "ap-northeast-2", "123456789012", "tutorial-step-2-dev")
    assert target_line(aws) == "aws 1234…9012 · ap-northeast-2 · tutorial-step-2-dev"
    lab = Target("lab", "ap-northeast-2", "000000000000", "tutorial-step-2-dev", "http://x")
    assert target_line(lab) == "lab · ap-northeast-2 · tutorial-step-2-dev"


def on_terminal(text: str, width: int) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, _environ={"TERM": "xterm"}
    )
    prose(console, styled(text))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_prose_wraps_at_words_and_keeps_its_indentation() -> None:
    assert on_terminal("  three little words that wrap", 24) == (
        "  three little words\n  that wrap\n"
    )
    url = "https://docs.aws.amazon.com/lambda/latest/dg/welcome.html"
    assert on_terminal(f"  see {url} for more", 24) == f"  see\n  {url}\n  for more\n"


def test_commands_and_blocks_are_printed_as_they_are() -> None:
    command = (
        "    $ aws sqs set-queue-attributes --queue-url http://127.0.0.1:1/0/jobs --attributes a"
    )
    assert on_terminal(command, 30) == f"{command}\n"
    block = '{\n  "a": "one two three four five six seven eight nine"\n}'
    assert on_terminal(block, 30) == f"{block}\n"


@given(st.text("ab 한😀\u00b7", max_size=200), st.integers(20, 60))
def test_prose_loses_nothing(text: str, width: int) -> None:
    shown = on_terminal(text, width)
    assert shown.split() == text.split()
    indent = len(text) - len(text.lstrip(" "))
    if width - indent >= LEAST_WIDTH:
        for line in shown.splitlines():
            assert cell_len(line) <= width or " " not in line.strip()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.25, "250 ms"),
        (36, "36 s"),
        (119, "119 s"),
        (5_400, "1 h 30 min"),
        (345_600, "4 d"),
        (86_400 + 7_200, "1 d 2 h"),
        (330 * 86_400 + 59 * 60, "330 d"),
    ],
)
def test_a_time_is_said_in_two_units_beside_each_other(seconds: float, said: str) -> None:
    assert duration(seconds) == said
