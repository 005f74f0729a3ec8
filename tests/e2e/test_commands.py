"""Each main command on the lab, as a user types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import MessageAttribute, Outgoing
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = pytest.mark.lab
RESULT = "메시지를 받았습니다. 입력값: "


def dead_letters(lab: DeployedLab, count: int) -> None:
    """Put messages of every kind of attribute straight into the dead-letter queue."""
    port = QueueClient(lab.session).open(lab.dead_letters.ref)
    attributes = {
        "Text": MessageAttribute("String", "값"),
        "Number": MessageAttribute("Number", "3.1400"),
        "Bytes": MessageAttribute("Binary", b"\x00\xff"),
        "Custom": MessageAttribute("String.custom", "x"),
    }
    for start in range(1, count + 1, 10):
        batch = [
            Outgoing(json.dumps({"input": n}), attributes)
            for n in range(start, min(start + 10, count + 1))
        ]
        assert len(port.send(batch).accepted) == len(batch)


def results(sqsctl: Sqsctl) -> list[str]:
    """The results that the consumer logged."""
    shown = sqsctl("logs", "tail", "--no-follow", "--since", "10m", "--grep", RESULT, "-o", "json")
    if shown.code == 5:  # nothing was logged yet
        return []
    return [json.loads(line)["message"] for line in shown.out.splitlines()]


def test_produce_50_over_http_and_all_of_it_is_processed(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    shown = sqsctl("produce", "--count", "50", "-o", "json")
    assert shown.code == 0
    assert shown.envelope["target"] == {
        "kind": "lab",
        "account": on_lab.state.account,
        "region": on_lab.state.region,
        "stack": on_lab.name,
        "endpoint": on_lab.state.endpoint,
    }
    data = shown.data
    assert data["via"] == "http"
    assert (data["requested"], data["accepted"], data["rejected"]) == (50, 50, 0)
    assert data["status_codes"] == {"200": 50}
    assert data["errors"] == {}
    latency = data["latency_ms"]
    assert 0 < latency["min"] <= latency["med"] <= latency["p95"] <= latency["max"]
    found = until(lambda: results(sqsctl), lambda seen: len(set(seen)) >= 50)
    assert {f"{RESULT}{n}, 결과: {n + 1}" for n in range(1, 51)} == set(found)


def test_produce_to_sqs_needs_no_stack(
    on_lab: DeployedLab, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQSCTL_STACK")
    for reference in (on_lab.queue.name, on_lab.queue.url, on_lab.queue.arn):
        shown = sqsctl("produce", "--count", "25", "--queue", reference, "-o", "json")
        assert shown.data["via"] == "sqs"
        assert shown.data["accepted"] == 25
        assert shown.data["status_codes"] == {}


def test_produce_human_output_reads_like_k6(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl("produce", "--count", "5", "--threshold", "failed<1%")
    assert shown.code == 0
    assert "✓ failed<1%" in shown.out
    assert "↳ 100% — ✓ 5 / ✗ 0" in shown.out
    assert re.search(r"^request duration \.+: avg=.+ med=.+ p95=.+ max=", shown.out, re.MULTILINE)
    assert shown.err.startswith(f"lab · ap-northeast-2 · {on_lab.name}\n")


def test_a_crossed_threshold_is_a_no(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl("produce", "-n", "3", "--threshold", "p(95)<0.001", "-o", "json")
    assert shown.code == 10
    assert shown.envelope["status"] == "findings"
    assert shown.data["thresholds"][0]["ok"] is False


def test_send_over_http_shows_the_answer(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl("send", '{"input": 1}', "-o", "json")
    assert (shown.code, shown.data["via"], shown.data["status_code"]) == (0, "http", 200)
    assert json.loads(shown.data["answer"]) == {"message": "Message accepted!"}


def test_step_1_of_the_tutorial(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    good = sqsctl("send", '{"input": 1}', "--path", "/", "-o", "json")
    assert json.loads(good.data["answer"]) == {"message": "메시지를 받았습니다. 입력값: 1, 결과: 2"}
    bad = sqsctl("send", '{"input": "스트링"}', "--path", "/", "-o", "json")
    assert (bad.code, bad.data["status_code"]) == (1, 400)
    assert json.loads(bad.data["answer"]) == {"message": "입력값이 숫자가 아닙니다."}


def test_send_to_sqs_with_attributes(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl(
        "send", '{"input": 1}', "--via", "sqs", "--attribute", "n:Number=5", "-o", "json"
    )
    assert shown.code == 0
    assert shown.data["message_id"]
    assert shown.data["status_code"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["send", "--body-json", "{'input': 1}"], 2, "not JSON"),
        (["send"], 2, "no body"),
        (["send", "x", "--body-json", "1"], 2, "once"),
        (["send", "x", "--path", "/nowhere"], 5, "no route"),
        (["send", "x", "--via", "pigeon"], 2, "pigeon"),
        (["send", "x", "--via", "sqs", "--attribute", "broken"], 2, "NAME=VALUE"),
        (["send", "", "--via", "sqs"], 2, "empty"),
        (["queue", "inspect", "no-such-queue"], 5, "no-such-queue"),
        (["queue", "inspect", "bad name"], 2, "bad name"),
        (["dlq", "peek", "--queue", "no-such-queue"], 5, "no-such-queue"),
        (["stack", "show", "--stack", "no-such-stack"], 5, "no-such-stack"),
        (["logs", "tail", "--no-follow", "--function", "nobody"], 5, "nobody"),
        (["logs", "tail", "--since", "yesterday"], 2, "yesterday"),
        (["logs", "tail", "--grep", "("], 2, "regular expression"),
        (["produce", "--count", "1", "--threshold", "nonsense"], 2, "nonsense"),
        (["produce", "--count", "1", "--rate", "0"], 2, "above 0"),
        (["dlq", "redrive", "--limit", "0"], 2, "limit"),
    ],
)
def test_bad_input_is_one_clear_line(
    on_lab: DeployedLab,
    sqsctl: Sqsctl,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    if "no-such-queue" in arguments or "bad name" in arguments:
        monkeypatch.delenv("SQSCTL_STACK")
    shown = sqsctl(*arguments)
    assert shown.code == code, shown.err
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_the_wrong_region_is_not_found_and_says_so(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl("queue", "inspect", "--region", "us-east-1")
    assert shown.code == 5
    assert "us-east-1" in shown.err


def test_queue_inspect_has_the_promised_keys(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 3)
    data = sqsctl("queue", "inspect", "-o", "json").data
    queue = data["queue"]
    assert queue["name"] == on_lab.queue.name
    assert queue["arn"] == on_lab.queue.arn
    assert queue["url"] == on_lab.queue.url
    assert queue["fifo"] is False
    assert (queue["visible"], queue["in_flight"], queue["delayed"]) == (0, 0, 0)
    assert (queue["visibility_timeout_s"], queue["retention_s"]) == (6, 345_600)
    assert queue["max_receive_count"] == 3
    assert queue["dlq"]["name"] == on_lab.dead_letters.name
    assert queue["dlq"]["arn"] == on_lab.dead_letters.arn
    assert queue["dlq"]["visible"] == 3
    assert (data["oldest_age_s"], data["consumers"]) == (None, None)


def test_queue_inspect_full_names_the_consumer(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    data = sqsctl("queue", "inspect", "--full", "-o", "json").data
    assert [each["function"] for each in data["consumers"]] == [f"{on_lab.name}-jobsWorker"]


def test_queue_ls_lists_both(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    data = sqsctl("queue", "ls", "--prefix", on_lab.name, "-o", "json").data
    names = {each["name"] for each in data["queues"]}
    assert names == {on_lab.queue.name, on_lab.dead_letters.name}


def test_stack_ls_and_show(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    assert on_lab.name in {
        each["name"] for each in sqsctl("stack", "ls", "-o", "json").data["stacks"]
    }
    stack = sqsctl("stack", "show", "-o", "json").data["stack"]
    assert stack["name"] == on_lab.name
    assert {each["name"].removeprefix(f"{on_lab.name}-") for each in stack["functions"]} == {
        "producer",
        "jobsWorker",
        "hello",
    }
    assert {(each["method"], each["path"]) for each in stack["api"]["routes"]} == {
        ("POST", "/produce"),
        ("POST", "/"),
    }
    assert len(stack["queues"]) == 2
    assert [each["state"] for each in stack["mappings"]] == ["Enabled"]
    assert "─>" in sqsctl("stack", "show").out


def test_peek_shows_and_hands_back(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 12)
    data = sqsctl("dlq", "peek", "--limit", "5", "-o", "json").data
    assert data["queue"] == on_lab.dead_letters.name
    assert data["approximate_total"] == 12
    assert len(data["messages"]) == 5
    first = data["messages"][0]
    assert first["attributes"]["Number"] == {"data_type": "Number", "value": "3.1400"}
    assert first["attributes"]["Bytes"]["binary_base64"] == "AP8="
    assert {
        "message_id",
        "body",
        "sent_at",
        "first_received_at",
        "receive_count",
        "attributes",
        "group_id",
        "cause",
    } <= set(first)
    again = sqsctl("dlq", "peek", "--queue", on_lab.queue.name, "--limit", "12", "-o", "json").data
    assert len(again["messages"]) == 12


def test_peek_refuses_where_a_look_could_dead_letter(
    on_lab: DeployedLab, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = on_lab.session.sqs()
    last = f"{on_lab.name}-last"
    sqs.create_queue(QueueName=last)
    arn = on_lab.queue.arn.replace(on_lab.queue.name, last)
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=on_lab.dead_letters.url, Attributes={"RedrivePolicy": policy})
    monkeypatch.delenv("SQSCTL_STACK")
    dead_letters(on_lab, 1)
    shown = sqsctl("dlq", "peek", "--queue", on_lab.dead_letters.name, "-o", "json")
    assert shown.code == 9
    assert shown.envelope["errors"][0]["code"] == "would_dead_letter"
    forced = sqsctl("dlq", "peek", "--queue", on_lab.dead_letters.name, "--force", "-o", "json")
    assert len(forced.data["messages"]) == 1


def test_redrive_brings_all_back_with_everything(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 23)
    dry = sqsctl("dlq", "redrive", "--dry-run", "-o", "json").data
    assert (dry["selected"], dry["moved"]) == (23, 0)
    shown = sqsctl("dlq", "redrive", "--method", "client", "-o", "json")
    assert shown.code == 0, shown.err
    data = shown.data
    assert data["method"] == "client"
    assert (data["selected"], data["moved"], data["failed"], data["remaining"]) == (23, 23, 0, 0)
    assert data["possible_duplicates"] == []
    found = until(lambda: results(sqsctl), lambda seen: len(set(seen)) >= 23)
    assert {f"{RESULT}{n}, 결과: {n + 1}" for n in range(1, 24)} == set(found)


def test_redrive_to_another_queue_keeps_every_attribute(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    other = f"{on_lab.name}-other"
    url = on_lab.session.sqs().create_queue(QueueName=other)["QueueUrl"]
    dead_letters(on_lab, 2)
    assert sqsctl("dlq", "redrive", "--to", other, "-o", "json").data["moved"] == 2
    client = QueueClient(on_lab.session)
    received = client.open(client.resolve(url)).receive(10, wait_s=1)
    assert len(received) == 2
    for message in received:
        assert {
            name: (each.data_type, each.value) for name, each in message.attributes.items()
        } == {
            "Text": ("String", "값"),
            "Number": ("Number", "3.1400"),
            "Bytes": ("Binary", b"\x00\xff"),
            "Custom": ("String.custom", "x"),
        }


def test_logs_tail_streams_json_lines(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    sqsctl("send", '{"input": 41}')
    until(lambda: results(sqsctl), bool)
    shown = sqsctl("logs", "tail", "--no-follow", "--function", "jobsWorker", "-o", "json")
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert lines
    for line in lines:
        assert set(line) >= {
            "timestamp",
            "function",
            "log_group",
            "stream",
            "event_id",
            "request_id",
            "level",
            "message",
            "check",
        }
    result = next(line for line in lines if RESULT in line["message"])
    assert result["request_id"]
    assert result["check"] is None
    assert result["log_group"] == f"/aws/lambda/{on_lab.name}-jobsWorker"


def test_logs_tail_ends_when_nobody_reads(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    sqsctl("send", '{"input": 41}')
    until(lambda: results(sqsctl), bool)
    command = f"'{sys.executable}' -m sqsctl logs tail --since 10m -o json | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=dict(os.environ),
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["message"]
    assert "Traceback" not in ended.stderr


def test_a_lab_beside_aws_in_the_environment(
    on_lab: DeployedLab, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAXXXXXXXXXXXXXXXX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    shown = sqsctl("send", "x", "--queue", on_lab.queue.name, "--region", "eu-west-1", "-o", "json")
    assert shown.code == 9
    assert "--no-lab" in shown.envelope["errors"][0]["hint"]
    assert sqsctl("send", '{"input": 1}', "--lab").code == 0


def test_two_options_before_and_behind(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    for arguments in (
        ["--queue", on_lab.queue.url, "-o", "json", "queue", "inspect"],
        ["queue", "inspect", "--queue", on_lab.queue.url, "-o", "json"],
        ["queue", "inspect", on_lab.queue.url, "-o", "json"],
    ):
        assert sqsctl(*arguments).data["queue"]["url"] == on_lab.queue.url
