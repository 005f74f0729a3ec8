"""Dead letters named by their ids: found, gone, or some of each; and deleting just those."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from sqsctl.operations.dead_letters import survey
from sqsctl.operations.moving import removal
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab
GONE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's queues show everything at the first poll."""
    monkeypatch.setattr(survey, "EMPTY_POLLS", 1)
    monkeypatch.setattr(removal, "EMPTY_POLLS", 1)


@pytest.fixture
def ids(on_lab: DeployedLab) -> list[str]:
    port = QueueClient(on_lab.session).open(on_lab.dead_letters.ref)
    sent = port.send([Outgoing(json.dumps({"input": n})) for n in range(6)])
    return [each.message_id for each in sent.accepted]


def left(lab: DeployedLab) -> int:
    return QueueClient(lab.session).describe(lab.dead_letters.ref).approximate_total


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["dlq", "peek"], marks=pytest.mark.long),
        pytest.param(["dlq", "export", "letters.jsonl"], marks=pytest.mark.long),
        ["dlq", "redrive"],
        ["dlq", "purge", "--yes"],
        pytest.param(["dlq", "purge", "--dry-run"], marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_what_is_gone_is_told_and_the_rest_is_done(
    on_lab: DeployedLab, ids: list[str], sqsctl: Sqsctl, command: list[str]
) -> None:
    nothing = sqsctl(*command, "--id", GONE, "-o", "json")
    assert (nothing.code, nothing.envelope["errors"][0]["code"]) == (5, "message_not_found")
    assert left(on_lab) == 6
    if command[1] == "export":
        Path("letters.jsonl").unlink()
    begins = next(
        ids[2][:n]
        for n in range(4, 36)
        if not any(e.startswith(ids[2][:n]) for e in ids if e != ids[2])
    )
    some = sqsctl(*command, "--id", begins, "--id", GONE, "-o", "json")
    assert (some.code, some.envelope["status"]) == (3, "partial")
    assert GONE in some.envelope["errors"][0]["message"]
    assert ids[2] not in some.envelope["errors"][0]["message"]


def test_more_than_ten_are_found_when_they_are_named(
    on_lab: DeployedLab, ids: list[str], sqsctl: Sqsctl
) -> None:
    port = QueueClient(on_lab.session).open(on_lab.dead_letters.ref)
    more = [each.message_id for each in port.send([Outgoing(f"m{n}") for n in range(9)]).accepted]
    named = [word for each in [*ids, *more] for word in ("--id", each)]
    shown = sqsctl("dlq", "peek", *named, "-o", "json")
    assert (shown.code, len(shown.data["messages"])) == (0, 15)
    two = sqsctl("dlq", "peek", *named, "--limit", "2", "-o", "json")
    assert (two.code, len(two.data["messages"])) == (0, 2)


def test_chosen_letters_are_deleted_and_no_other(
    on_lab: DeployedLab, ids: list[str], sqsctl: Sqsctl
) -> None:
    refused = sqsctl("dlq", "purge", "--match", "input > `3`", "-o", "json")
    assert refused.code == 9  # nobody is there to say yes
    assert left(on_lab) == 6
    dry = sqsctl("dlq", "purge", "--match", "input > `3`", "--dry-run", "-o", "json").data
    assert sorted(dry["message_ids"]) == sorted(ids[4:])
    done = sqsctl("dlq", "purge", "--match", "input > `3`", "--yes", "-o", "json")
    assert (done.code, done.data["messages"], done.data["looked_at"]) == (0, 2, 6)
    bodies = [each["body"] for each in sqsctl("dlq", "peek", "-o", "json").data["messages"]]
    assert sorted(bodies) == [json.dumps({"input": n}) for n in range(4)]
