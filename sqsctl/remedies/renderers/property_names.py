"""What the CDK and Terraform call the properties that fixes set.

Keys are the kind of resource and CloudFormation's property. Sources: the AWS CDK's API reference
(aws-sqs.Queue, aws-lambda.Function, aws-lambda-event-sources.SqsEventSource,
Function.addPermission) and the AWS provider's documentation (aws_sqs_queue,
aws_lambda_function, aws_lambda_event_source_mapping, aws_lambda_permission).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

CDK_HASH = re.compile(r"[0-9A-F]{8}$")
CDK_CLASS: Mapping[str, str] = {
    "queue": "sqs.Queue",
    "function": "lambda.Function",
    "mapping": "SqsEventSource of",
    "permission": "addPermission of",
}
CFN_TYPE: Mapping[str, str] = {
    "queue": "AWS::SQS::Queue",
    "function": "AWS::Lambda::Function",
    "mapping": "AWS::Lambda::EventSourceMapping",
    "permission": "AWS::Lambda::Permission",
}
TERRAFORM_TYPE: Mapping[str, str] = {
    "queue": "aws_sqs_queue",
    "function": "aws_lambda_function",
    "mapping": "aws_lambda_event_source_mapping",
    "permission": "aws_lambda_permission",
}


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _within(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


Words = Callable[[object], str]

# The property's own name in TypeScript, and the kind of its value: see ``renderers.cdk``.
CDK: Mapping[tuple[str, str], tuple[str, str]] = {
    ("queue", "VisibilityTimeout"): ("visibilityTimeout", "duration"),
    ("queue", "MessageRetentionPeriod"): ("retentionPeriod", "duration"),
    ("queue", "DelaySeconds"): ("deliveryDelay", "duration"),
    ("queue", "ReceiveMessageWaitTimeSeconds"): ("receiveMessageWaitTime", "duration"),
    ("queue", "KmsDataKeyReusePeriodSeconds"): ("dataKeyReuse", "duration"),
    ("queue", "MaximumMessageSize"): ("maxMessageSizeBytes", "plain"),
    ("queue", "RedrivePolicy"): ("deadLetterQueue", "redrive"),
    ("queue", "RedriveAllowPolicy"): ("redriveAllowPolicy", "allow"),
    ("function", "Timeout"): ("timeout", "duration"),
    ("function", "MemorySize"): ("memorySize", "plain"),
    ("function", "EphemeralStorage"): ("ephemeralStorageSize", "mebibytes"),
    ("function", "VpcConfig"): ("vpc", "plain"),
    ("function", "LoggingConfig.LogFormat"): ("loggingFormat", "format"),
    ("function", "LoggingConfig.ApplicationLogLevel"): ("applicationLogLevelV2", "level"),
    ("function", "LoggingConfig.SystemLogLevel"): ("systemLogLevelV2", "system-level"),
    ("function", "Handler"): ("handler", "plain"),
    ("function", "Runtime"): ("runtime", "runtime"),
    ("function", "Environment"): ("environment", "variables"),
    ("function", "ReservedConcurrentExecutions"): ("reservedConcurrentExecutions", "plain"),
    ("queue", "QueueName"): ("queueName", "plain"),
    ("function", "FunctionName"): ("functionName", "plain"),
    ("mapping", "EventSourceArn"): ("eventSourceArn", "queue-arn"),
    ("function", "RecursiveLoop"): ("recursiveLoop", "loop"),
    ("mapping", "FunctionResponseTypes"): ("reportBatchItemFailures", "truth"),
    ("mapping", "ScalingConfig"): ("maxConcurrency", "maximum"),
    ("mapping", "Enabled"): ("enabled", "plain"),
    ("mapping", "BatchSize"): ("batchSize", "plain"),
    ("mapping", "MaximumBatchingWindowInSeconds"): ("maxBatchingWindow", "duration"),
    ("mapping", "FilterCriteria"): ("filters", "plain"),
    ("mapping", "MetricsConfig"): ("metricsConfig", "metrics"),
    ("permission", "Action"): ("action", "plain"),
    ("permission", "Principal"): ("principal", "principal"),
    ("permission", "SourceArn"): ("sourceArn", "source"),
    ("permission", "FunctionUrlAuthType"): ("functionUrlAuthType", "auth"),
    ("permission", "InvokedViaFunctionUrl"): ("invokedViaFunctionUrl", "truth"),
}


def _equals(value: object) -> str:
    return f" = {_plain(value)}"


def _tf_redrive(value: object) -> str:
    made = _within(value, "made")
    target = f"<ARN of a new aws_sqs_queue {made}>" if made else "…"
    return (
        f" = jsonencode({{ deadLetterTargetArn = {_plain(target) if made else target}, "
        f"maxReceiveCount = {_within(value, 'maxReceiveCount')} }})"
    )


def _tf_logging(value: object) -> str:
    names = {
        "LogFormat": "log_format",
        "ApplicationLogLevel": "application_log_level",
        "SystemLogLevel": "system_log_level",
    }
    found = value.items() if isinstance(value, Mapping) else ()
    told = [f"{names[key]} = {_plain(each)}" for key, each in found if key in names]
    return "".join((" {", *(f"\n    {each}" for each in told), "\n  }"))


def _tf_variables(value: object) -> str:
    found = _within(value, "Variables")
    named = found.items() if isinstance(found, Mapping) else ()
    told = ", ".join(f"{name} = {_plain(str(each))}" for name, each in named)
    return f" {{ variables = {{ {told} }} }}"


# The argument's own name, and what follows it on its line.
TERRAFORM: Mapping[tuple[str, str], tuple[str, Words]] = {
    ("queue", "VisibilityTimeout"): ("visibility_timeout_seconds", _equals),
    ("queue", "MessageRetentionPeriod"): ("message_retention_seconds", _equals),
    ("queue", "DelaySeconds"): ("delay_seconds", _equals),
    ("queue", "ReceiveMessageWaitTimeSeconds"): ("receive_wait_time_seconds", _equals),
    ("queue", "KmsDataKeyReusePeriodSeconds"): ("kms_data_key_reuse_period_seconds", _equals),
    ("queue", "MaximumMessageSize"): ("max_message_size", _equals),
    ("queue", "RedrivePolicy"): ("redrive_policy", _tf_redrive),
    ("queue", "RedriveAllowPolicy"): (
        "redrive_allow_policy",
        lambda value: f" = jsonencode({_plain(value)})",
    ),
    ("function", "Timeout"): ("timeout", _equals),
    ("function", "MemorySize"): ("memory_size", _equals),
    ("function", "EphemeralStorage"): (
        "ephemeral_storage",
        lambda value: f" {{ size = {_within(value, 'Size')} }}",
    ),
    ("function", "VpcConfig"): ("vpc_config", _equals),
    ("function", "LoggingConfig"): ("logging_config", _tf_logging),
    ("function", "Handler"): ("handler", _equals),
    ("function", "Runtime"): ("runtime", _equals),
    ("function", "Environment"): ("environment", _tf_variables),
    ("function", "ReservedConcurrentExecutions"): ("reserved_concurrent_executions", _equals),
    ("queue", "QueueName"): ("name", _equals),
    ("function", "FunctionName"): ("function_name", _equals),
    ("mapping", "EventSourceArn"): ("event_source_arn", lambda _: " = aws_sqs_queue.QUEUE.arn"),
    ("mapping", "FunctionResponseTypes"): ("function_response_types", _equals),
    ("mapping", "ScalingConfig"): (
        "scaling_config",
        lambda value: f" {{ maximum_concurrency = {_within(value, 'MaximumConcurrency')} }}",
    ),
    ("mapping", "Enabled"): ("enabled", _equals),
    ("mapping", "BatchSize"): ("batch_size", _equals),
    ("mapping", "MaximumBatchingWindowInSeconds"): ("maximum_batching_window_in_seconds", _equals),
    ("mapping", "FilterCriteria"): ("filter_criteria", _equals),
    ("mapping", "MetricsConfig"): (
        "metrics_config",
        lambda value: f" {{ metrics = {_plain(_within(value, 'Metrics'))} }}",
    ),
    ("permission", "Action"): ("action", _equals),
    ("permission", "Principal"): ("principal", _equals),
    ("permission", "SourceArn"): ("source_arn", _equals),
    ("permission", "FunctionUrlAuthType"): ("function_url_auth_type", _equals),
    ("permission", "InvokedViaFunctionUrl"): ("invoked_via_function_url", _equals),
}
