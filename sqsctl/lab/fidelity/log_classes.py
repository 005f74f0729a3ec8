"""What a log group of class INFREQUENT_ACCESS or DELIVERY refuses.

Upstream keeps the class and answers everything. Source: CloudWatch Logs user guide, "Log classes"
(Infrequent Access has no FilterLogEvents, GetLogEvents and Live Tail; its logs are read by Logs
Insights); the wording is AWS's own, as people paste it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def install() -> None:
    """Refuse, before anything is looked for, what the class of a group does not offer."""
    from ministack.services import cloudwatch_logs

    for name, operation in (
        ("_filter_log_events", "FilterLogEvents"),
        ("_get_log_events", "GetLogEvents"),
    ):
        setattr(cloudwatch_logs, name, _refusing(getattr(cloudwatch_logs, name), operation))
    start = cloudwatch_logs._start_query

    def start_query(data: dict[str, Any]) -> Any:
        for group in cloudwatch_logs._resolve_query_log_groups(data):
            if _class(group) == "DELIVERY":
                return _refusal(group, "DELIVERY", "StartQuery")
        return start(data)

    cloudwatch_logs._start_query = start_query


def _refusing(answer: Callable[..., Any], operation: str) -> Callable[..., Any]:
    def refusing(data: dict[str, Any]) -> Any:
        from ministack.services import cloudwatch_logs

        group = cloudwatch_logs._resolve_log_group_name(data)
        found = _class(group)
        return answer(data) if found == "STANDARD" else _refusal(group, found, operation)

    return refusing


def _class(group: str) -> str:
    from ministack.services import cloudwatch_logs

    return str((cloudwatch_logs._log_groups.get(group) or {}).get("logGroupClass") or "STANDARD")


def _refusal(group: str, log_class: str, operation: str) -> Any:
    from ministack.core.responses import error_response_json

    return error_response_json(
        "InvalidOperationException",
        f"The log group {group} is of log-group-class {log_class}. {operation} is not supported "
        "for this log class.",
        400,
    )
