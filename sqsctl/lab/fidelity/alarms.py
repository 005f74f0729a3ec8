"""DescribeAlarmsForMetric answers for the dimensions that it is asked for.

Upstream answers the alarms of a metric whatever its dimensions: one queue's alarm would pass for
every queue's. Source: CloudWatch's API reference, DescribeAlarmsForMetric (Dimensions: "The
dimensions associated with the metric. If the metric has any associated dimensions, you must
specify them in order for the call to succeed").
"""

from __future__ import annotations

from typing import Any


def install() -> None:
    """Leave out the alarms on other dimensions, as botocore asks (CBOR and JSON)."""
    from ministack.services import cloudwatch

    describe = cloudwatch._describe_alarms_for_metric

    def describe_alarms_for_metric(
        params: Any, told: Any, is_cbor: bool, is_json: bool = False
    ) -> Any:
        if not (is_cbor or is_json):
            return describe(params, told, is_cbor, is_json)
        wanted = _dimensions(told)
        found = [
            each
            for each in cloudwatch._alarms.values()
            if each.get("Namespace") == told.get("Namespace")
            and each.get("MetricName") == told.get("MetricName")
            and _dimensions(each) == wanted
        ]
        if is_cbor:
            shown = [cloudwatch._cbor_alarm(each) for each in found]
            return cloudwatch._cbor_ok({"MetricAlarms": shown})
        return cloudwatch._json_ok({"MetricAlarms": found})

    cloudwatch._describe_alarms_for_metric = describe_alarms_for_metric


def _dimensions(shape: Any) -> frozenset[tuple[str, str]]:
    return frozenset(
        (str(each.get("Name")), str(each.get("Value"))) for each in shape.get("Dimensions") or ()
    )
