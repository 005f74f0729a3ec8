"""The small AWS with all that doctor can look at: a VPC, a key, an alias, alarms, other APIs.

Its own breaks are those that show in such reads alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.operations.diagnosis.small_aws import (
    ACCOUNT,
    ARN,
    NAME,
    REGION,
    WORKER,
    SmallAws,
    refusal,
)

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1f2e3d4c-0000-4000-8000-000000000001"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-alarms"
STREAM_MAPPING = "5e3a0000-0000-4000-8000-00000000c11c"
URL_HOST = "https://abc123.lambda-url"
KMS = (
    "[ERROR] ClientError: An error occurred (KMS.DisabledException) when calling the SendMessage "
    f"operation: {KEY} is disabled."
)
TIMEOUT = (
    "2026-01-05T03:00:06.000Z 00000000-0000-4000-8000-000000000000 Task timed out after 6.00 "
    "seconds"
)
BREAKS = (
    "worker fails, its log in Insights only",
    "account limit",
    "key disabled, the producer fails",
    "subnet leads nowhere, the worker times out",
    "URL of a function that fails",
)


@dataclass
class FullAws(SmallAws):
    """See SmallAws; ``broken`` may be one of this module's BREAKS, too."""

    def ListStackResources(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().ListStackResources(request)
        (like, *_) = found["StackResourceSummaries"]
        more = {
            "Rest": ("AWS::ApiGateway::RestApi", "r1e2s3t4"),
            "Url": ("AWS::Lambda::Url", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{WORKER}"),
            "Rule": ("AWS::Events::Rule", "nightly"),
            "Hourly": ("AWS::Scheduler::Schedule", "hourly"),
            "Pipe": ("AWS::Pipes::Pipe", "changes"),
            "Heard": ("AWS::SNS::Subscription", f"{TOPIC}:0000-1111"),
            "Clicks": ("AWS::Lambda::EventSourceMapping", STREAM_MAPPING),
            "Async": ("AWS::Lambda::EventInvokeConfig", f"{WORKER}|$LATEST"),
        }
        found["StackResourceSummaries"] += [
            {
                **like,
                "LogicalResourceId": key,
                "ResourceType": kind,
                "PhysicalResourceId": physical,
            }
            for key, (kind, physical) in more.items()
        ]
        return found

    # -- Lambda -----------------------------------------------------------------------------

    def GetFunctionConfiguration(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().GetFunctionConfiguration(request)
        found |= {"Version": "3", "CodeSha256": "sha"}
        if found["FunctionName"] == WORKER:
            found["VpcConfig"] = {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"]}
            found["VpcConfig"]["SecurityGroupIds"] = ["sg-1"]
            found["Environment"] = {"Variables": {"OTHER": f"{ARN}-of-others"}}
        return found

    def GetAccountSettings(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self.broken != "account limit":
            return super().GetAccountSettings(request)
        limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
        return {"AccountLimit": limits}

    def GetFunctionUrlConfig(self, _: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{WORKER}"
        return {"FunctionUrl": f"{URL_HOST}.on.aws/", "FunctionArn": arn, "AuthType": "AWS_IAM"}

    def _mapping(self) -> dict[str, Any]:
        pollers = {"MinimumPollers": 2, "MaximumPollers": 40}
        alias = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{WORKER}:live"
        return super()._mapping() | {"ProvisionedPollerConfig": pollers, "FunctionArn": alias}

    # -- what feeds a dead-letter queue besides queues ------------------------------------------

    def ListEventSourceMappings(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().ListEventSourceMappings(request)
        if request.get("FunctionName") == WORKER:
            found["EventSourceMappings"].append(
                {
                    **self._mapping(),
                    "UUID": STREAM_MAPPING,
                    "EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks",
                    "DestinationConfig": {"OnFailure": {"Destination": f"{ARN}-dlq"}},
                }
            )
        return found

    def ListFunctionEventInvokeConfigs(self, _: Mapping[str, Any]) -> dict[str, Any]:
        destination = {"OnFailure": {"Destination": f"{ARN}-dlq"}}
        return {"FunctionEventInvokeConfigs": [{"DestinationConfig": destination}]}

    def ListTargetsByRule(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Targets": [{"Id": "t", "DeadLetterConfig": {"Arn": f"{ARN}-dlq"}}]}

    def GetSchedule(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Target": {"DeadLetterConfig": {"Arn": f"{ARN}-dlq"}}}

    def DescribePipe(self, _: Mapping[str, Any]) -> dict[str, Any]:
        stream = {"DeadLetterConfig": {"Arn": f"{ARN}-dlq"}}
        return {"SourceParameters": {"DynamoDBStreamParameters": stream}}

    def GetSubscriptionAttributes(self, _: Mapping[str, Any]) -> dict[str, Any]:
        policy = json.dumps({"deadLetterTargetArn": f"{ARN}-dlq"})
        return {"Attributes": {"TopicArn": TOPIC, "RedrivePolicy": policy}}

    # -- SQS and KMS ------------------------------------------------------------------------

    def GetQueueAttributes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().GetQueueAttributes(request)
        del found["Attributes"]["SqsManagedSseEnabled"]
        found["Attributes"]["KmsMasterKeyId"] = KEY
        return found

    def DescribeKey(self, _: Mapping[str, Any]) -> dict[str, Any]:
        state = "Disabled" if self.broken.startswith("key disabled") else "Enabled"
        return {"KeyMetadata": {"Arn": KEY, "KeyState": state, "KeyManager": "CUSTOMER"}}

    def GetKeyPolicy(self, _: Mapping[str, Any]) -> dict[str, Any]:
        root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}

    # -- the VPC ----------------------------------------------------------------------------

    def DescribeSubnets(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"}]}

    def DescribeRouteTables(self, _: Mapping[str, Any]) -> dict[str, Any]:
        routes = [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}]
        if not self.broken.startswith("subnet leads nowhere"):
            out = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}
            routes.append(out)
        associations = [{"Main": True}]
        table = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": associations}
        return {"RouteTables": [{**table, "Routes": routes}]}

    def DescribeVpcEndpoints(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"VpcEndpoints": []}

    def DescribeSecurityGroups(self, _: Mapping[str, Any]) -> dict[str, Any]:
        everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        group = {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissionsEgress": [everywhere]}
        return {"SecurityGroups": [group]}

    # -- a REST API ---------------------------------------------------------------------------

    def GetRestApi(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": "r1e2s3t4", "name": "dev-shop-rest"}

    def GetStages(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if "restApiId" in request:
            return {"item": [{"stageName": "dev"}]}
        return super().GetStages(request)

    def GetResources(self, _: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}-producer"
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
        method = {"httpMethod": "POST", "methodIntegration": {"type": "AWS_PROXY", "uri": uri}}
        return {"items": [{"id": "x", "path": "/orders", "resourceMethods": {"POST": method}}]}

    def GetPolicy(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().GetPolicy(request)
        policy = json.loads(found["Policy"])
        source = policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"]
        both = [source, source.replace("a1b2c3", "r1e2s3t4")]
        policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"] = both
        return {"Policy": json.dumps(policy)}

    # -- CloudWatch ---------------------------------------------------------------------------

    def _figure(self, name: str, resource: str) -> float | None:
        worker = resource == WORKER
        if name == "Throttles" and self.broken == "account limit" and worker:
            return 4.0
        if name == "Errors" and resource == self._failing():
            return 4.0
        if name in {"Errors", "5xx", "Url5xxCount"} and self.broken.startswith("URL of") and worker:
            return 4.0
        return super()._figure(name, resource)

    def FilterLogEvents(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["logGroupName"])
        if self.broken == "worker fails, its log in Insights only" and name.endswith(WORKER):
            raise refusal(
                "FilterLogEvents",
                "InvalidParameterException",
                f"The log group {name} is of log-group-class INFREQUENT_ACCESS. FilterLogEvents "
                "is not supported for it",
            )
        found = super().FilterLogEvents(request)
        if name.endswith(self._failing() or "none"):
            words = KMS if self.broken.startswith("key") else TIMEOUT
            found["events"][1]["message"] = words
        return found

    def _failing(self) -> str:
        who = {"key disabled": f"{NAME}-producer", "subnet leads": WORKER}
        return next((who[each] for each in who if self.broken.startswith(each)), "")

    def DescribeLogGroups(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = super().DescribeLogGroups(request)
        if self.broken == "worker fails, its log in Insights only":
            found["logGroups"][0]["logGroupClass"] = "INFREQUENT_ACCESS"
        return found

    def StartQuery(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"queryId": "q1"}

    def GetQueryResults(self, _: Mapping[str, Any]) -> dict[str, Any]:
        shown = super().FilterLogEvents({"logGroupName": f"/aws/lambda/{WORKER}"})["events"]
        rows = [
            [
                {"field": "@timestamp", "value": str(each["timestamp"])},
                {"field": "@message", "value": each["message"]},
                {"field": "@logStream", "value": each["logStreamName"]},
            ]
            for each in shown
        ]
        return {"status": "Complete", "results": rows, "statistics": {"bytesScanned": 1.0}}

    def DescribeAlarmsForMetric(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["MetricName"] != "ApproximateNumberOfMessagesVisible":
            return {"MetricAlarms": []}
        alarm = {"AlarmName": "dead", "ActionsEnabled": True, "AlarmActions": [TOPIC]}
        return {"MetricAlarms": [alarm]}

    def ListSubscriptionsByTopic(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]}
