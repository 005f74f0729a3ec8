"""The interactive session: scripted answers, and once in a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pexpect
import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.cli.screen.prompt import AGAIN
from sqsctl.cli.session import dead_letters as menu_letters
from sqsctl.model.message import Outgoing
from sqsctl.operations.dead_letters import survey
from sqsctl.operations.moving import removal
from tests.cli.script import Do, play
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's queues show everything at the first poll."""
    monkeypatch.setattr(survey, "EMPTY_POLLS", 1)
    monkeypatch.setattr(removal, "EMPTY_POLLS", 1)


def bury(lab: DeployedLab, *bodies: str) -> list[str]:
    """Dead letters; their ids, in the order of the bodies."""
    port = QueueClient(lab.session).open(lab.dead_letters.ref)
    sent = port.send([Outgoing(each) for each in bodies])
    assert len(sent.accepted) == len(bodies)
    return [each.message_id for each in sent.accepted]


def dead(lab: DeployedLab) -> list[str]:
    """The bodies in the dead-letter queue."""
    port = QueueClient(lab.session).open(lab.dead_letters.ref)
    found = port.receive(10, wait_s=1, visibility_s=0)
    return sorted(each.body for each in found)


def typed(err: str) -> list[list[str]]:
    """The command lines that were printed, as words."""
    return [shlex.split(each) for each in re.findall(r"^\$ sqsctl (.*)$", err, re.MULTILINE)]


def test_each_choice_prints_the_command_line_that_it_runs(
    on_lab: DeployedLab, capsys: Capture
) -> None:
    play("send", '{"input": 7}', "produce", "3", "figures", "inspect", on_lab.queue.name, "quit")
    out, err = capsys.readouterr()
    assert typed(err) == [
        ["send", '{"input": 7}'],
        ["produce", "--count", "3"],
        ["queue", "inspect", on_lab.queue.name, "--full"],
    ]
    assert "200 from POST /produce" in out
    assert "✓ 3 / ✗ 0" in out
    assert on_lab.queue.url in out
    assert "▤ jobs " in err


def test_a_step_back_asks_again_and_quits_at_the_top(on_lab: DeployedLab) -> None:
    script = play(
        "send",
        None,
        "produce",
        None,
        "figures",
        None,
        "logs",
        None,
        "lab",
        None,
        "target",
        None,
        None,
    )
    assert [each.question for each in script.asked if each.question != "What now?"] == [
        "Body",
        "How many?",
        "Which figures?",
        "Whose logs?",
        "The lab",
        "Work on what?",
    ]


def test_nonsense_is_asked_for_again(on_lab: DeployedLab, capsys: Capture) -> None:
    play("produce", "many", "0", "²", "2", "quit")
    assert typed(capsys.readouterr().err) == [["produce", "--count", "2"]]


def test_a_body_that_looks_like_an_option_is_a_body(on_lab: DeployedLab, capsys: Capture) -> None:
    play("send", "--yes", "quit")
    assert "200 from POST /produce" in capsys.readouterr().out


def test_dead_letters_come_first_when_there_are_some(on_lab: DeployedLab, capsys: Capture) -> None:
    assert "redrive" not in play("quit").asked[0].values
    bury(on_lab, '{"input": 1}')
    script = play("redrive", None, "redrive", "dry", "all", "quit")
    assert script.asked[0].titles[:3] == [
        "1 dead letter: see why (doctor)",
        "1 dead letter: look, and pick some",
        "1 dead letter: bring all of them back (redrive)",
    ]
    err = capsys.readouterr().err
    assert f"1 dead letter will go back to {on_lab.queue.name}" in err
    assert "comes back after 3 receives, 6 s apart" in err
    assert typed(err) == [["dlq", "redrive", "--dry-run"], ["dlq", "redrive"]]
    assert dead(on_lab) == []


def test_ticked_letters_are_brought_back_and_the_others_stay(
    on_lab: DeployedLab, capsys: Capture
) -> None:
    ids = bury(on_lab, '{"input": 1}', '{"input": 2}', '{"input": 3}')
    order: list[str] = []
    script = play("letters", [0, 2], None, [0, 2], "redrive", "all", "quit")
    boxes = [each for each in script.asked if each.kind == "checkbox"]
    order = boxes[0].values
    assert sorted(order) == sorted(ids)
    assert boxes[1].checked == [order[0], order[2]]  # Esc gave the ticks back
    assert {title.partition(" ")[0] for title in boxes[0].titles} == {each[:8] for each in ids}
    assert typed(capsys.readouterr().err) == [
        ["dlq", "peek", "--limit", "50"],
        ["dlq", "redrive", "--id", order[0], "--id", order[2]],
    ]
    bodies = dict(zip(ids, ['{"input": 1}', '{"input": 2}', '{"input": 3}'], strict=True))
    assert dead(on_lab) == [bodies[order[1]]]


def test_what_was_printed_works_when_it_is_copied(
    on_lab: DeployedLab, capsys: Capture, sqsctl: Sqsctl
) -> None:
    bury(on_lab, '{"input": "a b"}', "'; $(x)")
    play("letters", [0, 1], "redrive", "dry", None, None, None, "quit")
    dry = typed(capsys.readouterr().err)[-1]
    assert sqsctl(*dry, "-o", "json").data["selected"] == 2


def test_letters_that_vanish_between_look_and_command_are_told(
    on_lab: DeployedLab, capsys: Capture
) -> None:
    bury(on_lab, "x", "y")
    port = QueueClient(on_lab.session).open(on_lab.dead_letters.ref)

    def vanish() -> None:
        port.delete(port.receive(10, wait_s=1))

    play("letters", [0, 1], Do(vanish, "redrive"), "all", "quit")
    err = capsys.readouterr().err
    assert "2 of 2 messages could not be found in" in err
    assert "exit code 5" in err


@pytest.mark.long
def test_ticked_letters_are_deleted_only_after_a_yes(on_lab: DeployedLab, capsys: Capture) -> None:
    ids = bury(on_lab, "a", "b")
    play("letters", [0, 1], "purge", False, "quit")
    assert dead(on_lab) == ["a", "b"]
    script = play("letters", [0], "purge", True, "quit")
    gone = script.question("2 of about 2").values[0]
    assert dead(on_lab) == [{ids[0]: "b", ids[1]: "a"}[gone]]
    assert "for good" in capsys.readouterr().err


@pytest.mark.long
def test_a_letter_is_edited_seen_and_explained(
    on_lab: DeployedLab, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = bury(on_lab, '{"input": "seven"}')
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\n"
        "p = pathlib.Path(sys.argv[1])\n"
        "p.write_text(p.read_text().replace('\"seven\"', '7'))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    play("letters", [0], "peek", "explain", "export", "edit", True, True, "quit")
    out, err = capsys.readouterr()
    assert [each[1] for each in typed(err)] == ["peek", "peek", "explain", "export", "redrive"]
    assert typed(err)[-1] == ["dlq", "redrive", "--id", key, "--edit"]
    assert "✓ 1 moved" in out
    assert dead(on_lab) == []
    lines = next(tmp_path.glob("*.jsonl")).read_text().splitlines()
    assert any(json.loads(each).get("message_id") == key for each in lines)


def test_very_many_letters_are_narrowed_down_first(
    on_lab: DeployedLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_letters, "PAGE", 2)
    bury(on_lab, "apple 1", "pear 1", "apple 2", "-x")
    script = play(
        "letters",
        "grep",
        "apple",
        [0, 1],
        None,
        None,
        "match",
        None,
        "grep",
        "-x",
        None,
        "first",
        None,
        None,
        "quit",
    )
    boxes = [each for each in script.asked if each.kind == "checkbox"]
    assert [len(each.choices) for each in boxes] == [2, 2, 1, 2]
    assert typed(capsys.readouterr().err) == [
        ["dlq", "peek", "--grep=apple", "--limit", "2"],
        ["dlq", "peek", "--grep=-x", "--limit", "2"],
        ["dlq", "peek", "--limit", "2"],
    ]


def test_nothing_ticked_is_asked_again(on_lab: DeployedLab, capsys: Capture) -> None:
    bury(on_lab, "a")
    play("letters", [], None, "quit")
    assert "none is ticked" in capsys.readouterr().err


def test_the_cursor_stays_on_what_was_chosen_and_the_figures_are_read_again(
    on_lab: DeployedLab, capsys: Capture
) -> None:
    script = play("logs", None, Do(lambda: bury(on_lab, "a"), AGAIN), "quit")
    tops = [each.top.last for each in script.asked if each.top is not None]
    assert tops == [None, "logs", "logs"]
    err = capsys.readouterr().err
    read = re.findall(r"read \d\d:\d\d:\d\d · 0 waiting · 0 in flight · (\d) dead", err)
    assert read == ["0", "0", "1"]
    # Leaving says what goes on: the lab, by its name where it is not the ordinary one.
    stop = f"sqsctl lab down --name {on_lab.state.name} stops it"
    assert stop in " ".join(err.split())


def test_an_empty_dead_letter_queue_is_told_at_once_and_counted_before(
    on_lab: DeployedLab, capsys: Capture
) -> None:
    play("letters", Do(lambda: bury(on_lab, "late"), "letters"), [], None, "quit")
    err = capsys.readouterr().err
    assert re.search(rf"{on_lab.dead_letters.name}: empty, read \d\d:", err)
    assert typed(err) == [["dlq", "peek", "--limit", "50"]]  # only for the one that came


def test_a_queue_stands_before_its_dead_letter_queue(on_lab: DeployedLab) -> None:
    script = play("figures", "inspect", None, "quit")
    queues = script.question("Which queue?").values
    assert queues == [on_lab.queue.name, on_lab.dead_letters.name]


def test_whatever_a_command_meets_the_session_goes_on(
    on_lab: DeployedLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    # Ctrl-C while something works, and then a queue that is gone.
    def delete() -> None:
        on_lab.session.sqs().delete_queue(QueueUrl=on_lab.dead_letters.url)

    bury(on_lab, "a")
    play("send", Do(interrupted, None), Do(delete, "letters"), "quit")
    err = capsys.readouterr().err
    assert "stopped" in err
    assert "Traceback" not in err


def test_in_a_real_terminal_of_80_columns(on_lab: DeployedLab) -> None:
    """Arrow keys, ticks, Esc and Ctrl-C, without colour and with hostile bodies."""
    bury(
        on_lab, '{"input": 1}', "\u202e[red]한국어 😀 본문이 아주 길어서 줄을 넘는 경우를 봅니다 끝"
    )
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
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
    child.send("\x1b[B\r")  # one down: look, and pick some
    child.expect("2 of 2")
    child.send("ar")  # all, redrive
    child.expect("How")
    child.send("\x03")  # Ctrl-C steps back to the list, the ticks are kept
    child.expect("2 ticked")
    child.send("q")
    child.expect("What now?")
    child.expect("quit")
    menu_again = child.before or ""
    assert re.search("»[^\\n]*2 dead letters: look", menu_again)  # the cursor is where it was
    child.send("r")
    child.expect("read \\d\\d:\\d\\d:\\d\\d · .*What now?.*Esc: leave")
    child.expect("quit")
    child.send("\x1b")
    child.expect(pexpect.EOF)
    child.close()
    seen = child.before or ""
    assert child.exitstatus == 0
    assert "Traceback" not in drawn + seen
    assert "\u202e" not in drawn + seen
    assert not re.search(r"\x1b\[[\d;]*3[1-7]m", drawn + seen)
