"""``logs tail`` as somebody leaves it running: throttled, signed out, stopped with Ctrl-C."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest

from sqsctl.aws.cloudwatch.logs import LogClient
from sqsctl.aws.lab_state import LabState
from sqsctl.operations.logs.tail import follow_groups
from tests.e2e.log_history import Written, write_history
from tests.e2e.log_server import LogServer, log_server
from tests.faults.bench import session_on
from tests.program import Sqsctl

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SQSCTL = Path(sys.executable).with_name("sqsctl")
GROUP = "/aws/lambda/worker"
REQUEST = "304677c0-bf36-4923-866b-1db4373c8afa"


class Running:
    """A program that follows; its lines as they come."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [str(SQSCTL), "logs", "tail", "--log-group", GROUP, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        self._readers: list[threading.Thread] = []
        self.out = self._lines(self.process.stdout)
        self.err = self._lines(self.process.stderr)

    def _lines(self, stream: IO[str]) -> queue.Queue[str]:
        lines: queue.Queue[str] = queue.Queue()

        def read() -> None:
            with stream:
                for line in stream:
                    lines.put(line.rstrip("\n"))

        self._readers.append(threading.Thread(target=read))
        self._readers[-1].start()
        return lines

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for each in self._readers:
            each.join()

    def wait_for(self, lines: queue.Queue[str], words: str) -> str:
        """The next line with these words in it."""
        passed: list[str] = []
        while not passed or words not in passed[-1]:
            try:
                passed.append(lines.get(timeout=20))
            except queue.Empty:
                rest = [*self.out.queue, *self.err.queue]
                pytest.fail(f"no {words!r} after {passed}; elsewhere: {rest}")
        return passed[-1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


@contextmanager
def following(server: LogServer, home: Path, *arguments: str) -> Iterator[Running]:
    """``logs tail`` on a server, with the credentials of a file in ``home``."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": "ap-northeast-2",
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    running = Running(*arguments, environment=environment)
    try:
        yield running
    finally:
        running.close()


def sign_in(home: Path, key: str) -> None:
    (home / "credentials").write_text(
        f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"
    )


def test_it_goes_on_after_somebody_signed_in_again(tmp_path: Path) -> None:
    """Expired credentials: a hint how to renew them; then the new ones are read, nothing lost."""
    sign_in(tmp_path, "AKIDOLD")
    with log_server() as server, following(server, tmp_path) as running:
        server.write("before")
        running.wait_for(running.out, "before")
        server.expired_keys.add("AKIDOLD")
        server.write("meanwhile")
        told = running.wait_for(running.err, "trying on")
        assert "expired" in told
        assert "sign in" in told.lower() or "sso login" in told.lower(), told
        sign_in(tmp_path, "AKIDNEW")
        running.wait_for(running.out, "meanwhile")
        running.wait_for(running.err, "following again")
        server.write("after")
        running.wait_for(running.out, "after")
        assert running.stop() == 130
        running.wait_for(running.err, "3 lines")
    assert server.keys_seen[-1] == "AKIDNEW"


@pytest.mark.long
def test_throttling_is_borne_and_told_once(tmp_path: Path) -> None:
    sign_in(tmp_path, "AKID")
    with log_server() as server, following(server, tmp_path) as running:
        server.write("before")
        running.wait_for(running.out, "before")
        server.throttled_calls = 8
        told = running.wait_for(running.err, "trying on")
        assert "Rate exceeded" in told or "throttl" in told.lower()
        server.write("after")
        running.wait_for(running.out, "after")
        assert running.stop() == 130


def test_ctrl_c_shows_what_requests_are_open_and_counts(tmp_path: Path) -> None:
    sign_in(tmp_path, "AKID")
    with (
        log_server() as server,
        following(server, tmp_path, "--group-by-request") as running,
    ):
        server.write(f"START RequestId: {REQUEST} Version: $LATEST")
        server.write("2026-11-23T05:00:06.000Z Task timed out after 6.00 seconds")
        server.write("no request: INIT_START Runtime Version: x", stream="other")
        running.wait_for(running.out, "INIT_START")
        assert running.stop() == 130
        running.wait_for(running.err, "3 lines, 1 of errors")
        heading = running.wait_for(running.out, f"{REQUEST} not ended yet")
        assert heading.startswith("✗")


def test_json_lines_stay_json_when_it_is_stopped(tmp_path: Path) -> None:
    sign_in(tmp_path, "AKID")
    with log_server() as server, following(server, tmp_path, "-o", "json") as running:
        server.write("one")
        line = json.loads(running.wait_for(running.out, "one"))
        assert (line["message"], line["log_group"]) == ("one", GROUP)
        assert running.stop() == 130


def test_a_filter_would_hide_where_requests_end(sqsctl: Sqsctl) -> None:
    shown = sqsctl("logs", "tail", "--group-by-request", "--filter", "ERROR")
    assert shown.code == 2
    assert "--grep instead of --filter" in shown.err


@pytest.mark.lab
def test_nothing_is_lost_or_repeated_while_somebody_writes(lab_state: LabState) -> None:
    """Against the emulator over HTTP, whose events have no id; the benchmark has it on moto."""
    session = session_on(lab_state.endpoint)
    logs = session.logs()
    group = f"/tests/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    made: set[str] = set()

    def put(stream: str, batch: list[dict[str, Any]]) -> None:
        if stream not in made:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            made.add(stream)
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)  # type: ignore[arg-type]

    written: list[Written] = []
    since = datetime.now(UTC) - timedelta(seconds=10)
    writer = threading.Thread(target=lambda: written.extend(write_history(put, 2.5, 7)))
    writer.start()
    seen: Counter[tuple[str, str]] = Counter()
    deadline = time.monotonic() + 4.5
    lines = follow_groups(
        LogClient(session),
        {"f": group},
        since=since,
        until=since + timedelta(hours=1),
        interval_s=0.2,
    )
    reader = threading.Thread(
        target=lambda: seen.update((each.event.stream, each.event.message) for each in lines),
        daemon=True,
    )
    reader.start()
    writer.join()
    while time.monotonic() < deadline and seen.total() < len(written):
        time.sleep(0.05)
    time.sleep(0.6)  # what came twice would come now
    logs.delete_log_group(logGroupName=group)
    assert len(written) > 20
    assert seen == Counter((each.stream, each.message) for each in written)
