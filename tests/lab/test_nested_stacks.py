"""DescribeStacks tells whose child a stack is."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.stacks import StackClient
from sqsctl.lab.fidelity.nested_stacks import with_parents
from tests.lab.conftest import session_on


def test_parent_and_root_follow_the_id() -> None:
    stacks = {
        "top": {"StackId": "top"},
        "child": {"StackId": "child", "ParentId": "top", "RootId": "top"},
        "deep": {"StackId": "deep", "ParentId": "child", "RootId": "child"},
    }
    answer = "".join(f"<StackId>{each}</StackId>" for each in stacks)
    assert with_parents(answer, stacks) == (
        "<StackId>top</StackId>"
        "<StackId>child</StackId><ParentId>top</ParentId><RootId>top</RootId>"
        "<StackId>deep</StackId><ParentId>child</ParentId><RootId>top</RootId>"
    )


def put(state: LabState, path: str, body: bytes = b"") -> None:
    """PUT to S3, signed: the client for S3 is not installed."""
    request = AWSRequest("PUT", f"{state.endpoint}{path}", data=body)
    keys = Keys(state.access_key_id, state.secret_access_key)
    S3SigV4Auth(keys, "s3", state.region).add_auth(request)
    parts = urlsplit(state.endpoint)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    try:
        connection.request("PUT", path, body, dict(request.headers.items()))
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.lab
def test_a_nested_stack_names_its_parent(lab_state: LabState) -> None:
    session = session_on(lab_state)
    bucket, name = f"b{time.time_ns()}", f"nest{time.time_ns() % 10**9}"
    cloudformation = session.cloudformation()
    child = json.dumps({"Resources": {"q": {"Type": "AWS::SQS::Queue"}}})
    where = f"<LocationConstraint>{lab_state.region}</LocationConstraint>"
    whole = f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>"
    put(lab_state, f"/{bucket}", whole.encode())
    put(lab_state, f"/{bucket}/child.json", child.encode())
    url = f"{lab_state.endpoint}/{bucket}/child.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    template = json.dumps({"Resources": {"c": nested}})
    made = cloudformation.create_stack(StackName=name, TemplateBody=template)["StackId"]
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    found = [
        each
        for each in cloudformation.describe_stacks()["Stacks"]
        if each["StackName"].startswith(name)
    ]
    parents = {each["StackId"]: each.get("ParentId") for each in found}
    assert len(parents) == 2
    assert parents.pop(made) is None
    assert list(parents.values()) == [made]
    assert [
        each.name for each in StackClient(session).active(300) if each.name.startswith(name)
    ] == [name]
    cloudformation.delete_stack(StackName=name)
