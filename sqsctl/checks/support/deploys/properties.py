"""Properties of which AWS's sentences name a figure: the resource that has them."""

from __future__ import annotations

from collections.abc import Mapping

from sqsctl.model.intents import Kind, Set

_KINDS: Mapping[Kind, frozenset[str]] = {
    "function": frozenset({"Timeout", "MemorySize", "ReservedConcurrentExecutions"}),
    "mapping": frozenset({"BatchSize", "MaximumBatchingWindowInSeconds"}),
    "queue": frozenset(
        {
            *("VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod", "MaximumMessageSize"),
            *("ReceiveMessageWaitTimeSeconds", "KmsDataKeyReusePeriodSeconds"),
        }
    ),
}
# Figures that stand within a property, by their own name.
_WITHIN: Mapping[str, tuple[Kind, str, str]] = {
    "MaximumConcurrency": ("mapping", "ScalingConfig", "MaximumConcurrency"),
    "Size": ("function", "EphemeralStorage", "Size"),
    "MaxReceiveCount": ("queue", "RedrivePolicy", "maxReceiveCount"),
}
# Arguments of Terraform's AWS provider whose ranges it checks at the plan.
CFN_OF_TERRAFORM: Mapping[str, str] = {
    "timeout": "Timeout",
    "memory_size": "MemorySize",
    "reserved_concurrent_executions": "ReservedConcurrentExecutions",
    "size": "Size",
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
    "maximum_concurrency": "MaximumConcurrency",
    "visibility_timeout_seconds": "VisibilityTimeout",
    "delay_seconds": "DelaySeconds",
    "message_retention_seconds": "MessageRetentionPeriod",
    "max_message_size": "MaximumMessageSize",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds",
}


def setting_of(name: str, value: int) -> Set | None:
    """What sets a property, by its name alone; None for one that no resource here has."""
    if name in _WITHIN:
        kind, outer, inner = _WITHIN[name]
        return Set(kind, "", {outer: {inner: value}})
    kind_of = next((kind for kind, names in _KINDS.items() if name in names), None)
    return Set(kind_of, "", {name: value}) if kind_of else None
