"""An AWS whose every answer is hostile text, made from botocore's own models.

Answers have the shape that AWS's have, so commands go all the way to printing them; what
they need to find their way (URLs, ARNs, states) is as it should be, all other text is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.client
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

TEXT = (
    "[/red][link=file:///x]y[/link]\x1b[2J\x1b]0;t\x07\x1b]52;c;ZXZpbA==\x07\x1bP\x9b31m\x7f\x00"
    "over\rwrite\x08\u202eevil\u2066\u200b\ufeff\u2028\ud800\uffff%s{0}"
)
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
ENDPOINT = "http://127.0.0.1:9"
JOBS = f"{ENDPOINT}/{ACCOUNT}/jobs"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
DEAD = f"{QUEUE}-dlq"
PAGING = {"nexttoken", "nextmarker", "marker", "position", "nextforwardtoken", "nextbackwardtoken"}
SIGNPOSTS: dict[str, Any] = {
    "QueueUrl": JOBS,
    "QueueUrls": [JOBS, f"{JOBS}-dlq"],
    "queueUrls": [JOBS],
    "EventSourceArn": QUEUE,
    "FunctionArn": FUNCTION,
    "FunctionName": "worker",
    "StackName": "shop",
    "StackStatus": "CREATE_COMPLETE",
    "Status": "CREATE_COMPLETE",
    "ResourceStatus": "CREATE_COMPLETE",
    "PackageType": "Zip",
    "MessageId": "00000000-0000-0000-0000-000000000000",
    "MD5OfBody": "",
    "MD5OfMessageBody": "",
    "Location": f"{ENDPOINT}/code.zip",
    "SourceArn": DEAD,
    "Id": "0",
}


class HostileAws:
    """Stands in for botocore's ``_make_api_call``. ``refuses``: every call fails instead."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.calls: list[str] = []
        self._left = 0
        self.refill()

    def refill(self) -> None:
        """Three messages are in the queue."""
        self._left = 3

    def __call__(
        self, client: botocore.client.BaseClient, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        self.calls.append(operation)
        model = client.meta.service_model.operation_model(operation)
        if self.refuses:
            error = {"Error": {"Code": f"Odd{TEXT}", "Message": TEXT}, "ResponseMetadata": {}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        if operation == "GetQueueAttributes":
            return {"Attributes": attributes(dead=str(request.get("QueueUrl")).endswith("-dlq"))}
        if operation == "GetQueueUrl":
            return {"QueueUrl": f"{ENDPOINT}/{ACCOUNT}/{request['QueueName']}"}
        if operation == "ListStackResources":
            return {"StackResourceSummaries": resources()}
        if operation == "ReceiveMessage":
            return {"Messages": self._messages(model.output_shape)}
        if operation.endswith("Batch"):
            entries = [{"Id": each["Id"], "MessageId": "m"} for each in request["Entries"]]
            return {"Successful": entries, "Failed": []}
        answer = sample(model.output_shape, operation) if model.output_shape else {}
        assert isinstance(answer, dict)
        if operation == "GetQueryResults":
            answer["status"] = "Complete"
        return answer

    def _messages(self, shape: StructureShape | None) -> list[dict[str, Any]]:
        """Three messages, each once."""
        assert shape
        found = []
        while self._left:
            self._left -= 1
            message: dict[str, Any] = sample(shape.members["Messages"], "Messages")[0]
            message["MessageId"] = f"{self._left:08}-0000-0000-0000-000000000000"
            found.append(message)
        return found


def sample(shape: Shape, name: str, depth: int = 0) -> Any:
    """An answer of this shape, hostile wherever it can be."""
    if name in SIGNPOSTS:
        return SIGNPOSTS[name]
    if isinstance(shape, StructureShape):
        return {
            member: sample(each, member, depth + 1)
            for member, each in shape.members.items()
            if member.lower() not in PAGING and depth < 6
        }
    if isinstance(shape, ListShape):
        return [sample(shape.member, name, depth + 1)]
    if isinstance(shape, MapShape):
        return {TEXT: sample(shape.value, name, depth + 1)}
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[0]
    plain: dict[str, Any] = {
        "integer": 1,
        "long": 1_795_237_200_000,
        "double": 1.0,
        "float": 1.0,
        "boolean": True,
        "timestamp": datetime(2026, 11, 23, 5, tzinfo=UTC),
        "blob": b"\xff\xfe\x1b[2J",
    }
    return plain.get(shape.type_name, TEXT)


def attributes(*, dead: bool) -> dict[str, str]:
    """A queue's, or its dead-letter queue's."""
    found = {
        "QueueArn": DEAD if dead else QUEUE,
        "ApproximateNumberOfMessages": "3",
        "KmsMasterKeyId": TEXT,
        "Policy": TEXT,
        "CreatedTimestamp": TEXT,
    }
    if not dead:
        found["RedrivePolicy"] = f'{{"deadLetterTargetArn":"{DEAD}","maxReceiveCount":3}}'
    return found


def resources() -> list[dict[str, Any]]:
    """A stack of one queue, its dead-letter queue and a consumer."""
    kinds = {
        "Jobs": ("AWS::SQS::Queue", JOBS),
        "Dead": ("AWS::SQS::Queue", f"{JOBS}-dlq"),
        "Worker": ("AWS::Lambda::Function", "worker"),
        TEXT: ("AWS::Lambda::EventSourceMapping", TEXT),
    }
    return [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE",
            "ResourceStatusReason": TEXT,
            "LastUpdatedTimestamp": datetime(2026, 11, 23, tzinfo=UTC),
        }
        for name, (kind, physical) in kinds.items()
    ]
