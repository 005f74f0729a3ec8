"""Ten thousand times more of it: large stacks, long logs, quick logs, large packages."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.aws.zips import RemoteZip
from sqsctl.model.target import Target
from sqsctl.operations.stacks import deploy, discover
from tests.e2e.log_server import LogServer, log_server
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SQSCTL = Path(sys.executable).with_name("sqsctl")
GROUP = "/aws/lambda/worker"
FUNCTIONS = 60
MIB = 1024 * 1024
_CODE = """
def handler(event, context):
    for record in event["Records"]:
        print(record["body"])
"""
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_CONSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
}


def resident(pid: int) -> int:
    """The memory of a process in bytes, as Linux tells it."""
    said = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(said) * resource.getpagesize()


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_a_log_of_two_thousand_lines_a_second_is_followed_for_a_minute(tmp_path: Path) -> None:
    seconds, rate = 60, 2_000
    with log_server() as server, (tmp_path / "lines").open("w+", encoding="utf-8") as told:
        server.page = 5_000
        following = subprocess.Popen(
            [str(SQSCTL), "logs", "tail", "--log-group", GROUP, "-o", "json"],
            env=_on(server),
            stdout=told,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            time.sleep(2)
            _write(server, seconds=5, rate=rate)
            early = resident(following.pid)
            _write(server, seconds=seconds - 5, rate=rate)
            last = time.monotonic()
            while _lines(Path(told.name)) < seconds * rate and time.monotonic() < last + 15:
                time.sleep(0.5)
            behind, late = time.monotonic() - last, resident(following.pid)
        finally:
            following.terminate()
            following.communicate(timeout=10)
        numbers = [
            int(found[1])
            for line in Path(told.name).read_text(encoding="utf-8").splitlines()
            if (found := re.search(r"number (\d+)", line))
        ]
    assert sorted(numbers) == list(range(seconds * rate))  # each once
    assert numbers == sorted(numbers)
    assert behind < 10
    assert late - early < 100 * MIB


@pytest.fixture
def many(
    lab_state: LabState, monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, tmp_path: Path
) -> Iterator[DeployedLab]:
    """A stack of 500 resources on the lab, with 60 functions behind 60 queues."""
    name = "many"
    target = Target("lab", lab_state.region, lab_state.account, name, lab_state.endpoint)
    session = Session(target, credentials=lab_state.credentials)
    template = tmp_path / "many.json"
    template.write_text(json.dumps(_template()), encoding="utf-8")
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    deployed = sqsctl("lab", "deploy", str(template), "--stack", name)
    assert deployed.code == 0, deployed.err
    monkeypatch.setenv("SQSCTL_STACK", name)
    try:
        yield DeployedLab(lab_state, session, discover.from_stack(session, name))
    finally:
        deploy.delete(session, name)


@pytest.mark.lab
def test_a_stack_of_500_resources_is_judged(many: DeployedLab, sqsctl: Sqsctl) -> None:
    told = sqsctl("doctor")
    assert told.code == 0, told.out
    assert "56 more queues: all is well there" in told.out
    assert len(told.out.splitlines()) <= 24
    mapping = next(uuid for uuid, logical in many.stack.mapping_ids if logical == "N33Mapping")
    many.session.functions().update_event_source_mapping(UUID=mapping, Enabled=False)
    shown = until(lambda: sqsctl("doctor"), lambda seen: seen.code == 10)
    assert "55 more queues: all is well there" in shown.out
    assert re.search(r"╳> \S λ 33 ", shown.out), shown.out
    listed = sqsctl("queue", "ls", "-o", "json").data["queues"]
    assert len(listed) == 2 * FUNCTIONS


@pytest.mark.lab
def test_a_log_of_300_000_events_is_judged_by_its_last_ones(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    function = next(each for each in on_lab.stack.functions if each.name.endswith("jobsWorker"))
    put = on_lab.session.logs().put_log_events
    group = f"/aws/lambda/{function.name}"
    on_lab.session.logs().create_log_stream(logGroupName=group, logStreamName="long")
    first = datetime.now(UTC) - timedelta(minutes=90)
    for batch in range(30):
        put(
            logGroupName=group,
            logStreamName="long",
            logEvents=[
                {
                    "timestamp": int((first.timestamp() + (batch * 10_000 + each) / 60) * 1000),
                    "message": f"number {batch * 10_000 + each}",
                }
                for each in range(10_000)
            ],
        )
    started = time.monotonic()
    assert sqsctl("doctor").code == 0
    doctor_s = time.monotonic() - started
    with (tmp_path / "lines").open("w+", encoding="utf-8") as told:
        tail = subprocess.Popen(
            [str(SQSCTL), "logs", "tail", "--since", "2h", "--no-follow", "-o", "json"],
            stdout=told,
        )
        _, status, usage = os.wait4(tail.pid, 0)
        tail.returncode = os.waitstatus_to_exitcode(status)
    assert tail.returncode == 0
    assert _lines(tmp_path / "lines") == 300_000
    assert doctor_s < 30  # 3 s on a machine with nothing else to do
    assert usage.ru_maxrss * 1024 < 300 * MIB


@pytest.mark.lab
def test_the_dashboard_stays_small_for_ten_minutes(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    child = pexpect.spawn(
        str(SQSCTL),
        ["watch", "--interval", "0.5", "--lab", "--stack", on_lab.name],
        env={**os.environ, "TERM": "xterm-256color", "SQSCTL_LAB_NAME": on_lab.state.name},
        dimensions=(24, 80),
        timeout=30,
    )
    figures = []
    try:
        started = time.monotonic()
        while (now := time.monotonic() - started) < 600:
            sqsctl("produce", "--count", "20", "--quiet", "--yes")
            until = time.monotonic() + 5
            while time.monotonic() < until:
                with contextlib.suppress(pexpect.TIMEOUT):
                    child.read_nonblocking(65_536, timeout=0.5)
            assert child.pid
            figures.append((now, resident(child.pid), descriptors(child.pid)))
        child.send("q")
        child.expect(pexpect.EOF)
        child.wait()
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
    early = [each for each in figures if 60 < each[0] < 180]
    late = [each for each in figures if each[0] > 480]
    assert max(size for _, size, _ in late) < max(size for _, size, _ in early) + 20 * MIB
    assert max(files for *_, files in late) <= max(files for *_, files in early) + 2


def test_of_a_package_of_250_megabytes_little_is_fetched(tmp_path: Path) -> None:
    """Read by ranges, as from S3."""
    path = tmp_path / "package.zip"
    dice = random.Random(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("app.py", "import shop\n\ndef handler(event, context): ...\n")
        for number in range(7_000):
            archive.writestr(f"site/{number:04d}/part.bin", dice.randbytes(34 * 1024))
    assert 230 * MIB < path.stat().st_size < 250 * MIB
    fetched = 0
    started = time.monotonic()
    with path.open("rb") as file:

        def fetch(first: int, last: int) -> tuple[bytes, int]:
            nonlocal fetched
            file.seek(first)
            data = file.read(last - first + 1)
            fetched += len(data)
            return data, path.stat().st_size

        opened = RemoteZip(fetch, path.stat().st_size)
        listing = opened.listing()
        said = opened.text("app.py")
    assert len(listing.members) == 7_001
    assert "import shop" in (said or "")
    assert fetched < 3 * MIB
    assert time.monotonic() - started < 10


def _template() -> dict[str, Any]:
    """60 × (queue, DLQ, role, function, log group, mapping, parameter), and topics up to 500."""
    resources: dict[str, Any] = {}
    for number in range(FUNCTIONS):
        key = f"N{number:02d}"
        resources[f"{key}Dlq"] = {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": f"many-{number}-dlq", "MessageRetentionPeriod": 1209600},
        }
        resources[f"{key}Queue"] = {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": f"many-{number}",
                "VisibilityTimeout": 36,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [f"{key}Dlq", "Arn"]},
                    "maxReceiveCount": 5,
                },
            },
        }
        resources[f"{key}Role"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": f"many-{number}-role",
                "AssumeRolePolicyDocument": _TRUST,
                "Policies": [{"PolicyName": "consume", "PolicyDocument": _CONSUME}],
            },
        }
        resources[f"{key}Log"] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"/aws/lambda/many-{number}"},
        }
        resources[f"{key}Function"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": f"many-{number}",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 6,
                "Role": {"Fn::GetAtt": [f"{key}Role", "Arn"]},
                "Code": {"ZipFile": _CODE},
            },
            "DependsOn": [f"{key}Log"],
        }
        resources[f"{key}Mapping"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": [f"{key}Queue", "Arn"]},
                "FunctionName": {"Ref": f"{key}Function"},
                "BatchSize": 1,
            },
        }
        resources[f"{key}Name"] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Name": f"/many/{number}", "Value": "x"},
        }
    for number in range(500 - len(resources)):
        resources[f"Topic{number}"] = {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": f"many-{number}"},
        }
    return {"Resources": resources}


def _on(server: LogServer) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def _write(server: LogServer, *, seconds: int, rate: int) -> None:
    """``rate`` numbered events a second, in tenths."""
    for _ in range(seconds * 10):
        started = time.monotonic()
        for _ in range(rate // 10):
            server.write(f"number {len(server.events)}")
        time.sleep(max(0.0, 0.1 - (time.monotonic() - started)))


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
