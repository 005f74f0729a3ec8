"""A small AWS in memory: one stack, broken in one way or in none, and any one call at fault.

Stands in for botocore's ``_make_api_call``: what is tested goes through the real client code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

REGION, ACCOUNT, NAME = "eu-central-1", "123456789012", "shop-dev"
WORKER, PRODUCER = f"{NAME}-worker", f"{NAME}-producer"
MAPPING = "14e0db71-5d35-4eb5-b481-8945cf9d10c2"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{NAME}-jobs"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}-jobs"
REPORT = (
    "Duration: 50.00 ms\tBilled Duration: 50 ms\tMemory Size: 1024 MB\tMax Memory Used: 38 MB\t"
)
FAULTS = ("denied", "missing", "empty", "malformed")
BREAKS = (
    "worker fails",
    "worker fails silently",
    "mapping disabled",
    "mapping deleted",
    "queue deleted",
    "dead letters",
    "dead-letter queue deleted",
    "API may not call",
    "no concurrency",
    "worker inactive",
)


def refusal(operation: str, code: str, text: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, operation)


def no_queue(operation: str) -> ClientError:
    return refusal(
        operation, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
    )


def _nothing(value: object) -> object:
    """Of the right kind, and empty."""
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else ""


def _hollow(value: object) -> object:
    """Of the right kind, and with nothing in it that AWS always sends."""
    return [{}] if isinstance(value, list) else _nothing(value)


@dataclass
class SmallAws:
    """``broken`` is one of BREAKS or empty; ``fault`` (one of FAULTS) is that of ``at``'s calls."""

    broken: str = ""
    at: str = ""
    fault: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    called: set[str] = field(default_factory=set)

    def __call__(self, _: object, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.called.add(operation)
        if not hasattr(self, operation):
            raise refusal(operation, "AccessDeniedException", "User: x is not authorized")
        answer: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, operation)
        if operation != self.at:
            return answer(request)
        if self.fault == "denied":
            raise refusal(operation, "AccessDeniedException", "User: x is not authorized")
        if self.fault == "missing":
            raise refusal(operation, "ResourceNotFoundException", "it does not exist")
        whole = answer(request)
        if self.fault == "empty":
            return {key: _nothing(value) for key, value in whole.items()}
        return {key: _hollow(value) for key, value in whole.items()}

    def DescribeStacks(self, _: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{NAME}/1"
        done = {"StackStatus": "UPDATE_COMPLETE", "CreationTime": self.now}
        return {"Stacks": [{"StackName": NAME, "StackId": arn, **done}]}

    def ListStackResources(self, _: Mapping[str, Any]) -> dict[str, Any]:
        parts = {
            "Jobs": ("AWS::SQS::Queue", URL),
            "Dlq": ("AWS::SQS::Queue", f"{URL}-dlq"),
            "Producer": ("AWS::Lambda::Function", PRODUCER),
            "Worker": ("AWS::Lambda::Function", WORKER),
            "Mapping": ("AWS::Lambda::EventSourceMapping", MAPPING),
            "Api": ("AWS::ApiGatewayV2::Api", "a1b2c3"),
        }
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical,
                    "PhysicalResourceId": physical,
                    "ResourceType": kind,
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": self.now,
                }
                for logical, (kind, physical) in parts.items()
            ]
        }

    def GetTemplateSummary(self, _: Mapping[str, Any]) -> dict[str, Any]:
        declared = ["AWS::Serverless-2016-10-31"] if self.broken == "written for SAM" else []
        return {"DeclaredTransforms": declared}

    # -- SQS --------------------------------------------------------------------------------

    def _gone(self, url: str) -> bool:
        lost = {"queue deleted": URL, "dead-letter queue deleted": f"{URL}-dlq"}
        return url == lost.get(self.broken)

    def GetQueueUrl(self, request: Mapping[str, Any]) -> dict[str, Any]:
        url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{request['QueueName']}"
        if self._gone(url):
            raise no_queue("GetQueueUrl")
        return {"QueueUrl": url}

    def GetQueueAttributes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        url = str(request["QueueUrl"])
        if self._gone(url):
            raise no_queue("GetQueueAttributes")
        dead = url.endswith("-dlq")
        waiting = 40 if self.broken in {"mapping disabled", "mapping deleted"} else 0
        found = {
            "QueueArn": f"{ARN}-dlq" if dead else ARN,
            "ApproximateNumberOfMessages": str(
                (3 if self.broken == "dead letters" else 0) if dead else waiting
            ),
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
            "VisibilityTimeout": "60",
            "MessageRetentionPeriod": "1209600" if dead else "345600",
            "SqsManagedSseEnabled": "true",
        }
        if not dead:
            policy = {"deadLetterTargetArn": f"{ARN}-dlq", "maxReceiveCount": 5}
            found["RedrivePolicy"] = json.dumps(policy)
        return {"Attributes": found}

    def ListDeadLetterSourceQueues(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"queueUrls": [URL] if str(request["QueueUrl"]).endswith("-dlq") else []}

    # -- Lambda -----------------------------------------------------------------------------

    def GetFunctionConfiguration(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["FunctionName"]).rpartition(":")[2]
        idle = self.broken == "worker inactive" and name == WORKER
        return {
            "FunctionName": name,
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            "Runtime": "python3.14",
            "Handler": "index.handler",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/{NAME}",
            "Timeout": 6,
            "MemorySize": 1024,
            "State": "Failed" if idle else "Active",
            "StateReason": "the network interface was deleted" if idle else "",
            "LastModified": "2026-01-05T02:00:00.000+0000",
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "Environment": {"Variables": {"QUEUE_URL": URL} if name == PRODUCER else {}},
        }

    def GetFunctionConcurrency(self, request: Mapping[str, Any]) -> dict[str, Any]:
        none = self.broken == "no concurrency" and request["FunctionName"] == WORKER
        return {"ReservedConcurrentExecutions": 0} if none else {}

    def GetAccountSettings(self, _: Mapping[str, Any]) -> dict[str, Any]:
        limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
        return {"AccountLimit": limits}

    def GetFunctionRecursionConfig(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"RecursiveLoop": "Terminate"}

    def GetPolicy(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self.broken == "API may not call" or request["FunctionName"] == WORKER:
            raise refusal("GetPolicy", "ResourceNotFoundException", "no policy")
        source = {"AWS:SourceArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3/*"}
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "*",
            "Condition": {"ArnLike": source},
        }
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}

    def _mapping(self) -> dict[str, Any]:
        return {
            "UUID": MAPPING,
            "EventSourceArn": ARN,
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{WORKER}",
            "State": "Disabled" if self.broken == "mapping disabled" else "Enabled",
            "BatchSize": 1,
            "LastModified": self.now - timedelta(days=1),
        }

    def ListEventSourceMappings(self, request: Mapping[str, Any]) -> dict[str, Any]:
        asked = request.get("EventSourceArn") == ARN or request.get("FunctionName") == WORKER
        there = asked and self.broken != "mapping deleted"
        return {"EventSourceMappings": [self._mapping()] if there else []}

    def GetEventSourceMapping(self, _: Mapping[str, Any]) -> dict[str, Any]:
        if self.broken == "mapping deleted":
            raise refusal("GetEventSourceMapping", "ResourceNotFoundException", "no mapping")
        return self._mapping()

    # -- the API ----------------------------------------------------------------------------

    def GetApi(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"ApiId": "a1b2c3", "Name": "dev-shop", "ApiEndpoint": "https://a1b2c3"}

    def GetRoutes(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Items": [{"RouteKey": "POST /produce", "Target": "integrations/i1"}]}

    def GetIntegrations(self, _: Mapping[str, Any]) -> dict[str, Any]:
        uri = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PRODUCER}"
        return {"Items": [{"IntegrationId": "i1", "IntegrationUri": uri}]}

    def GetStages(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Items": [{"StageName": "$default"}]}

    # -- CloudWatch -------------------------------------------------------------------------

    def GetMetricData(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": [self._series(e) for e in request["MetricDataQueries"]]}

    def _series(self, query: Mapping[str, Any]) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]
        resource = metric["Dimensions"][0]["Value"]
        value = self._figure(metric["MetricName"], resource)
        times = [self.now - timedelta(minutes=minutes) for minutes in (40, 30, 20)]
        return {
            "Id": query["Id"],
            "StatusCode": "Complete",
            "Timestamps": [] if value is None else times,
            "Values": [] if value is None else [value] * len(times),
        }

    def _figure(self, name: str, resource: str) -> float | None:
        fails = resource == WORKER and self.broken.startswith("worker fails")
        refused = self.broken == "API may not call"
        if name in {"Invocations", "Count"}:
            return None if refused and resource == PRODUCER else 4.0
        if name == "Errors":
            return 4.0 if fails else 0.0
        if name == "Throttles":
            return 4.0 if self.broken == "no concurrency" and resource == WORKER else 0.0
        if name == "5xx":
            return 4.0 if refused else 0.0
        return 50.0 if name == "Duration" else None

    def FilterLogEvents(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["logGroupName"]).rpartition("/")[2]
        texts: list[tuple[datetime, str]] = []
        for number, minutes in enumerate((40, 30, 20)):
            if self.broken == "worker fails silently" and name == WORKER:
                continue
            request_id = f"00000000-0000-4000-8000-{number:012d}"
            error = "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\n"
            error += '  File "/var/task/index.py", line 3, in handler'
            fails = name == WORKER and self.broken == "worker fails"
            at = self.now - timedelta(minutes=minutes)
            texts += [
                (at, f"START RequestId: {request_id} Version: $LATEST"),
                (at, error if fails else "done"),
                (at, f"END RequestId: {request_id}"),
                (at, f"REPORT RequestId: {request_id}\t{REPORT}"),
            ]
        return {
            "events": [
                {
                    "eventId": f"{number:056}",
                    "timestamp": int(at.timestamp() * 1000) + number,
                    "message": text,
                    "logStreamName": "2026/11/30/[$LATEST]cca503506326493bbd672f441f754df1",
                }
                for number, (at, text) in enumerate(texts)
            ]
        }

    def DescribeLogGroups(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request.get("logGroupNamePrefix", ""))
        return {"logGroups": [{"logGroupName": name, "retentionInDays": 3}]}

    def SimulatePrincipalPolicy(self, request: Mapping[str, Any]) -> dict[str, Any]:
        names = request["ActionNames"]
        return {
            "EvaluationResults": [
                {"EvalActionName": each, "EvalDecision": "allowed"} for each in names
            ]
        }
