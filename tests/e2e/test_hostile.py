"""Hostile text from queues, logs and files: it reaches nobody's terminal as anything but text."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import MessageAttribute, Outgoing
from tests.cli.screen.test_output import dangerous
from tests.e2e.stacks import DeployedLab
from tests.program import Ran, Sqsctl

pytestmark = pytest.mark.lab

# What SQS takes as a body.
BODIES = [
    "[/]",
    "[/red]",
    "[link=file:///etc/passwd]x[/link]",
    "=cmd|' /C calc'!A0",
    "\u202eevil\u202c",
    "\u2066x\u2069",
    "👩\u200d\u200d\u200d👩",
    "한국어 본문 😀",
    '{"a": NaN}',
    '{"a": 1, "a": 2}',
    "[" * 1500,
    "9" * 4400,
    "\u2028line\u2029",
    "x" * 200_000,
    "\u200b\ufeffhidden",
    "%s %n {0} {{n}}",
]
# What only a log line or a pasted file can hold.
LINES = [
    *(each for each in BODIES if len(each) < 2_000),
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bPunterminated",
    "\x9b31mC1",
    "over\rwrite",
    "back\x08\x08space",
    "\x7fdelete",
    "a\x00b",
    "\x1b[8m[ERROR] hidden",
    (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'a\x1b[2Jb': "
        "No module named '\x1b]0;x\x07'"
    ),
]


def assert_harmless(shown: Ran) -> None:
    for stream in (shown.out, shown.err):
        found = {hex(ord(each)) for each in stream if dangerous(each)}
        assert not found, found
    assert "Traceback (most recent call last):\n  File" not in shown.err


@pytest.fixture
def poisoned(on_lab: DeployedLab) -> DeployedLab:
    """A dead-letter queue full of hostile bodies and attributes."""
    port = QueueClient(on_lab.session).open(on_lab.dead_letters.ref)
    attributes = {
        "Bytes": MessageAttribute("Binary", b"\xff\xfe\x1b[2J"),
        "Text": MessageAttribute("String", "\u202e[/red]"),
    }
    for body in BODIES:
        assert len(port.send([Outgoing(body, attributes)]).accepted) == 1, body[:40]
    return on_lab


@pytest.mark.parametrize("extra", [[], ["--full"], ["-o", "json"]])
def test_peek(poisoned: DeployedLab, sqsctl: Sqsctl, extra: list[str]) -> None:
    shown = sqsctl("dlq", "peek", "--limit", "50", *extra)
    assert shown.code == 0, shown.err
    assert_harmless(shown)
    if "json" in extra:
        assert sorted(each["body"] for each in shown.data["messages"]) == sorted(BODIES)


def test_groups_filters_and_explain(poisoned: DeployedLab, sqsctl: Sqsctl) -> None:
    for arguments in (
        ["dlq", "groups"],
        ["dlq", "groups", "-o", "json"],
        ["dlq", "peek", "--match", "a", "-o", "json"],
        ["dlq", "peek", "--grep", "evil"],
        ["dlq", "redrive", "--grep", "evil", "--dry-run"],
    ):
        shown = sqsctl(*arguments)
        assert shown.code == 0, shown.err
        assert_harmless(shown)
    messages = sqsctl("dlq", "peek", "--limit", "1", "-o", "json").data["messages"]
    for each in messages:
        assert_harmless(sqsctl("dlq", "explain", each["message_id"]))


def test_export_and_redrive(poisoned: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    file = tmp_path / "dead.jsonl"
    exported = sqsctl("dlq", "export", str(file))
    assert exported.code == 0, exported.err
    assert_harmless(exported)
    other = f"{poisoned.name}-other"
    url = poisoned.session.sqs().create_queue(QueueName=other)["QueueUrl"]
    moved = sqsctl("dlq", "redrive", "--to", other)
    assert moved.code == 0, moved.err
    assert_harmless(moved)
    client = QueueClient(poisoned.session)
    port, bodies = client.open(client.resolve(url)), []
    while batch := port.receive(10, wait_s=1):
        bodies += [each.body for each in batch]
    assert sorted(bodies) == sorted(BODIES)


def test_logs(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    logs = on_lab.session.logs()
    group = f"/aws/lambda/{on_lab.name}-jobsWorker"
    logs.create_log_stream(logGroupName=group, logStreamName="[$LATEST]hostile")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="[$LATEST]hostile",
        logEvents=[
            {"timestamp": now - len(LINES) + n, "message": line} for n, line in enumerate(LINES)
        ],
    )
    human = sqsctl("logs", "tail", "--no-follow")
    assert human.code == 0, human.err
    assert_harmless(human)
    spoken = sqsctl("logs", "tail", "--no-follow", "-o", "json")
    assert_harmless(spoken)
    messages = [json.loads(line)["message"] for line in spoken.out.splitlines()]
    assert [each for each in LINES if each not in messages] == []
    for arguments in (["doctor"], ["doctor", "-o", "json"], ["doctor", "--report", "r.md"]):
        shown = sqsctl(*arguments)
        assert shown.code in {0, 10}, shown.err
        assert_harmless(shown)
    assert not any(dangerous(each) for each in Path("r.md").read_text())


@pytest.mark.parametrize("line", LINES)
def test_explain_of_a_hostile_file(sqsctl: Sqsctl, tmp_path: Path, line: str) -> None:
    file = tmp_path / "log.txt"
    file.write_bytes(line.encode("utf-8", "surrogatepass") + b"\n\xff\xfe\x00\n")
    for arguments in ([], ["-o", "json"]):
        shown = sqsctl("logs", "explain", str(file), *arguments)
        assert shown.code in {0, 10}, shown.err
        assert_harmless(shown)


@pytest.mark.parametrize(
    "name",
    ["\x1b[2J", "[/red]", "x\ny\udcff"]
    + [
        pytest.param(each, marks=pytest.mark.long)
        for each in ("\u202ex", "a" * 5000, "'; rm -rf /")
    ],
)
def test_hostile_names(on_lab: DeployedLab, sqsctl: Sqsctl, name: str) -> None:
    for arguments in (
        ["queue", "inspect", name],
        ["dlq", "peek", "--queue", name],
        ["stack", "show", "--stack", name],
        ["logs", "tail", "--no-follow", "--function", name],
        ["doctor", name],
        ["lab", "break", name],
        ["send", "x", "--path", name],
        ["config", "set", name, name],
    ):
        for extra in ([], ["-o", "json"]):
            shown = sqsctl(*arguments, *extra)
            assert shown.code in {2, 5}, (arguments, shown.err)
            assert_harmless(shown)
