"""The k6 run of the tutorial: an account's few executions, all taken by slow consumers.

It changes what no API sets for one stack alone, so it has a lab of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.lab import incidents, server
from tests.e2e.stacks import DeployedLab, own_stack
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(180)]


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedLab]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SQSCTL_LAB_NAME", "crowded")
    state: LabState = server.start("crowded")
    try:
        with own_stack(state) as deployed:
            monkeypatch.setenv("SQSCTL_STACK", deployed.name)
            yield deployed
    finally:
        server.stop("crowded")


def test_a_share_of_503_then_dead_letters_and_doctor_knows_why(
    crowded: DeployedLab, sqsctl: Sqsctl
) -> None:
    incident = incidents.get("account-concurrency")
    assert incident.break_(crowded.session)
    # The tutorial starts with an empty queue: 200s first, 503s once all executions are taken.
    queues = QueueClient(crowded.session)
    queues.purge(crowded.queue.ref)
    until(lambda: queues.describe(crowded.queue.ref).approximate_total, lambda left: left == 0)
    shown = sqsctl("produce", "--count", "100", "--rate", "8", "--concurrency", "1", "-o", "json")
    codes = shown.data["status_codes"]
    assert shown.code == 3
    assert set(codes) == {"200", "503"}, codes
    assert shown.data["accepted"] == codes["200"]
    assert shown.data["rejected"] + shown.data["unknown"] == codes["503"] >= 10

    found = sqsctl("doctor", "-o", "json")
    assert found.code == 10
    assert found.data["findings"][0]["id"] == "account-concurrency"
    # More than the account can ever work off at once: throttled receives count, too.
    sqsctl("produce", "--count", "120", "--via", "sqs", "-o", "json")
    dead = until(
        lambda: QueueClient(crowded.session).describe(crowded.dead_letters.ref).visible,
        lambda count: count > 0,
        seconds=60,
    )
    assert dead > 0
    assert incident.heal(crowded.session)
    assert sqsctl("produce", "--count", "5", "-o", "json").data["accepted"] == 5
