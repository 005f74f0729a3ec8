"""The demo's screens: heads, pauses, and where there are none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sqsctl.cli.lab import demo_screens
from sqsctl.cli.lab.demo_screens import Left, Screens
from sqsctl.cli.screen.output import Output

Capture = pytest.CaptureFixture[str]
Press = Callable[..., None]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    """A terminal on which these keys are pressed, and then none."""

    def prepare(*pressed: str) -> None:
        waiting = list(pressed)

        def next_key(seconds: float | None) -> str:
            if waiting:
                return waiting.pop(0)
            time.sleep(seconds or 0)
            return ""

        @contextmanager
        def keys() -> Iterator[Callable[[float | None], str]]:
            yield next_key

        monkeypatch.setattr(demo_screens, "keys", keys)
        monkeypatch.setattr(demo_screens, "has_keys", lambda: True)

    return prepare


def test_enter_goes_on_other_keys_do_not_and_q_leaves(press: Press, capsys: Capture) -> None:
    press("x", "\n", "q")
    screens = Screens(Output(color=False), 3)
    for title in ("first", "second"):
        screens.begin(title)
    with pytest.raises(Left):
        screens.begin("third")
    out = capsys.readouterr().out
    assert "sqsctl demo · 1 of 3 · first" in out
    assert "sqsctl demo · 2 of 3 · second" in out
    assert "third" not in out
    assert out.count("[enter] goes on (by itself after 15 s), [q] leaves") == 2
    assert screens.number == 2


def test_it_goes_on_by_itself_and_pauses_are_not_counted(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_screens, "PAUSE_S", 0.3)
    press()
    screens = Screens(Output(color=False), 2)
    begun = time.monotonic()
    screens.begin("first")
    screens.begin("second")
    lasted = time.monotonic() - begun
    assert lasted >= 0.3
    assert screens.played_s <= lasted - 0.29


@pytest.mark.parametrize("output", [Output(quiet=True), Output("json")], ids=["quiet", "json"])
def test_with_quiet_or_json_there_is_no_pause(output: Output, press: Press) -> None:
    press("q")
    screens = Screens(output, 2)
    screens.begin("first")
    screens.begin("second")


def test_in_a_pipe_there_is_no_pause_and_no_order_to_a_terminal(capsys: Capture) -> None:
    screens = Screens(Output(), 2)
    screens.begin("first")
    screens.begin("second")
    out = capsys.readouterr().out
    assert [line.split("  ")[0] for line in out.splitlines() if line] == [
        "sqsctl demo · 1 of 2 · first",
        "sqsctl demo · 2 of 2 · second",
    ]
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
