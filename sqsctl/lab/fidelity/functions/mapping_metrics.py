"""The figures of event source mappings that count their events (MetricsConfig).

Upstream forgets MetricsConfig and counts nothing. Sources: Lambda's API reference
(EventSourceMappingMetricsConfig); Lambda developer guide, "Types of metrics for Lambda functions",
event source mapping metrics. Their names were never seen on an account.
"""

from __future__ import annotations

import json
import time
from typing import Any

from sqsctl.lab.fidelity import metrics

KEY = "MetricsConfig"


def keep(uuid: str, data: dict[str, Any]) -> None:
    """Remember what a mapping was made or changed with; does nothing where that says nothing."""
    from ministack.services import lambda_svc

    known = lambda_svc._esms.get(uuid)
    if known is not None and KEY in data:
        known[KEY] = data[KEY]


def kept_answer(answer: Any, data: dict[str, Any]) -> Any:
    """The answer of an API call that made or changed a mapping, with what it was given."""
    status, headers, body = answer
    if KEY not in data or status >= 300:
        return answer
    told = json.loads(body)
    keep(str(told.get("UUID", "")), data)
    return status, headers, json.dumps(told | {KEY: data[KEY]}).encode()


def count(mapping: dict[str, Any], *, polled: int, kept: int, failed: int, deleted: int) -> None:
    """The events of one batch, where the mapping asks for it."""
    if "EventCount" not in ((mapping.get(KEY) or {}).get("Metrics") or ()):
        return
    figures = {
        "PolledEventCount": polled,
        "FilteredOutEventCount": polled - kept,
        "InvokedEventCount": kept,
        "FailedInvokeEventCount": failed,
        "DeletedEventCount": deleted,
    }
    dimensions = {"EventSourceMappingUUID": str(mapping["UUID"])}
    for name, value in figures.items():
        metrics.put("AWS/Lambda", name, value, dimensions, time.time(), "Count")
