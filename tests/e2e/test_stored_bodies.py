"""Bodies that the extended client put into S3: fetched on demand, with their permission named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from tests.e2e.iam_users import somebody, without
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

ORDER = {"order": 17, "customer": "모하메드"}


@pytest.fixture
def bucket(on_lab: DeployedLab) -> str:
    """A bucket with one large body in it."""
    stored: Any = on_lab.session.client("s3")
    name = f"{on_lab.name}-large"
    place = {"LocationConstraint": on_lab.state.region}
    stored.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    stored.put_object(Bucket=name, Key="k-1", Body=json.dumps(ORDER).encode())
    return name


def put(lab: DeployedLab, bucket: str, key: str = "k-1") -> None:
    """A dead letter whose body points there."""
    where = {"s3BucketName": bucket, "s3Key": key}
    body = json.dumps(["software.amazon.payloadoffloading.PayloadS3Pointer", where])
    port = QueueClient(lab.session).open(lab.dead_letters.ref)
    assert port.send([Outgoing(body)]).accepted


def test_a_pointer_is_followed_on_demand_only(
    on_lab: DeployedLab, sqsctl: Sqsctl, bucket: str, tmp_path: Path
) -> None:
    put(on_lab, bucket)
    (alone,) = sqsctl("dlq", "peek", "-o", "json").data["messages"]
    assert alone["decoded"]["layers"] == ["s3-pointer"]
    assert alone["decoded"]["value"] == {"bucket": bucket, "key": "k-1"}
    (fetched,) = sqsctl("dlq", "peek", "--fetch", "-o", "json").data["messages"]
    assert fetched["decoded"]["value"] == ORDER
    assert json.loads(fetched["body"])[1]["s3Key"] == "k-1"
    assert "모하메드" in sqsctl("dlq", "peek", "--fetch").out
    file = tmp_path / "dead.jsonl"
    assert sqsctl("dlq", "export", str(file), "--fetch").code == 0
    line = json.loads(file.read_text(encoding="utf-8").split("\n")[1])
    assert line["decoded"]["value"] == ORDER
    assert sqsctl("dlq", "restore", str(file), "--dry-run").code == 0


@pytest.mark.parametrize(
    ("there", "key", "says"),
    [
        (False, "k-1", "could not be read"),
        (True, "gone", "could not be read"),
        ("arn:aws:s3:us-west-2:111122223333:accesspoint/own", "k-1", "that is not followed"),
        ("../other", "k-1", "that is not followed"),
    ],
)
def test_what_cannot_be_followed_stays_a_pointer(
    on_lab: DeployedLab, sqsctl: Sqsctl, bucket: str, there: bool | str, key: str, says: str
) -> None:
    name = there if isinstance(there, str) else bucket if there else f"{bucket}-of-nobody"
    put(on_lab, name, key)
    shown = sqsctl("dlq", "peek", "--fetch", "-o", "json")
    assert shown.code == 0, shown.out
    (message,) = shown.data["messages"]
    assert message["decoded"]["value"] == {"bucket": name, "key": key}
    assert says in message["decoded"]["note"]


def test_without_the_permission_it_is_named(
    on_lab: DeployedLab, sqsctl: Sqsctl, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(on_lab, bucket)
    document = json.loads(sqsctl("iam", "dlq peek --fetch").out)
    with somebody(on_lab) as user:
        monkeypatch.setenv("SQSCTL_LAB_NAME", "nobodys")
        monkeypatch.setenv("AWS_ENDPOINT_URL", on_lab.state.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.secret)
        monkeypatch.setenv("AWS_REGION", on_lab.state.region)
        for policy, says in ((document, ""), (without(document, "s3:GetObject"), "s3:GetObject")):
            user.grant(policy)
            shown = sqsctl("dlq", "peek", "--fetch", "-o", "json")
            assert shown.code == 0, shown.out
            (message,) = shown.data["messages"]
            note = message["decoded"]["note"] or ""
            assert says in note
            assert (message["decoded"]["value"] == ORDER) is (not says)
