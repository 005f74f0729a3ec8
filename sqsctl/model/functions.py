"""Functions and the event source mappings that feed them, as Lambda describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """What an alias or a version number of a function stands for."""

    qualifier: str
    version: str
    code_sha256: str | None = None
    last_modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """Configuration of a function (lambda GetFunctionConfiguration).

    ``environment`` holds only what checks may see: names, and the values of those that
    name AWS resources (queue URLs, ARNs, regions, the name in ``QUEUE_NAME``); every other value
    is None, so that no secret enters a snapshot.
    """

    name: str
    arn: str
    runtime: str | None = None
    handler: str | None = None
    timeout_s: int = 3
    memory_mb: int = 128
    architectures: tuple[str, ...] = ("x86_64",)
    package_type: Literal["Zip", "Image"] = "Zip"
    environment: Mapping[str, str | None] = field(default_factory=dict)
    role_arn: str | None = None
    layers: tuple[str, ...] = ()
    vpc_id: str | None = None
    vpc_subnets: tuple[str, ...] = ()
    vpc_security_groups: tuple[str, ...] = ()
    vpc_ipv6: bool = False
    kms_key_arn: str | None = None
    state: str | None = None
    state_reason: str | None = None
    last_update_status: str | None = None
    last_update_reason: str | None = None
    last_modified: datetime | None = None
    version: str = "$LATEST"
    code_sha256: str | None = None
    code_size_bytes: int | None = None
    log_group: str = ""
    log_format: Literal["Text", "JSON"] = "Text"
    # Lines below these are dropped before they reach the log (LoggingConfig, JSON format only).
    application_log_level: str | None = None
    system_log_level: str | None = None
    # Where asynchronous events go that failed for good: a queue's or topic's ARN.
    dead_letter_target_arn: str | None = None
    logical_id: str | None = None
    published_versions: tuple[str, ...] = ()
    # The aliases and versions that mappings and routes of the stack go to.
    qualified: tuple[PublishedVersion, ...] = ()

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov`` …, as its ARN says."""
        parts = self.arn.split(":")
        return parts[1] if len(parts) > 1 and parts[1] else "aws"


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """What feeds a queue to a function (lambda EventSourceMappingConfiguration).

    ``queue_arn`` is a stream's or a cluster's ARN where it is none of a queue (``of_queue``);
    ``failures_to`` is then the OnFailure destination of its records.

    ``function_arn`` is as AWS returns it: with ``:alias`` or ``:version`` at its end where
    the mapping is on one (``qualifier``). ``filters`` are the JSON patterns; where they could
    not be read (encrypted with a key that may not be used) ``filters_error`` says why.
    Pollers are those of ProvisionedPollerConfig, None where the mapping has none.
    ``counts_events``: MetricsConfig asks for the mapping's own metrics (EventCount).
    """

    uuid: str
    queue_arn: str
    function_arn: str
    function_name: str
    qualifier: str | None = None
    state: str = "Enabled"
    state_transition_reason: str | None = None
    batch_size: int = 10
    window_s: int = 0
    maximum_concurrency: int | None = None
    response_types: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    provisioned_pollers: bool = False
    minimum_pollers: int | None = None
    maximum_pollers: int | None = None
    filters_error: str | None = None
    counts_events: bool = False
    last_modified: datetime | None = None
    last_processing_result: str | None = None
    failures_to: str | None = None
    logical_id: str | None = None

    @property
    def of_queue(self) -> bool:
        return ":sqs:" in self.queue_arn

    @property
    def reports_batch_item_failures(self) -> bool:
        return "ReportBatchItemFailures" in self.response_types
