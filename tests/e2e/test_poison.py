"""A poison message in the main queue, on the lab: hidden, shown, buried, copied."""

from __future__ import annotations

import json

import pytest

from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_commands import dead_letters
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


def test_a_message_of_the_main_queue(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    client = QueueClient(on_lab.session)
    mappings = MappingClient(on_lab.session)
    (mapping,) = mappings.of_queue(on_lab.queue.arn)
    mappings.set_enabled(mapping.uuid, enabled=False)
    until(lambda: mappings.get(mapping.uuid).state, lambda state: state == "Disabled")
    port = client.open(on_lab.queue.ref)
    sent = port.send([Outgoing(json.dumps({"input": n})) for n in range(3)])
    ids = [each.message_id for each in sent.accepted]
    refused = sqsctl("queue", "hide", ids[1])
    assert refused.code == 9
    hidden = sqsctl("queue", "hide", ids[1], "--for", "10m", "--force", "-o", "json").data
    assert [each["message_id"] for each in hidden["hidden"]] == [ids[1]]
    facts = client.describe(on_lab.queue.ref)
    assert (facts.visible, facts.in_flight) == (2, 1)
    shown = sqsctl("queue", "show", ids[1], "-o", "json").data
    assert shown["shown"] == [ids[1]]
    assert client.describe(on_lab.queue.ref).visible == 3
    assert sqsctl("queue", "show", ids[1]).code == 5
    assert sqsctl("dlq", "bury", ids[1]).code == 9  # nobody said yes
    dry = sqsctl("dlq", "bury", ids[1], "--dry-run", "-o", "json").data
    assert (dry["messages"], dry["to"]) == (1, on_lab.dead_letters.name)
    buried = sqsctl("dlq", "bury", ids[1], "nobody", "--yes", "-o", "json")
    assert (buried.code, buried.data["moved"], buried.data["not_found"]) == (3, 1, ["nobody"])
    assert client.describe(on_lab.queue.ref).visible == 2
    (dead,) = sqsctl("dlq", "peek", "-o", "json").data["messages"]
    assert dead["body"] == '{"input": 1}'
    back = sqsctl("dlq", "redrive", "--method", "client", "-o", "json").data
    assert back["moved"] == 1
    assert client.describe(on_lab.queue.ref).visible == 3


def test_copies_go_and_the_originals_stay(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 4)
    none = sqsctl("dlq", "redrive", "--keep", "--older-than", "1h", "-o", "json").data
    assert (none["moved"], none["skipped"]) == (0, 4)
    some = sqsctl("dlq", "redrive", "--keep", "--newer-than", "1h", "-n", "3", "-o", "json").data
    assert (some["moved"], some["remaining"]) == (3, 4)
    assert sqsctl("dlq", "redrive", "--keep", "--edit").code == 2
    assert sqsctl("dlq", "peek", "--newer-than", "1h", "--since", "1h").code == 2
    assert sqsctl("dlq", "peek", "--newer-than", "yesterday").code == 2
