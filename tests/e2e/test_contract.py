"""The JSON keys that are promised, pinned: more are welcome, none of these may go."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_commands import dead_letters
from tests.program import Sqsctl

pytestmark = pytest.mark.lab

ENVELOPE = {"schema", "command", "status", "exit_code", "target", "data", "errors"}
TARGET = {"kind", "account", "region", "stack", "endpoint"}
LATENCY = {"min", "avg", "med", "p90", "p95", "p99", "max"}
FINDING = {
    "id",
    "severity",
    "kind",
    "title",
    "confidence",
    "evidence",
    "explains",
    "fix",
    "reference",
}


def holds(shape: dict[str, Any], keys: set[str]) -> None:
    assert keys <= set(shape), f"missing: {keys - set(shape)}"


def test_envelope(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    document = sqsctl("queue", "inspect", "-o", "json").envelope
    assert set(document) == ENVELOPE
    assert set(document["target"]) == TARGET
    failed = sqsctl("queue", "inspect", "--queue", "no-such-queue", "-o", "json").envelope
    assert set(failed) == ENVELOPE
    assert set(failed["errors"][0]) == {"code", "message", "hint"}


def test_send_and_produce(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    sent = sqsctl("send", '{"input": 1}', "-o", "json").data
    holds(sent, {"message_id", "via", "status_code", "sequence_number"})
    made = sqsctl("produce", "-n", "3", "--threshold", "failed<1%", "-o", "json").data
    holds(
        made,
        {
            "via",
            "requested",
            "accepted",
            "rejected",
            "unknown",
            "possible_duplicates",
            "duration_s",
            "rate_per_s",
            "latency_ms",
            "status_codes",
            "errors",
            "thresholds",
        },
    )
    holds(made["latency_ms"], LATENCY)
    assert isinstance(made["possible_duplicates"], int)
    holds(made["thresholds"][0], {"expression", "ok", "value"})


def test_queue_inspect(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    queue = sqsctl("queue", "inspect", "-o", "json").data["queue"]
    holds(
        queue,
        {
            "name",
            "url",
            "arn",
            "fifo",
            "visible",
            "in_flight",
            "delayed",
            "visibility_timeout_s",
            "retention_s",
            "max_receive_count",
            "dlq",
        },
    )
    holds(queue["dlq"], {"name", "arn", "visible"})


def test_dead_letters(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 2)
    peeked = sqsctl("dlq", "peek", "-o", "json").data
    holds(peeked, {"queue", "approximate_total", "messages"})
    holds(
        peeked["messages"][0],
        {
            "message_id",
            "body",
            "sent_at",
            "first_received_at",
            "receive_count",
            "attributes",
            "group_id",
            "cause",
        },
    )
    groups = sqsctl("dlq", "groups", "-o", "json").data["groups"]
    holds(groups[0], {"cause", "fingerprint", "count", "first_at", "last_at", "sample_message_ids"})
    moved = sqsctl("dlq", "redrive", "-o", "json").data
    holds(
        moved,
        {"method", "selected", "moved", "failed", "remaining", "possible_duplicates", "journal"},
    )
    assert isinstance(moved["possible_duplicates"], list)


def test_stack_show(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    stack = sqsctl("stack", "show", "-o", "json").data["stack"]
    holds(stack, {"name", "region", "api", "functions", "queues", "mappings"})


def test_doctor_and_logs_explain(
    on_lab: DeployedLab, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    incidents.get("mapping-disabled").break_(on_lab.session)
    data = sqsctl("doctor", "-o", "json").data
    holds(data, {"stack", "verdict", "findings", "checks"})
    finding = data["findings"][0]
    holds(finding, FINDING)
    holds(finding["evidence"][0], {"source", "fact", "value", "at"})
    holds(finding["fix"], {"summary", "disposition", "commands"})
    holds(data["checks"][0], {"id", "outcome", "reason"})
    text = b"[ERROR] KeyError: 'QUEUE_URL'\nTraceback (most recent call last):\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    explained = sqsctl("logs", "explain", "-", "-o", "json")
    assert explained.code == 10
    holds(explained.data, {"findings", "lines"})
    holds(explained.data["findings"][0], FINDING)
    assert explained.data["findings"][0]["id"] == "env-var-missing"


def test_lab_incidents(sqsctl: Sqsctl) -> None:
    for each in sqsctl("lab", "incidents", "-o", "json").data["incidents"]:
        holds(each, {"name", "step", "breaks", "expects"})


def test_stack_deploy(on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    template = tmp_path / "stack.yaml"
    template.write_text(
        "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n"
        f"    Properties:\n      QueueName: {on_lab.name}-extra\n"
    )
    name = f"{on_lab.name}-extra"
    arguments = ["stack", "deploy", "--template", str(template), "--stack", name, "-o", "json"]
    dry = sqsctl(*arguments, "--dry-run").data
    assert [each["resource"] for each in dry["changes"]] == ["Jobs"]
    done = sqsctl(*arguments)
    assert done.code == 0, done.out
    assert [each["name"] for each in done.data["queues"]] == [name]
    assert sqsctl(*arguments).code == 0
    template.write_text("Resources:\n  Jobs:\n    Type: AWS::Nonsense::Thing\n")
    failed = sqsctl(*arguments)
    assert failed.code != 0
    assert failed.envelope["errors"][0]["message"]
    template.write_text(json.dumps({"Resources": "no"}))
    assert sqsctl(*arguments).code == 2
    assert sqsctl("stack", "deploy", "--template", str(tmp_path / "none")).code == 2
