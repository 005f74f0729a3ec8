"""Shell completion: what it offers, and that it never waits for AWS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqsctl.checks.registry import all_checks
from sqsctl.cli.run import completion
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until


def asked(shell: str, line: str) -> str:
    """What a shell is answered when it asks how this line may go on."""
    environment = {
        **os.environ,
        "_SQSCTL_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line.replace(" ", "\n"),
        "COMP_CWORD": str(line.count(" ")),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    if shell != "bash":
        del environment["COMP_WORDS"], environment["COMP_CWORD"]
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("sqsctl"))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.stderr
    return ended.stdout


def complete(line: str) -> list[str]:
    """What bash would be offered for this line."""
    return asked("bash", line).split()


def test_commands_and_options_complete() -> None:
    assert "doctor" in complete("sqsctl do")
    assert "--canary" in complete("sqsctl dlq redrive --can")


def test_incidents_and_checks_complete() -> None:
    assert complete("sqsctl lab break import-m") == ["import-module-missing"]
    assert "function-timeout" in complete("sqsctl doctor function-")
    assert complete("sqsctl dlq redrive --cause function-t") == ["function-timeout"]
    assert complete("sqsctl config set endp") == ["endpoint_url"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_answered_in_its_own_way(shell: str) -> None:
    said = asked(shell, "sqsctl lab break import-module-m")
    wanted = {
        "bash": "import-module-missing",
        "zsh": "_arguments '*: :((\"import-module-missing\"))'",
        "fish": "import-module-missing",
    }
    assert said.strip() == wanted[shell]


def test_names_of_files_are_the_ids_of_checks() -> None:
    assert completion.checks("") == [each.meta.id for each in all_checks()]


def test_profiles_come_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\n[profile dev]\n[profile prod eu]\n[sso-session corp]\n[services x]\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert completion.profiles("") == ["default", "dev", "prod eu"]
    config.write_text("[broken")
    assert completion.profiles("") == []


def test_options_on_the_line_name_another_target() -> None:
    words = [
        "sqsctl",
        "--profile",
        "dev",
        "queue",
        "inspect",
        "--region=us-east-1",
        "--no-lab",
        "--yes",
        "--endpoint-url",
    ]
    assert completion.flags_of(words) == {"profile": "dev", "region": "us-east-1", "lab": False}
    one = completion._file("queues", {"profile": "dev"})
    assert one != completion._file("queues", {})


@pytest.mark.parametrize(
    "name", ["'; touch x #", "$(touch x)", "`x`", "a\nb", "\x1b[2J", "\u202ex", 'a"b', "(x)"]
)
def test_a_name_that_a_shell_could_obey_is_not_offered(
    cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "_start_renewal", lambda *_: None)
    path = completion._file("queues", {})
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([name, "jobs"]))
    assert completion.queues("") == ["jobs"]


def test_one_renewal_at_a_time_and_not_for_ever(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(completion, "_start_renewal", lambda *given: started.append(given))
    for _ in range(5):
        assert completion.cached("queues") == []
    assert len(started) == 1
    claim = completion._claim(completion._file("queues", {}))
    long_ago = time.time() - completion.RENEWAL_S - 1
    os.utime(claim, (long_ago, long_ago))  # that one died
    completion.cached("queues")
    assert len(started) == 2


def test_a_server_that_hangs_keeps_nobody_waiting(
    cache: Path, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    """The server never answers; the completion is there all the same, and nothing is left."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        began = time.monotonic()
        assert complete("sqsctl queue inspect ") == []
        assert time.monotonic() - began < completion.RENEWAL_S / 2
        (claim,) = until(lambda: list(cache.glob("*.renewing")), bool, seconds=20)
        server.settimeout(20)
        connection, _ = server.accept()  # the renewal hangs here, by itself
        connection.close()
    until(claim.exists, lambda there: not there, seconds=40)


def test_a_renewal_ends_by_itself(
    cache: Path, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    code = (
        "import time; from sqsctl.cli import completion; completion.RENEWAL_S = 0.2; "
        "completion.renew = lambda *_: time.sleep(60); completion.renew_in_time('queues', {})"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert ended.returncode == 1


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sqsctl"


def test_nothing_is_known_without_a_target(cache: Path, state_home: Path) -> None:
    assert complete("sqsctl queue inspect ") == []
    completion.renew("queues")
    assert not list(cache.glob("*.json"))


def test_a_broken_cache_is_no_names(
    cache: Path, state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir(parents=True)
    monkeypatch.setattr(completion, "_start_renewal", lambda *_: None)
    completion._file("queues", {}).write_text("{broken")
    assert completion.cached("queues") == []
    completion._file("queues", {}).write_text('[null, "jobs", [1]]')
    assert completion.cached("queues") == ["jobs"]


@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
def test_a_cache_that_would_keep_the_shell_waiting_is_no_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cache.mkdir(parents=True)
    monkeypatch.setattr(completion, "_start_renewal", lambda *_: None)
    path = completion._file("queues", {})
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(10**12)
    before = time.monotonic()
    assert completion.cached("queues") == []
    assert time.monotonic() - before < 0.3


@pytest.mark.lab
def test_queues_come_from_a_cache_that_renews_itself(
    cache: Path, on_lab: DeployedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"sqsctl queue inspect {on_lab.name}"
    complete(line)
    found = until(lambda: complete(line), bool, seconds=20)
    assert set(found) == {on_lab.queue.name, on_lab.dead_letters.name}
    written = [json.loads(path.read_text()) for path in cache.glob("queues-*.json")]
    assert any(on_lab.queue.name in names for names in written)
