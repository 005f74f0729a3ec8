"""The frame: options anywhere, usage errors, envelopes, start-up, closed pipes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sqsctl.cli.screen.output import PIPED_WIDTH, Output
from sqsctl.cli.screen.sigterm import Terminated, terminable
from tests.program import Sqsctl

HEAVY = ("boto3", "botocore", "questionary", "ministack", "yaml", "hypercorn", "urllib3")
PROGRAM = [sys.executable, "-m", "sqsctl"]


@pytest.fixture(autouse=True)
def _own_state(state_home: Path) -> None:
    """No lab of another test is seen."""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["dlq", "redrive", "--help"]])
def test_start_up_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from sqsctl.cli.main import main; main(sys.argv[1:]); "
        f"print([each for each in {HEAVY!r} if each in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert result.stderr.strip() == "[]"
    assert result.stdout


def test_common_options_work_before_and_behind_the_command(sqsctl: Sqsctl) -> None:
    before = sqsctl("-o", "json", "lab", "status")
    behind = sqsctl("lab", "status", "-o", "json")
    assert before.envelope == behind.envelope
    assert before.envelope["command"] == "lab status"
    assert before.code == 5


def test_what_stands_behind_wins(sqsctl: Sqsctl) -> None:
    assert sqsctl("-o", "json", "lab", "status", "-o", "human").out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lab", "status", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["lab", "nonsense"], "No such command"),
        (["lab", "break"], "Missing argument"),
        (["lab", "status", "-o", "xml"], "xml"),
        (["produce", "--count", "0"], "greater than or equal to 1"),
        (["produce", "--count", "-3"], "greater than or equal to 1"),
        (["produce", "--count", "many"], "valid integer"),
    ],
)
def test_a_usage_error_is_one_line_and_speaks_json_too(
    sqsctl: Sqsctl, arguments: list[str], words: str
) -> None:
    human = sqsctl(*arguments)
    assert human.code == 2
    assert human.out == ""
    assert words in human.err
    assert "Traceback" not in human.err
    spoken = sqsctl("-o", "json", *[each for each in arguments if each not in {"-o", "xml"}])
    if "xml" not in arguments:
        assert spoken.code == 2
        assert spoken.envelope["status"] == "error"
        assert words in spoken.envelope["errors"][0]["message"]


def test_without_a_terminal_the_bare_program_prints_help(sqsctl: Sqsctl) -> None:
    shown = sqsctl()
    assert shown.code == 0
    assert "doctor" in shown.out


def test_nothing_at_all_says_how_to_start(sqsctl: Sqsctl) -> None:
    shown = sqsctl("queue", "ls", "-o", "json", "--region", "eu-west-1")
    assert shown.code == 7
    error = shown.envelope["errors"][0]
    assert error["code"] == "credentials_missing"
    assert "sqsctl lab up" in error["hint"]


def test_lab_without_a_lab(sqsctl: Sqsctl) -> None:
    shown = sqsctl("queue", "ls", "--lab")
    assert shown.code == 5
    assert "sqsctl lab up" in shown.err


def test_an_endpoint_where_nobody_listens_is_unavailable(
    sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = sqsctl(
        "queue", "ls", "-o", "json", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1"
    )
    assert shown.code == 6
    assert shown.envelope["target"]["kind"] == "endpoint"
    assert shown.envelope["errors"][0]["code"] == "unreachable"


def test_a_closed_stdout_ends_the_program_silently() -> None:
    command = f"'{sys.executable}' -m sqsctl --help | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert result.stdout.strip() == "0"
    assert result.stderr == ""


@pytest.mark.parametrize(("name", "word"), [("SIGTERM", "terminated"), ("SIGINT", "interrupted")])
def test_a_signal_ends_it_with_its_code_and_an_envelope(name: str, word: str) -> None:
    number = signal.Signals[name]
    code = (
        "import os, signal, sys\n"
        "from sqsctl.cli import main\n"
        "from sqsctl.cli.run.context import Run\n"
        f"Run.resolved = lambda self, **_: os.kill(os.getpid(), signal.{name}) or signal.pause()\n"
        "sys.exit(main.main(['queue', 'ls', '-o', 'json']))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert result.returncode == 128 + number
    assert json.loads(result.stdout)["errors"][0]["code"] == word


@pytest.mark.parametrize(
    "arguments",
    [
        ["queue", "inspect", "--queue", ""],
        ["dlq", "redrive", "--stack", ""],
        ["stack", "show", "--stack", "\udcff"],
        ["stack", "show", "--stack", "[/red]"],
        ["produce", "--rate", "nan"],
        ["produce", "--rate", "inf"],
        ["dlq", "redrive", "--rate", "nan"],
    ],
)
def test_what_cannot_be_is_a_usage_error(sqsctl: Sqsctl, arguments: list[str]) -> None:
    shown = sqsctl(
        *arguments, "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1", "-o", "json"
    )
    assert shown.code == 2, shown.out


def test_json_without_a_command_is_json(sqsctl: Sqsctl) -> None:
    shown = sqsctl("-o", "json")
    assert shown.envelope["errors"][0]["message"] == "sqsctl needs a command"


class Page(BaseHTTPRequestHandler):
    """A captive portal: a web page to whatever is asked."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b"<html><body>Please sign in</body></html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the server's own name

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["queue", "ls"],
        ["queue", "inspect", "jobs"],
        ["stack", "ls"],
        ["stack", "show", "--stack", "x"],
        ["dlq", "peek", "--queue", "jobs"],
        ["doctor", "--queue", "jobs"],
        ["send", "x", "--queue", "jobs"],
    ],
)
def test_a_web_page_is_no_answer_of_aws(sqsctl: Sqsctl, arguments: list[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            shown = sqsctl(*arguments, "--endpoint-url", url, "--region", "eu-west-1", "-o", "json")
        finally:
            server.shutdown()
            thread.join()
    assert shown.code == 6, shown.out
    assert shown.envelope["errors"][0]["code"] == "foreign_answer"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["--help", "lab status -o json", "queue ls --region eu-west-1"])
def test_closed_streams_do_no_harm(closed: str, words: str) -> None:
    expected = {"--help": 0, "lab status -o json": 5, "queue ls --region eu-west-1": 7}[words]
    command = f"'{sys.executable}' -m sqsctl {words} {closed}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ended.returncode == expected
    assert "Traceback" not in ended.stderr


def test_a_full_disk_is_one_line() -> None:
    command = f"'{sys.executable}' -m sqsctl lab incidents > /dev/full"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "No space left" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("size", ["²", "0", "-5", "99999999999"])
@pytest.mark.parametrize("what", ["COLUMNS", "LINES"])
def test_an_odd_size_does_no_harm(what: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(what, size)
    output = Output()
    assert output.stdout.width == output.stderr.width == PIPED_WIDTH


def test_the_state_folder_is_named_for_what_lies_in_it_alone(
    monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/x")
    within = sqsctl("lab", "up")
    assert within.code == 1
    assert "/dev/null" in within.err
    assert "XDG_STATE_HOME" in within.err
    monkeypatch.setattr("sqsctl.cli.config._write", lambda *_, **__: (tmp_path / "no").read_text())
    elsewhere = sqsctl("config", "set", "region", "eu-west-1")
    assert elsewhere.code == 1
    assert f"No such file or directory: {tmp_path / 'no'}" in elsewhere.err
    assert "XDG_STATE_HOME" not in elsewhere.err


def test_a_signal_is_not_lost_in_a_callback_of_an_event_loop() -> None:
    """The prompts run in one: a SIGTERM that comes while they draw ends the program as well."""
    loop = asyncio.new_event_loop()
    loop.call_soon(signal.raise_signal, signal.SIGTERM)
    loop.call_later(5, loop.stop)
    with terminable(), pytest.raises(Terminated):
        loop.run_forever()
    loop.close()


def test_a_signal_while_the_answer_is_shown_is_no_closed_pipe(
    monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl
) -> None:
    monkeypatch.setattr(Output, "show", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert sqsctl("lab", "incidents").code == 143


@pytest.mark.parametrize("form", ["human", "json"])
def test_what_only_follows_ends_quietly(form: str) -> None:
    """Ctrl-C is its ordinary end: no error, and no envelope behind a stream of lines."""
    code = (
        "import os, signal, sys\n"
        "from sqsctl.cli import main\n"
        "from sqsctl.cli.logs import tail\n"
        "tail._groups = lambda run, *_: setattr(run, 'target', None) or ({}, None)\n"
        "tail._print = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT) or signal.pause()\n"
        "from sqsctl.cli.run.context import Run\n"
        "from tests.aws.stubs import Stubbed\n"
        "Run.session = lambda self, **_: Stubbed().session\n"
        f"sys.exit(main.main(['logs', 'tail', '-q', '-o', '{form}']))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=Path(__file__).parents[2],
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")
