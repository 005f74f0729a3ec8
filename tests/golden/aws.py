"""A small AWS that never changes: the stack of the tutorial, its worker broken since January.

Stands in for botocore's ``_make_api_call``. What it does not know it refuses, so that the
outputs also show what sqsctl says of things that it may not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.client
from botocore.exceptions import ClientError

REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
NAME = "tutorial-step-2-dev"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{NAME}-jobs"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}-jobs"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"
THEN = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
BODIES = ('{"input": 1}', '{"input": 2, "이름": "한국어 본문 😀"}', '{"input": "three"}')
MISSING = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'index': "
    "No module named 'requests'\nTraceback (most recent call last):"
)

RESOURCES = {
    "jobsQueueCEDBAE3E": ("AWS::SQS::Queue", URL),
    "jobsDlqD18CF374": ("AWS::SQS::Queue", f"{URL}-dlq"),
    "ProducerFunction": ("AWS::Lambda::Function", f"{NAME}-producer"),
    "WorkerFunction": ("AWS::Lambda::Function", f"{NAME}-jobsWorker"),
    "Mapping": ("AWS::Lambda::EventSourceMapping", "0b6d6a4e-0000-4000-8000-000000000000"),
    "HttpApi": ("AWS::ApiGatewayV2::Api", "a1b2c3d4e5"),
    "IamRoleLambdaExecution": ("AWS::IAM::Role", f"{NAME}-role"),
}


class FixedAws:
    """Answers calls by their names."""

    def __init__(self) -> None:
        self._left = len(BODIES)

    def __call__(
        self, client: botocore.client.BaseClient, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        answer = getattr(self, operation, None)
        if answer is None:
            message = f"User: arn:aws:iam::{ACCOUNT}:user/reader is not authorized to perform this"
            error = {"Error": {"Code": "AccessDeniedException", "Message": message}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        found: dict[str, Any] = answer(request)
        return found

    # The names are those of the API's operations.

    def DescribeStacks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("StackName", NAME) != NAME:
            message = f"Stack with id {request['StackName']} does not exist"
            error = {"Error": {"Code": "ValidationError", "Message": message}}
            raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type]
        stack = {
            "StackName": NAME,
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{NAME}/1",
            "StackStatus": "UPDATE_COMPLETE",
            "CreationTime": THEN,
            "LastUpdatedTime": THEN,
            "Description": "대기열과 소비자",
        }
        return {"Stacks": [stack]}

    def ListStackResources(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical,
                    "PhysicalResourceId": physical,
                    "ResourceType": kind,
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": THEN,
                }
                for logical, (kind, physical) in RESOURCES.items()
            ]
        }

    def GetQueueUrl(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["QueueName"]
        if not name.startswith(NAME):
            code = "AWS.SimpleQueueService.NonExistentQueue"
            error = {"Error": {"Code": code, "Message": "The specified queue does not exist."}}
            raise ClientError(error, "GetQueueUrl")  # type: ignore[arg-type]
        return {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"}

    def ListQueues(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"QueueUrls": [URL, f"{URL}-dlq"]}

    def GetQueueAttributes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        dead = str(request["QueueUrl"]).endswith("-dlq")
        found = {
            "QueueArn": f"{ARN}-dlq" if dead else ARN,
            "ApproximateNumberOfMessages": str(len(BODIES)) if dead else "12",
            "ApproximateNumberOfMessagesNotVisible": "0" if dead else "5",
            "ApproximateNumberOfMessagesDelayed": "0",
            "VisibilityTimeout": "30" if dead else "36",
            "MessageRetentionPeriod": "1209600" if dead else "345600",
            "SqsManagedSseEnabled": "true",
            "CreatedTimestamp": str(int(THEN.timestamp())),
        }
        if not dead:
            policy = {"deadLetterTargetArn": f"{ARN}-dlq", "maxReceiveCount": 3}
            found["RedrivePolicy"] = json.dumps(policy)
        return {"Attributes": found}

    def ListDeadLetterSourceQueues(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"queueUrls": [URL] if str(request["QueueUrl"]).endswith("-dlq") else []}

    def ReceiveMessage(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = []
        while self._left and str(request["QueueUrl"]).endswith("-dlq"):
            self._left -= 1
            number = len(BODIES) - self._left
            sent = str(int((THEN + timedelta(minutes=number)).timestamp() * 1000))
            found.append(
                {
                    "MessageId": f"1a645e0b-397d-4dd9-be7a-01bbca385b7{number}",
                    "ReceiptHandle": f"handle-{number}",
                    "Body": BODIES[number - 1],
                    "Attributes": {
                        "SentTimestamp": sent,
                        "ApproximateFirstReceiveTimestamp": sent,
                        "ApproximateReceiveCount": "4",
                        "DeadLetterQueueSourceArn": ARN,
                    },
                    "MessageAttributes": {
                        "trace": {"DataType": "String", "StringValue": "이름"},
                        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
                    },
                }
            )
        return {"Messages": found}

    def ChangeMessageVisibilityBatch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Successful": [{"Id": each["Id"]} for each in request["Entries"]], "Failed": []}

    def SendMessageBatch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        identity = "5f0c9b5e-0000-4000-8000-000000000001"
        sent = [{"Id": each["Id"], "MessageId": identity} for each in request["Entries"]]
        return {"Successful": sent, "Failed": []}

    def SimulatePrincipalPolicy(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "EvaluationResults": [
                {"EvalActionName": each, "EvalDecision": "allowed"}
                for each in request["ActionNames"]
            ]
        }

    def ListMessageMoveTasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        task = {
            "Status": "COMPLETED",
            "SourceArn": f"{ARN}-dlq",
            "StartedTimestamp": int(THEN.timestamp() * 1000),
            "ApproximateNumberOfMessagesMoved": 12,
            "ApproximateNumberOfMessagesToMove": 12,
        }
        failed = {
            **task,
            "Status": "FAILED",
            "DestinationArn": f"{ARN}-retry",
            "FailureReason": "CouldNotDetermineMessageSource",
            "ApproximateNumberOfMessagesMoved": 0,
        }
        return {"Results": [task, failed]}

    def GetFunctionConfiguration(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["FunctionName"]).rpartition(":")[2]
        return {
            "FunctionName": name,
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/{NAME}",
            "Timeout": 6,
            "MemorySize": 1024,
            "State": "Active",
            "LastModified": "2026-01-05T02:00:00.000+0000",
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "Environment": {"Variables": {"QUEUE_URL": URL, "TOKEN": "never-shown"}},
        }

    def ListEventSourceMappings(self, request: Mapping[str, Any]) -> dict[str, Any]:
        mapping = {
            "UUID": RESOURCES["Mapping"][1],
            "EventSourceArn": ARN,
            "FunctionArn": f"{LAMBDA}-jobsWorker",
            "State": "Enabled",
            "BatchSize": 1,
            "MaximumBatchingWindowInSeconds": 0,
            "LastModified": THEN,
        }
        return {"EventSourceMappings": [mapping]}

    def GetApi(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"ApiId": "a1b2c3d4e5", "Name": f"dev-{NAME}", "ApiEndpoint": "https://a1b2c3d4e5"}

    def GetRoutes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Items": [{"RouteKey": "POST /produce", "Target": "integrations/i1"}]}

    def GetIntegrations(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Items": [{"IntegrationId": "i1", "IntegrationUri": f"{LAMBDA}-producer"}]}

    def GetStages(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Items": [{"StageName": "$default"}]}

    def FilterLogEvents(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if not str(request.get("logGroupName", "")).endswith("jobsWorker"):
            return {"events": []}
        good, bad = "59d2a063-2b19-49e5-8624-6445edd61ad7", "7a11c0de-2b19-49e5-8624-6445edd61ad7"
        report = "\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 1024 MB"
        failed = "\tStatus: error\tError Type: Runtime.ImportModuleError"
        texts = (
            "INIT_START Runtime Version: python:3.13.v1",
            f"START RequestId: {good} Version: $LATEST",
            '{"input": 2, "이름": "한국어 본문 😀"}',
            f"END RequestId: {good}",
            f"REPORT RequestId: {good}{report}\tMax Memory Used: 38 MB\t",
            MISSING,
            f"INIT_REPORT Init Duration: 9.86 ms\tPhase: init{failed}",
            f"START RequestId: {bad} Version: $LATEST",
            MISSING,
            f"END RequestId: {bad}",
            f"REPORT RequestId: {bad}{report}\tMax Memory Used: 12 MB{failed}",
        )
        events = [
            {
                "eventId": f"{number:056}",
                "timestamp": int(THEN.timestamp() * 1000) + number,
                "message": text,
                "logStreamName": "2026/01/05/[$LATEST]cca503506326493bbd672f441f754df1",
            }
            for number, text in enumerate(texts)
        ]
        return {"events": events}
