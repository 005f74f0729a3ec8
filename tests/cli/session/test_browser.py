"""The message browser: what it shows, what is ticked and meant, and the keys in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from sqsctl.cli.screen.cell_width import cells
from sqsctl.cli.session.browser import ACTIONS, MOVES, Browser, Picked, browse

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def message(number: int, **more: Any) -> dict[str, Any]:
    return {
        "message_id": f"{number:08d}-0000-4000-8000-000000000000",
        "body": f'{{"input": {number}}}',
        "sent_at": "2026-11-30T11:56:00.000Z",
        "receive_count": 4,
        "group_id": None,
        "attributes": {},
        "decoded": None,
        "cause": {"id": "function-timeout", "confidence": "high", "evidence": "timed out"},
    } | more


def made(count: int = 3) -> Browser:
    return Browser("jobs-dlq", [message(each) for each in range(count)])


def text(shown: Browser, width: int = 80, height: int = 24) -> str:
    return "\n".join(line for _, line in shown.lines(width, height, NOW))


def test_a_message_is_a_line_and_the_one_under_the_cursor_is_below() -> None:
    shown = made()
    shown.move(1)
    lines = text(shown).split("\n")
    assert lines[0].strip() == "☠ jobs-dlq · 3 of 3"
    assert lines[3].split() == ["▸", "4", "min", "4", "function-timeout", '{"input":', "1}"]
    assert "died of function-timeout: timed out" in text(shown)
    assert '"input": 1' in "\n".join(lines[6:])


def test_ticked_ones_are_meant_else_the_one_under_the_cursor() -> None:
    shown = made()
    assert shown.meant() == [shown.messages[0]["message_id"]]
    shown.move(1)
    shown.tick()
    assert shown.meant() == [shown.messages[1]["message_id"]]
    shown.tick_all()
    assert len(shown.meant()) == 3
    shown.tick_all()
    assert len(shown.ticked) == 0


def test_a_search_looks_into_bodies_causes_and_what_was_decoded() -> None:
    shown = Browser(
        "q",
        [message(1), message(2, cause=None), message(3, decoded={"value": {"order": "needle"}})],
    )
    shown.search("NEEDLE")
    assert [each["message_id"][:8] for each in shown.found()] == ["00000003"]
    assert "order" in text(shown)
    shown.search("function-timeout")
    assert len(shown.found()) == 2
    shown.search("nothing like that")
    assert shown.meant() == []
    assert "nothing here holds that" in text(shown)
    shown.stop_searching()
    assert len(shown.found()) == 3


def test_what_a_message_says_cannot_draw() -> None:
    shown = Browser("q\x1b[2J", [message(1, body="\x1b[31m\u202eboom", group_id="g\x9b1m")])
    assert not {"\x1b", "\u202e", "\x9b"} & set(text(shown))


@given(
    st.integers(20, 200),
    st.integers(10, 60),
    st.integers(0, 60),
    st.lists(st.sampled_from(["up", "down", "tick", "open", "end"]), max_size=20),
)
def test_it_always_fits_and_the_cursor_is_always_in_sight(
    width: int, height: int, count: int, keys: list[str]
) -> None:
    shown = made(count)
    for each in keys:
        match each:
            case "up":
                shown.move(-1)
            case "down":
                shown.move(1)
            case "tick":
                shown.tick()
            case "end":
                shown.move(count)
            case _:
                shown.opened = not shown.opened
    lines = [line for _, line in shown.lines(width, height, NOW)]
    assert len(lines) <= height
    assert max(map(cells, lines)) <= width
    assert ("▸" in "\n".join(lines)) is (count > 0)


def test_the_keys_fit_into_eighty_columns() -> None:
    foot = text(made()).split("\n")[-1]
    assert not foot.endswith("…")
    assert all(f"{key}:" in foot for key in (*ACTIONS, *MOVES))


@pytest.mark.parametrize(
    ("keys", "picked"),
    [
        (" r", Picked("redrive", ["00000000-0000-4000-8000-000000000000"])),
        ("ax", Picked("export", [message(each)["message_id"] for each in range(3)])),
        ("jjd", Picked("purge", ["00000002-0000-4000-8000-000000000000"])),
        ("/: 1\re", Picked("edit", ["00000001-0000-4000-8000-000000000000"])),
        ("\rl", Picked("explain", ["00000000-0000-4000-8000-000000000000"])),
        ("q", None),
        ("\x03", None),
    ],
)
def test_keys_in_a_terminal(
    keys: str, picked: Picked | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
        monkeypatch.setattr("prompt_toolkit.output.create_output", lambda **_: DummyOutput())
        typed.send_text(keys)
        assert browse(made()) == picked


def test_a_body_is_shown_without_its_wrappings() -> None:
    decoded = {"layers": ["sns", "json"], "value": {"order": 7}, "about": {}, "note": None}
    shown = Browser(
        "q", [message(1, body='{"Type": "Notification", "Message": "…"}', decoded=decoded)]
    )
    lines = text(shown).split("\n")
    assert '{"order": 7}' in lines[2]
    assert "Notification" not in lines[2]
    assert "body without sns > json:" in text(shown)
