"""Starting, stopping, looking at and emptying labs; what a dead one leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState, alive, read_state, running_lab, state_file, write_state
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.lab import processes, server, settings
from tests.lab.conftest import session_on, signed, until, zipped

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Labs of one test are seen by that test only, and gone after it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    for path in (tmp_path / "state" / "sqsctl" / "labs").glob("*.json"):
        server.stop(path.stem)


def answers(state: LabState) -> bool:
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(signed(state, "/_ministack/health"), timeout=5) as answer,  # noqa: S310 - loopback
    ):
        return bool(answer.status == 200)
    return False


def labs_folder() -> Path:
    return state_file("x").parent


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def busy_function(state: LabState) -> str:
    """A function in the middle of a long invocation."""
    session = session_on(state)
    trust = {"Version": "2012-10-17", "Statement": []}
    role = session.iam().create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    code = zipped(
        {"index.py": "import time\ndef handler(e, c):\n    print('on'); time.sleep(60)\n"}
    )
    statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    session.iam().put_role_policy(RoleName="r", PolicyName="logs", PolicyDocument=policy)
    session.functions().create_function(
        FunctionName="busy",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="index.handler",
        Code={"ZipFile": code},
        Timeout=60,
    )
    session.functions().invoke(FunctionName="busy", InvocationType="Event")
    until(lambda: len(processes.members(state)) > 1)
    return "busy"


def test_a_lab_answers_when_start_returns() -> None:
    state = server.start()
    assert answers(state)
    assert state == read_state() == running_lab()
    assert (state.region, state.account) == ("ap-northeast-2", "000000000000")
    assert state.endpoint == f"http://127.0.0.1:{state.port}"
    url = session_on(state).sqs().create_queue(QueueName="q")["QueueUrl"]
    assert url == f"{state.endpoint}/000000000000/q"
    status = server.status()
    assert status.condition == "running"
    assert status.processes in {1, 2}  # with the one that functions are forks of
    assert 0 < (status.memory_mb or 0) < 150


def test_starting_twice_is_starting_once() -> None:
    first = server.start()
    assert server.start() == first


def test_two_that_start_at_once_get_the_same_lab() -> None:
    states: list[LabState] = []
    threads = [threading.Thread(target=lambda: states.append(server.start())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(states) == 3
    assert len({state.pid for state in states}) == 1


def test_starting_and_stopping_at_once_never_holds_two_locks() -> None:
    """A lock file that its holder removes is no lock for those who waited for it."""
    path = settings.lock_file("default")
    path.parent.mkdir(parents=True)
    inside = 0
    seen: list[int] = []

    def visit() -> None:
        nonlocal inside
        for _ in range(50):
            with server._locked("default"):
                inside += 1
                seen.append(inside)
                time.sleep(0.0005)
                inside -= 1
                path.unlink()

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 200


def test_after_stop_nothing_is_left() -> None:
    state = server.start()
    busy_function(state)
    members = processes.members(state)
    assert server.stop() is True
    assert processes.members(state) == ()
    assert not any(Path(f"/proc/{pid}").exists() for pid in members)
    assert not listening(state.port)
    assert not Path(state.folder).exists()
    assert read_state() is None
    assert [path.name for path in labs_folder().iterdir()] == ["default.port"]
    assert server.stop() is False
    assert server.status().condition == "stopped"


def test_the_port_is_remembered_and_another_taken_if_it_is_not_free() -> None:
    port = server.start().port
    server.stop()
    assert server.start().port == port
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        assert server.start().port != port


def test_a_chosen_port_that_is_taken_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 is not free"):
            server.start(port=port)
    assert read_state() is None
    assert [path.name for path in labs_folder().iterdir()] == ["default.lock"]
    assert server.stop() is False
    assert not any(labs_folder().iterdir())
    with pytest.raises(UsageError, match="no port number"):
        server.start(port=70_000)


def test_a_killed_server_is_seen_and_its_functions_are_ended() -> None:
    state = server.start()
    busy_function(state)
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: not alive(state))
    status = server.status()
    assert status.condition == "crashed"
    assert "sqsctl lab up" in status.message
    assert server.stop() is True
    assert processes.members(state) == ()
    assert not Path(state.folder).exists()


def test_start_clears_away_a_killed_one() -> None:
    state = server.start()
    busy_function(state)
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: not alive(state))
    again = server.start()
    assert again.pid != state.pid
    assert answers(again)
    assert len(processes.members(again)) in {1, 2}  # with the one that functions are forks of
    assert processes.members(state) == processes.members(again)  # nothing of the first is left


def test_a_stopped_process_is_unresponsive_and_can_be_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ANSWER_TIMEOUT_S", 0.3)
    state = server.start()
    os.kill(state.pid, signal.SIGSTOP)
    status = server.status()
    assert status.condition == "unresponsive"
    assert "does not answer" in status.message
    assert processes.end(state, grace_s=0.2)
    assert not alive(state)
    server.stop()


def test_a_torn_state_file_is_cleared_away() -> None:
    state = server.start()
    state_file().write_text("{", encoding="utf-8")
    assert server.stop() is True
    assert not state_file().exists()
    assert not alive(state)


def test_another_process_with_the_servers_old_number_is_left_alone() -> None:
    state = server.start()
    server.stop()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        folder = labs_folder() / "default.d"
        folder.mkdir()
        write_state(LabState(**{**_fields(state), "pid": bystander.pid, "process_started": "1"}))
        assert server.status().condition == "crashed"
        assert server.stop() is True
        assert bystander.poll() is None
        bystander.kill()


def test_a_server_that_ends_at_once_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings.environment

    def broken(*arguments: Any) -> dict[str, str]:
        return found(*arguments) | {"MINISTACK_HOST": "example.com"}

    monkeypatch.setattr(settings, "environment", broken)
    with pytest.raises(SqsctlError) as caught:
        server.start()
    assert "ended at once, with exit code 2" in caught.value.message
    assert "listens on loopback only" in (caught.value.hint or "")
    assert read_state() is None
    assert not settings.folder("default").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a" * 33, "a.json", "ä"])
def test_names_that_could_leave_the_folder_are_refused(name: str) -> None:
    for act in (server.start, server.stop, server.status, server.reset):
        with pytest.raises(UsageError, match="no name for a lab"):
            act(name)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.com", "", "localhost"])
def test_other_addresses_than_loopback_are_refused(host: str) -> None:
    with pytest.raises(UsageError, match="loopback only"):
        server.start(host=host)
    assert read_state() is None


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="impossible"):
        server.start(time_scale=scale)


def test_without_the_emulator_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SqsctlError) as caught:
        server.start()
    assert caught.value.message == "the lab needs the extra: pip install 'sqsctl[lab]'"
    assert f"{sys.executable} -m pip install ministack==" in (caught.value.hint or "")
    assert caught.value.exit is Exit.USAGE


def test_without_node_the_python_functions_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    state = server.start(runtime="nodejs")
    assert state.runtime == "python"
    assert "node is not on the PATH" in state.notice
    with pytest.raises(UsageError, match="no runtime of the lab"):
        server.start("other", runtime="ruby")


def test_nothing_of_the_callers_aws_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_SECRET_ACCESS_KEY": "a-real-secret",
        "AWS_SESSION_TOKEN": "a-real-token",
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "https://example.com",
        "MINISTACK_HOST": "0.0.0.0",
        "HTTPS_PROXY": "http://user:secret@example.com",
        "DATABASE_URL": "postgres://secret",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    state = server.start()
    monkeypatch.delenv("AWS_PROFILE")  # this process is to look at the lab, not at production
    busy_function(state)
    for pid in processes.members(state):
        environ = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")
        assert not any(value in environ for value in secrets.values())


def test_docker_is_passed_on_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/docker.sock")
    monkeypatch.delenv("LAMBDA_EXECUTOR", raising=False)
    plain = settings.environment(tmp_path, 1, "r", settings.new_credentials())
    assert "LAMBDA_EXECUTOR" not in plain
    assert plain["DOCKER_HOST"] == f"unix://{tmp_path}/no-docker.sock"
    monkeypatch.setenv("LAMBDA_EXECUTOR", "docker")
    asked = settings.environment(tmp_path, 1, "r", settings.new_credentials())
    assert asked["LAMBDA_EXECUTOR"] == "docker"
    assert asked["DOCKER_HOST"] == "unix:///run/user/docker.sock"


def test_two_labs_know_nothing_of_each_other() -> None:
    one, two = server.start("one"), server.start("two", region="eu-central-1")
    assert one.port != two.port
    session_on(one).sqs().create_queue(QueueName="q")
    assert "QueueUrls" not in session_on(two).sqs().list_queues()
    server.stop("one")
    assert answers(two)


def test_reset_empties_a_running_lab() -> None:
    with pytest.raises(NotFoundError, match="is not running"):
        server.reset()
    state = server.start()
    session = session_on(state)
    session.sqs().create_queue(QueueName="q")
    (Path(state.folder) / "incidents.json").write_text("{}", encoding="utf-8")
    busy_function(state)
    until(lambda: session.logs().describe_log_groups()["logGroups"])
    assert server.reset() == state
    assert len(processes.members(state)) == 1
    assert session.logs().describe_log_groups()["logGroups"] == []
    assert session.functions().list_functions()["Functions"] == []
    assert "QueueUrls" not in session.sqs().list_queues()
    assert not (Path(state.folder) / "incidents.json").exists()


def test_the_state_file_is_the_owners_alone() -> None:
    server.start()
    assert state_file().stat().st_mode & 0o077 == 0
    assert settings.folder("default").stat().st_mode & 0o077 == 0
    assert set(json.loads(state_file().read_text(encoding="utf-8"))) >= {"pid", "port", "endpoint"}


def test_the_server_outlives_whoever_started_it() -> None:
    code = "from sqsctl.lab import server; print(server.start().pid)"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    state = read_state()
    assert state is not None
    assert str(state.pid) == result.stdout.strip()
    assert result.stderr == ""
    assert answers(state)


@pytest.mark.parametrize(
    "cycles", [3, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(300)])]
)
def test_up_and_down_again_and_again(cycles: int) -> None:
    before = _children()
    for _ in range(cycles):
        started = time.monotonic()
        state = server.start()
        assert answers(state)
        assert time.monotonic() - started < server.READY_DEADLINE_S
        assert server.stop() is True
    assert _children() == before
    assert [path.name for path in labs_folder().iterdir()] == ["default.port"]  # asked for again


def _children() -> set[int]:
    """This process's children, zombies included."""
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii")
    return {int(each) for each in text.split()}


def _fields(state: LabState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in LabState.__slots__}
