"""The interactive session: scripted answers, and once in a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pexpect
import pytest

from sqsctl.cli.context import Run
from sqsctl.cli.menu import menu
from sqsctl.cli.options import Globals
from sqsctl.cli.output import Output
from sqsctl.cli.prompt import Choice
from tests.e2e.stacks import DeployedLab

pytestmark = pytest.mark.lab


@dataclass
class Script:
    """Answers given in advance; every question must be one that was foreseen."""

    answers: list[object]
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def _next(self, question: str, values: list[str]) -> object:
        self.asked.append((question, values))
        answer = self.answers.pop(0)
        if isinstance(answer, str) and values:
            assert answer in values, f"{answer} is not offered at {question}: {values}"
        return answer

    def select(self, question: str, choices: Sequence[Choice]) -> str | None:
        answer = self._next(question, [each.value for each in choices])
        assert answer is None or isinstance(answer, str)
        return answer

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        answer = self._next(question, [each.value for each in choices])
        assert answer is None or isinstance(answer, list)
        return answer

    def confirm(self, question: str, *, default: bool = False) -> bool | None:
        answer = self._next(question, [])
        assert answer is None or isinstance(answer, bool)
        return answer

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None:
        answer = self._next(question, [])
        assert answer is None or isinstance(answer, str)
        return answer


def play(lab: DeployedLab, *answers: object) -> Script:
    """Go through the menu with these answers."""
    script = Script(list(answers))
    run = Run(Output(color=False), lab_name=lab.state.name)
    run.prompter = script
    run.adopt(Globals())
    menu(run)
    assert not script.answers, f"not asked for: {script.answers}"
    return script


def test_each_choice_prints_the_command_line_that_it_runs(
    on_lab: DeployedLab, capsys: pytest.CaptureFixture[str]
) -> None:
    play(on_lab, "send", '{"input": 7}', "produce", "3", "inspect", "quit")
    out, err = capsys.readouterr()
    assert "$ sqsctl send '{\"input\": 7}'" in err
    assert "$ sqsctl produce --count 3" in err
    assert "$ sqsctl queue inspect" in err
    assert "200 from POST /produce" in out
    assert "✓ 3 / ✗ 0" in out
    assert on_lab.queue.url in out
    assert "▤ jobs (" in err


def test_a_step_back_asks_again_and_quits_at_the_top(on_lab: DeployedLab) -> None:
    script = play(on_lab, "send", None, "produce", None, None)
    assert [question for question, _ in script.asked] == [
        "What now?",
        "Body",
        "What now?",
        "How many?",
        "What now?",
    ]


def test_nonsense_is_asked_for_again(
    on_lab: DeployedLab, capsys: pytest.CaptureFixture[str]
) -> None:
    play(on_lab, "produce", "many", "0", "2", "quit")
    assert "$ sqsctl produce --count 2" in capsys.readouterr().err


def test_dead_letters_come_first_when_there_are_some(on_lab: DeployedLab) -> None:
    empty = play(on_lab, "quit")
    assert "redrive" not in empty.asked[0][1]
    on_lab.session.sqs().send_message(QueueUrl=on_lab.dead_letters.url, MessageBody='{"input": 1}')
    script = play(on_lab, "redrive", False, "redrive", True, "quit")
    assert script.asked[0][1][:3] == ["doctor", "peek", "redrive"]


def test_in_a_real_terminal_of_80_columns(on_lab: DeployedLab) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "sqsctl"],
        env=environment,
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=30,
    )
    child.expect("What now?")
    drawn = child.before or ""
    assert f"{on_lab.name}" in drawn
    assert "POST /produce" in drawn
    child.send("\x1b[B\r")  # one down: send one message
    child.expect("Body")
    child.send("\r")
    child.expect("Message accepted!")
    child.expect("What now?")
    child.send("\x1b")  # Esc at the top leaves
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert not re.search(r"Traceback", child.before or "")
