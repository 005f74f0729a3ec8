"""Questions fit the terminal whatever they hold, and a terminal without a cursor has its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.command_line import perform
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen import prompt
from sqsctl.cli.screen.cell_width import cells, fit
from sqsctl.cli.screen.output import Output
from sqsctl.cli.screen.prompt import Choice, LinePrompter, NoPrompter, QuestionaryPrompter, pick
from sqsctl.errors import Exit, RefusedError
from tests.cli.screen.test_output import dangerous
from tests.cli.script import Script


@given(st.text(), st.integers(1, 200))
def test_a_title_is_harmless_and_no_wider_than_it_may_be(text: str, limit: int) -> None:
    cut = fit(text, limit)
    assert not [each for each in cut if dangerous(each)]
    assert "\n" not in cut
    assert cell_len(cut) <= max(limit, 2)
    assert cells(cut) <= max(limit, 2)  # an ellipsis is of ambiguous width itself


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("plain", 5, "plain"),
        ("plain!", 5, "pla…"),
        ("한국어", 6, "한국어"),
        ("한국어 본문", 8, "한국어…"),
        ("😀😀😀", 5, "😀…"),
        ("▤▤▤", 6, "▤▤▤"),  # two cells each, where terminals are set up for Korean
        ("▤▤▤", 5, "▤…"),
        ("a\x1b[2J", 9, "a\\x1b[2J"),
    ],
)
def test_widths(text: str, limit: int, shown: str) -> None:
    assert fit(text, limit) == shown


def test_what_is_drawn_is_safe_and_what_is_returned_is_not_changed() -> None:
    choice = QuestionaryPrompter._choice(Choice("\x1b]0;x\x07\u202e" + "가" * 100, "\x1bvalue"))
    assert not [each for each in choice.title if dangerous(each)]
    assert cell_len(choice.title) <= 80 - 8
    assert choice.value == "\x1bvalue"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], LinePrompter]:
    def lines(text: str) -> LinePrompter:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return LinePrompter()

    return lines


CHOICES = [Choice("one", "1st"), Choice("two", "2nd"), Choice("no", "3rd", disabled="not now")]
Lines = Callable[[str], LinePrompter]


def test_a_terminal_without_a_cursor_lists_and_reads_numbers(
    typed: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("9\nx\n3\n2\n").select("Which?", CHOICES) == "2nd"
    err = capsys.readouterr().err
    assert "   1  one" in err
    assert err.count("is not one of them") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1 2\n", ["1st", "2nd"]), ("1,2\n", ["1st", "2nd"]), ("all\n", ["1st", "2nd"]), ("\n", None)],
)
def test_several_numbers_are_several_choices(
    typed: Lines, text: str, expected: list[str] | None
) -> None:
    assert typed(text).checkbox("Which?", CHOICES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("y\n", True), ("NO\n", False), ("\n", True), ("what\nn\n", False), ("", None)],
)
def test_yes_and_no(typed: Lines, text: str, expected: bool | None) -> None:
    assert typed(text).confirm("Sure?", default=True) is expected


def test_a_text_has_a_default_and_ctrl_d_is_a_step_back(typed: Lines) -> None:
    assert typed("\n").text("Body", default="{}") == "{}"
    assert typed("x y\n").text("Body") == "x y"
    assert typed("").text("Body", default="{}") is None


def test_ctrl_c_is_a_step_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        def readline(self) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupting())
    assert LinePrompter().select("Which?", CHOICES) is None


@pytest.mark.parametrize(
    ("term", "kind"),
    [("dumb", LinePrompter), ("", LinePrompter), ("xterm-256color", QuestionaryPrompter)],
)
def test_the_terminal_decides_who_asks(
    monkeypatch: pytest.MonkeyPatch, term: str, kind: type[object]
) -> None:
    assert isinstance(prompt.prompter(), NoPrompter)
    monkeypatch.setattr(prompt, "interactive", lambda: True)
    monkeypatch.setenv("TERM", term)
    assert isinstance(prompt.prompter(), kind)


def test_without_a_person_every_question_is_a_refusal() -> None:
    nobody = NoPrompter()
    for ask in (
        lambda: nobody.select("Which?", CHOICES),
        lambda: nobody.checkbox("Which?", CHOICES),
        lambda: nobody.confirm("Sure?"),
        lambda: nobody.text("Body"),
    ):
        with pytest.raises(RefusedError):
            ask()


def test_many_names_are_typed_with_completion() -> None:
    few = Script(["b"])
    assert pick(few, "Which?", ["a", "b"]) == "b"
    assert few.asked[0].kind == "select"
    names = [f"stack-{n:02}" for n in range(30)]
    many = Script(["nonsense", "stack-0", "K-17"])
    assert pick(many, "Which?", names) == "stack-17"
    assert many.asked[0].suggestions == tuple(names)
    assert pick(Script([None]), "Which?", names) is None


@pytest.mark.parametrize("key", ["\x03", "\x04", "\x1b"], ids=["Ctrl-C", "Ctrl-D", "Esc"])
@pytest.mark.parametrize("kind", ["select", "checkbox", "confirm", "text"])
def test_every_key_that_leaves_steps_back_from_every_question(
    monkeypatch: pytest.MonkeyPatch, kind: str, key: str
) -> None:
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    with create_pipe_input() as keys:
        monkeypatch.setattr(
            QuestionaryPrompter, "_terminal", lambda _: {"input": keys, "output": DummyOutput()}
        )
        # Enter comes behind it: a key that does nothing is seen as an answer.
        keys.send_text(f"{key}\r")
        asked = getattr(QuestionaryPrompter(), kind)
        assert asked("Which?", *([CHOICES] if kind in {"select", "checkbox"} else [])) is None


def test_a_command_of_the_session_offers_no_lab_of_its_own(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session has a list of what can be done where the lab died."""
    assert not state_home.exists()
    monkeypatch.setattr(prompt, "interactive", lambda: True)
    run = Run(Output(), PROGRAM)
    run.prompter = script = Script([])
    run.offers_lab = False
    assert perform(run, ["queue", "ls"]).code is Exit.DENIED
    assert not script.asked


@pytest.mark.parametrize("make", [QuestionaryPrompter, LinePrompter])
def test_what_has_to_be_typed_is_shown_whole(
    make: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However narrow the terminal is, and made safe."""
    monkeypatch.setattr("sqsctl.cli.screen.prompt._asked", lambda *_, **__: "typed")
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    name = f"{'q' * 75}.fifo"
    assert make().typed(["Type it:", f"  {name}\x1b[2J"]) == "typed"
    shown = capsys.readouterr().err
    assert f"  {name}\\x1b[2J\n" in shown
