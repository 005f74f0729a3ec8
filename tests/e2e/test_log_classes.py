"""A consumer whose log only Logs Insights reads, on the lab."""

from __future__ import annotations

import pytest

from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


def test_an_infrequent_access_log(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    worker = next(each.name for each in on_lab.stack.functions if each.name.endswith("Worker"))
    group = f"/aws/lambda/{worker}"
    logs = on_lab.session.logs()
    if any(
        each["logGroupName"] == group
        for each in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    ):
        logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group, logGroupClass="INFREQUENT_ACCESS")
    incidents.get("event-shape").break_(on_lab.session)
    sqsctl("send", '{"input": 1}', "--via", "sqs")

    def found() -> list[str]:
        ran = sqsctl("doctor", "event-shape", "-o", "json")
        return [each["id"] for each in ran.data["findings"]]

    until(found, lambda ids: ids == ["event-shape"])
    ran = sqsctl("doctor", "event-shape")
    assert ran.err.count("bills by what it scans") == 1
    assert "scanned" in ran.err
    declined = sqsctl("doctor", "out-of-memory", "--no-insights", "-o", "json").data
    (check,) = declined["checks"]
    assert check["outcome"] == "skipped"
    assert "--no-insights declines" in check["reason"]
    tailed = sqsctl("logs", "tail", "--no-follow", "--since", "10m", "--function", worker)
    assert "event" in tailed.out
    assert sqsctl("logs", "tail", "--no-follow", "--no-insights", "--function", worker).code == 1


def test_failures_of_all_functions_are_counted_by_one_query(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    incidents.get("function-timeout").break_(on_lab.session)
    for number in range(2):
        sqsctl("send", f'{{"input": {number}}}', "--via", "sqs")

    def counted() -> dict[str, int]:
        data = sqsctl("logs", "query", "--since", "1h", "-o", "json").data
        assert data["scanned_bytes"] >= 0
        return {each["cause"]: each["count"] for each in data["failures"]}

    until(counted, lambda causes: causes.get("function-timeout", 0) >= 2)
    shown = sqsctl("logs", "query")
    assert "function-timeout" in shown.out
    assert shown.err.count("bills by what it scans") == 1
