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

from sqsctl.remedies.notation import Reference

CDK_HASH = re.compile(r"[0-9A-F]{8}$")
CDK_CLASS: Mapping[str, str] = {
    "queue": "sqs.Queue",
    "function": "lambda.Function",
    "mapping": "SqsEventSource of",
    "permission": "addPermission of",
}
TERRAFORM_TYPE: Mapping[str, str] = {
    "queue": "aws_sqs_queue",
    "function": "aws_lambda_function",
    "mapping": "aws_lambda_event_source_mapping",
    "permission": "aws_lambda_permission",
}
DAY_S = 86_400


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _truth(value: object) -> str:
    return "true" if value else "false"


def _duration(value: object) -> str:
    seconds = int(str(value))
    if seconds and seconds % DAY_S == 0:
        return f"Duration.days({seconds // DAY_S})"
    return f"Duration.seconds({seconds})"


def _runtime(value: object) -> str:
    """``python3.13`` is PYTHON_3_13, ``nodejs22.x`` NODEJS_22_X."""
    name = re.sub(r"(?<=[A-Z])(?=\d)", "_", str(value).upper())
    return f"Runtime.{name.replace('.', '_')}"


def _within(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _variables(value: object) -> str:
    found = _within(value, "Variables")
    named = found.items() if isinstance(found, Mapping) else ()
    return f"{{ {', '.join(f'{name}: {_value(each)}' for name, each in named)} }}"


def _value(value: object) -> str:
    """A text, or the URL of a queue that the app makes."""
    if not isinstance(value, Reference):
        return _plain(value)
    name = CDK_HASH.sub("", value.logical_id)
    return f"{name[:1].lower()}{name[1:]}.queueUrl"


def _cdk_redrive(value: object) -> str:
    made = _within(value, "made")
    fifo = ", fifo: true" if _within(value, "fifo") else ""
    queue = (
        f"new sqs.Queue(this, {_plain(made)}, {{ retentionPeriod: Duration.days(14){fifo} }})"
        if made
        else "deadLetters"
    )
    return f"{{ queue: {queue}, maxReceiveCount: {_within(value, 'maxReceiveCount')} }}"


def _cdk_allow(value: object) -> str:
    found = _within(value, "sourceQueueArns")
    names = [str(arn).rpartition(":")[2] for arn in found] if isinstance(found, list) else []
    return (
        "{ redrivePermission: sqs.RedrivePermission.BY_QUEUE, "
        f"sourceQueues: [/* {', '.join(names)} */] }}"
    )


def _principal(value: object) -> str:
    service = f"new iam.ServicePrincipal({_plain(value)})"
    return "new iam.AnyPrincipal()" if value == "*" else service


def _source_arn(value: object) -> str:
    """A text, or what the API of the app says of itself."""
    return _plain(value) if isinstance(value, str) else "api.arnForExecuteApi()"


Words = Callable[[object], str]

# The property's own name, and its value as it is written.
CDK: Mapping[tuple[str, str], tuple[str, Words]] = {
    ("queue", "VisibilityTimeout"): ("visibilityTimeout", _duration),
    ("queue", "MessageRetentionPeriod"): ("retentionPeriod", _duration),
    ("queue", "RedrivePolicy"): ("deadLetterQueue", _cdk_redrive),
    ("queue", "RedriveAllowPolicy"): ("redriveAllowPolicy", _cdk_allow),
    ("function", "Timeout"): ("timeout", _duration),
    ("function", "MemorySize"): ("memorySize", _plain),
    ("function", "Handler"): ("handler", _plain),
    ("function", "Runtime"): ("runtime", _runtime),
    ("function", "Environment"): ("environment", _variables),
    ("function", "ReservedConcurrentExecutions"): ("reservedConcurrentExecutions", _plain),
    ("mapping", "FunctionResponseTypes"): ("reportBatchItemFailures", _truth),
    ("mapping", "ScalingConfig"): (
        "maxConcurrency",
        lambda value: str(_within(value, "MaximumConcurrency")),
    ),
    ("mapping", "Enabled"): ("enabled", _plain),
    ("mapping", "BatchSize"): ("batchSize", _plain),
    ("mapping", "MaximumBatchingWindowInSeconds"): ("maxBatchingWindow", _duration),
    ("mapping", "FilterCriteria"): ("filters", _plain),
    ("permission", "Action"): ("action", _plain),
    ("permission", "Principal"): ("principal", _principal),
    ("permission", "SourceArn"): ("sourceArn", _source_arn),
    ("permission", "FunctionUrlAuthType"): (
        "functionUrlAuthType",
        lambda value: f"FunctionUrlAuthType.{value}",
    ),
    ("permission", "InvokedViaFunctionUrl"): ("invokedViaFunctionUrl", _truth),
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


def _tf_variables(value: object) -> str:
    found = _within(value, "Variables")
    named = found.items() if isinstance(found, Mapping) else ()
    told = ", ".join(f"{name} = {_plain(str(each))}" for name, each in named)
    return f" {{ variables = {{ {told} }} }}"


# The argument's own name, and what follows it on its line.
TERRAFORM: Mapping[tuple[str, str], tuple[str, Words]] = {
    ("queue", "VisibilityTimeout"): ("visibility_timeout_seconds", _equals),
    ("queue", "MessageRetentionPeriod"): ("message_retention_seconds", _equals),
    ("queue", "RedrivePolicy"): ("redrive_policy", _tf_redrive),
    ("queue", "RedriveAllowPolicy"): (
        "redrive_allow_policy",
        lambda value: f" = jsonencode({_plain(value)})",
    ),
    ("function", "Timeout"): ("timeout", _equals),
    ("function", "MemorySize"): ("memory_size", _equals),
    ("function", "Handler"): ("handler", _equals),
    ("function", "Runtime"): ("runtime", _equals),
    ("function", "Environment"): ("environment", _tf_variables),
    ("function", "ReservedConcurrentExecutions"): ("reserved_concurrent_executions", _equals),
    ("mapping", "FunctionResponseTypes"): ("function_response_types", _equals),
    ("mapping", "ScalingConfig"): (
        "scaling_config",
        lambda value: f" {{ maximum_concurrency = {_within(value, 'MaximumConcurrency')} }}",
    ),
    ("mapping", "Enabled"): ("enabled", _equals),
    ("mapping", "BatchSize"): ("batch_size", _equals),
    ("mapping", "MaximumBatchingWindowInSeconds"): ("maximum_batching_window_in_seconds", _equals),
    ("mapping", "FilterCriteria"): ("filter_criteria", _equals),
    ("permission", "Action"): ("action", _equals),
    ("permission", "Principal"): ("principal", _equals),
    ("permission", "SourceArn"): ("source_arn", _equals),
    ("permission", "FunctionUrlAuthType"): ("function_url_auth_type", _equals),
    ("permission", "InvokedViaFunctionUrl"): ("invoked_via_function_url", _equals),
}
