"""Queues and stacks of all regions, on the lab: one server for all of them."""

from __future__ import annotations

import pytest

from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def test_what_is_where(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    queues = sqsctl("queue", "ls", "--all-regions", "--prefix", on_lab.queue.name, "-o", "json")
    found = {each["name"]: each["region"] for each in queues.data["queues"]}
    assert found[on_lab.queue.name] == on_lab.state.region
    assert queues.data["regions_unread"] == []
    stacks = sqsctl("stack", "ls", "--all-regions", "-o", "json").data["stacks"]
    assert (on_lab.name, on_lab.state.region) in {(each["name"], each["region"]) for each in stacks}
