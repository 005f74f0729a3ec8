"""A CDK app in Python, a stack for each shape: ``python app.py`` writes cdk.out.

What CDK writes for Python differs from cdk/app.js in its constructs alone: S3 notifications and
subscriptions come with a function and a policy of the CDK's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

CODE = str(Path(__file__).parent / "code")
seconds = cdk.Duration.seconds


def pair(scope: Any, name: str) -> Any:
    """A queue with its dead-letter queue."""
    dead = sqs.Queue(scope, f"{name}DLQ", retention_period=cdk.Duration.days(14))
    return sqs.Queue(
        scope,
        name,
        visibility_timeout=seconds(60),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=5),
    )


def function(scope: Any, name: str, handler: str, **more: Any) -> Any:
    return functions.Function(
        scope,
        name,
        runtime=functions.Runtime.PYTHON_3_13,
        handler=f"handler.{handler}",
        code=functions.Code.from_asset(CODE),
        timeout=seconds(10),
        **more,
    )


def consumed(queue: Any, by: Any) -> None:
    by.add_event_source(sources.SqsEventSource(queue, report_batch_item_failures=True))


def bucket_stack(app: cdk.App) -> None:
    """Objects of a bucket are told to a queue."""
    stack = cdk.Stack(app, "BucketStack")
    uploads = pair(stack, "Uploads")
    bucket = s3.Bucket(stack, "Pictures", removal_policy=cdk.RemovalPolicy.DESTROY)
    bucket.add_event_notification(
        s3.EventType.OBJECT_CREATED,
        notifications.SqsDestination(uploads),
        s3.NotificationKeyFilter(suffix=".json"),
    )
    consumed(uploads, function(stack, "Resize", "consumer"))


def topic_stack(app: cdk.App) -> None:
    """An API in front of a topic, which hands everything to one queue and some to another."""
    stack = cdk.Stack(app, "TopicStack")
    topic = sns.Topic(stack, "Orders")
    every, refunds = pair(stack, "Audit"), pair(stack, "Refunds")
    topic.add_subscription(subscriptions.SqsSubscription(every))
    topic.add_subscription(
        subscriptions.SqsSubscription(
            refunds,
            raw_message_delivery=True,
            filter_policy={
                "kind": sns.SubscriptionFilter.string_filter(allowlist=["refund"]),
            },
        )
    )
    consumed(every, function(stack, "Auditor", "consumer"))
    consumed(refunds, function(stack, "Refunder", "consumer"))
    front = function(stack, "Front", "producer", environment={"TOPIC_ARN": topic.topic_arn})
    topic.grant_publish(front)
    api = http.HttpApi(stack, "Api")
    api.add_routes(
        path="/orders",
        methods=[http.HttpMethod.POST],
        integration=integrations.HttpLambdaIntegration("FrontIntegration", front),
    )


def main() -> None:
    app = cdk.App()
    bucket_stack(app)
    topic_stack(app)
    app.synth()


if __name__ == "__main__":
    main()
