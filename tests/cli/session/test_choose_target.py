"""What the session works on: what is named, the only thing there is, or what is picked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from sqsctl.aws import lab_state as labs
from sqsctl.aws.lab_state import write_state
from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen.output import Output
from sqsctl.cli.session import choose_target as menu_target
from sqsctl.errors import Exit, SqsctlError
from sqsctl.operations.stacks.discover import StackSummary
from tests.cli.script import Do, Script, play
from tests.e2e.iam_users import somebody
from tests.e2e.stacks import DeployedLab

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks that AWS would show."""
    names: list[str] = []
    monkeypatch.setattr(
        "sqsctl.operations.stacks.discover.stacks",
        lambda _session: [StackSummary(each, "CREATE_COMPLETE", (), ()) for each in names],
    )
    return names


def settle(script: Script, given: Globals | None = None) -> tuple[bool, Globals]:
    run = Run(Output(color=False), PROGRAM)
    run.prompter = script
    run.adopt(given or Globals())
    settled = menu_target.first(run)
    assert not script.answers
    return settled, run.globals


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, state_home: Path) -> None:
    """Credentials that nobody uses, and no lab."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


def test_with_nothing_at_all_the_lab_is_offered(state_home: Path, capsys: Capture) -> None:
    script = Script([None])
    assert settle(script)[0] is False
    assert script.asked[0].titles[0] == "start the lab: a local AWS, no account needed"
    assert "no AWS credentials were found, and no lab is running" in capsys.readouterr().err


@pytest.mark.usefixtures("keys")
def test_what_is_named_or_alone_is_taken_without_a_question(found: list[str]) -> None:
    assert settle(Script([]), Globals(stack="mine")) == (True, Globals(stack="mine"))
    assert settle(Script([]), Globals(queue="jobs")) == (True, Globals(queue="jobs"))
    found.append("only-dev")
    assert settle(Script([])) == (True, Globals(stack="only-dev"))


@pytest.mark.usefixtures("keys")
def test_of_several_stacks_one_is_picked(found: list[str]) -> None:
    found += ["a-dev", "b-dev"]
    script = Script(["aws · eu-west-1 · b-dev"])
    assert settle(script) == (True, Globals(stack="b-dev"))


@pytest.mark.usefixtures("keys")
def test_a_folder_says_which_stack_is_meant(found: list[str], tmp_path: Path) -> None:
    found += ["a-dev", "b-dev"]
    (tmp_path / "serverless.yml").write_text("service: shop\nprovider:\n  name: aws\n")
    assert settle(Script([])) == (True, Globals())


def test_another_profile_leads_elsewhere(
    found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile dev]\nregion = eu-central-1\naws_access_key_id = A\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    found += ["a-dev", "b-dev"]
    script = Script(["another AWS profile…", "dev", "b-dev"])
    assert settle(script) == (True, Globals(profile="dev", stack="b-dev"))
    found.clear()  # nothing there: one is asked again
    assert settle(Script(["another AWS profile…", "dev", "quit"]))[0] is False


def test_a_region_is_asked_for_where_none_is_known(
    found: list[str], monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    found += ["a-dev", "b-dev"]
    script = Script(["another region…", "eu-north-1", "aws · eu-north-1 · a-dev"])
    assert settle(script) == (True, Globals(region="eu-north-1", stack="a-dev"))
    assert "eu-north-1" in script.question("Region").suggestions


@pytest.mark.lab
def test_a_lab_beside_aws_is_a_question_and_an_option(
    on_lab: DeployedLab, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQSCTL_STACK")
    assert settle(Script([])) == (True, Globals())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    found += [on_lab.state.stack, "a-dev"]
    own = f"lab · {on_lab.state.stack}"
    assert settle(Script([own])) == (True, Globals(lab=True))
    assert settle(Script(["lab · a-dev"])) == (True, Globals(lab=True, stack="a-dev"))
    aws = settle(Script(["aws · eu-west-1 · a-dev"]))
    assert aws == (True, Globals(lab=False, stack="a-dev"))


@pytest.mark.lab
def test_the_options_of_the_choice_are_printed(on_lab: DeployedLab, capsys: Capture) -> None:
    play(
        "target",
        "a stack or a queue by its name",
        "queue",
        on_lab.queue.name,
        "send",
        "{}",
        "target",
        "a stack or a queue by its name",
        "stack",
        "no-such-stack",
        "quit",
        "quit",
        given=Globals(no_color=True),
    )
    err = capsys.readouterr().err
    assert f"$ sqsctl send '{{}}' --queue {on_lab.queue.name} --no-color" in err
    assert "there is no stack no-such-stack" in err


@contextmanager
def stand_in_for(lab: DeployedLab) -> Iterator[subprocess.Popen[bytes]]:
    """Another process passes for the lab's: one that may be stopped."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        started = labs.process_started(process.pid)
        write_state(replace(lab.state, pid=process.pid, process_started=started))
        yield process
        process.kill()


@pytest.mark.lab
def test_a_lab_that_was_stopped_leaves_a_choice(
    on_lab: DeployedLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    with stand_in_for(on_lab) as process:

        def stop(_name: str) -> bool:
            process.kill()
            return process.wait() is not None

        monkeypatch.setattr("sqsctl.lab.server.stop", stop)
        script = play("lab", "down", None, "lab", "down", True, None)
    assert [each.question for each in script.asked[-3:]] == [
        "The lab",
        "Go ahead?",
        "Work on what?",
    ]
    assert "its messages, logs and incidents are gone then" in capsys.readouterr().err


@pytest.mark.lab
def test_a_lab_that_dies_is_told_and_another_target_asked_for(
    on_lab: DeployedLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    """The state file names a process that is gone by the time of the choice."""
    with stand_in_for(on_lab) as stand_in:

        def die() -> None:
            stand_in.kill()
            stand_in.wait()

        script = play(Do(die, "doctor"), "quit")
    assert script.asked[-1].question == "Work on what?"
    assert script.asked[-1].titles[0].startswith("start the lab")
    err = capsys.readouterr().err
    assert "the lab has crashed" in err
    assert "$ sqsctl doctor" not in err


@pytest.mark.lab
def test_without_permission_the_session_says_what_it_cannot_see(
    on_lab: DeployedLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = on_lab
    with somebody(lab) as user:
        monkeypatch.setenv("SQSCTL_LAB_NAME", "nobodys")
        monkeypatch.setenv("AWS_ENDPOINT_URL", lab.state.endpoint)
        monkeypatch.setenv("AWS_REGION", lab.state.region)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.secret)
        play("doctor", "send", "{}", False, "quit")
    err = capsys.readouterr().err
    assert "may not be asked" in err
    assert "exit code 7" in err
    assert "for real" in err  # it is nobody's lab: somebody has to say yes


@pytest.mark.lab
def test_a_signal_ends_it_with_its_own_code_and_a_sane_terminal(on_lab: DeployedLab) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "sqsctl"],
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=30,
    )
    child.expect("What now?")
    child.expect("quit")
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 143
    assert "Traceback" not in str(child.before)


@pytest.mark.usefixtures("keys")
def test_what_cannot_be_listed_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def denied(_session: object) -> list[StackSummary]:
        raise SqsctlError("access denied to DescribeStacks", exit=Exit.DENIED)

    monkeypatch.setattr("sqsctl.operations.stacks.discover.stacks", denied)
    assert settle(Script(["a stack or a queue by its name", None, None]))[0] is False
    assert capsys.readouterr().err.count("access denied to DescribeStacks") == 1
