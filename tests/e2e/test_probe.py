"""The canary on the lab: it arrives, or the hop where it stopped is named with exit 10."""

from __future__ import annotations

import pytest
from _pytest.mark.structures import ParameterSet

from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.mark.parametrize("via", ["http", "sqs"])
def test_it_arrives_with_a_time_for_each_hop(on_lab: DeployedLab, sqsctl: Sqsctl, via: str) -> None:
    shown = sqsctl("probe", "--via", via, "--timeout", "20", "-o", "json")
    assert shown.code == 0, shown.out
    assert (shown.data["arrived"], shown.data["stopped_at"]) == (True, None)
    hops = shown.data["hops"]
    names = [each["name"] for each in hops if each["name"] != "producer"]
    assert names == ["api", "queue", "consumer", "log"]
    assert all(each["duration_ms"] is not None for each in hops if each["name"] != "log")
    assert on_lab.name


def _slow(*values: str) -> ParameterSet:
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("incident", "stopped_at", "words"),
    [
        ("access-denied", "producer", "it answered 500 itself"),
        ("mapping-disabled", "queue", "is Disabled"),
        _slow("api-permission", "api", "answered 500"),
        _slow("env-var-missing", "producer", "KeyError: 'QUEUE_URL'"),
        _slow("import-module-missing", "consumer", "No module named"),
        _slow("function-timeout", "consumer", "Task timed out"),
        _slow("reserved-concurrency", "consumer", "in flight"),
    ],
)
def test_the_hop_where_it_stops_is_named(
    on_lab: DeployedLab, sqsctl: Sqsctl, incident: str, stopped_at: str, words: str
) -> None:
    incidents.get(incident).break_(on_lab.session)
    shown = sqsctl("probe", "--timeout", "6", "-o", "json")
    assert shown.code == 10, shown.out
    assert (shown.data["arrived"], shown.data["stopped_at"]) == (False, stopped_at)
    last = shown.data["hops"][-1]
    assert last["status"] != "ok"
    assert words in last["detail"]
    assert shown.envelope["errors"][0]["code"] == "not_arrived"
    assert on_lab.name


def test_no_place_for_the_id_and_nothing_to_send_to_are_told_first(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    assert sqsctl("probe", "--body", "plain text").code == 2
    assert sqsctl("probe", "--path", "/nowhere").code == 5
    dry = sqsctl("probe", "--dry-run", "-o", "json")
    assert (dry.code, dry.data["dry_run"]) == (0, True)
    assert on_lab.name
