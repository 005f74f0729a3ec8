"""Service Quotas on the lab: the one quota that a stack of queues and functions meets."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import session_on

pytestmark = pytest.mark.lab

QUOTA = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}


def test_the_concurrency_quota_is_the_labs_own(lab_state: LabState) -> None:
    session = session_on(lab_state)
    client = session.client("service-quotas")
    limit = session.functions().get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    assert client.get_service_quota(**QUOTA)["Quota"]["Value"] == limit
    listed = client.list_service_quotas(ServiceCode="lambda")["Quotas"]
    assert [each["QuotaCode"] for each in listed] == ["L-B99A9384"]
    assert client.list_service_quotas(ServiceCode="sqs")["Quotas"] == []


def test_more_is_asked_for_and_waits(lab_state: LabState) -> None:
    client = session_on(lab_state).client("service-quotas")
    asked = client.request_service_quota_increase(**QUOTA, DesiredValue=5000.0)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"]) == ("PENDING", 5000.0)
    history = client.list_requested_service_quota_change_history()["RequestedQuotas"]
    assert asked["Id"] in {each["Id"] for each in history}
    with pytest.raises(ClientError, match="greater than the current"):
        client.request_service_quota_increase(**QUOTA, DesiredValue=1.0)
    with pytest.raises(ClientError, match="does not exist"):
        client.get_service_quota(ServiceCode="sqs", QuotaCode="L-06F64757")
