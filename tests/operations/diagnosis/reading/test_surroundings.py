"""VPCs and keys on the lab: read where there are any, each once, and at the same time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sqsctl.model.finding import Finding, Severity
from sqsctl.model.keys import GONE
from sqsctl.model.stack import Fact
from sqsctl.operations.diagnosis import doctor
from sqsctl.operations.diagnosis.observe import observe
from tests.e2e.stacks import DeployedLab
from tests.e2e.surroundings import Place, encrypt, let_roles_use, producer_in_vpc

pytestmark = pytest.mark.lab

SURROUNDINGS = {Fact.NETWORKS, Fact.KEYS}


@pytest.fixture
def place(lab: DeployedLab) -> Iterator[Place]:
    """Where the producer is: in a VPC without a way out."""
    with producer_in_vpc(lab) as place:
        yield place


@pytest.fixture
def key(lab: DeployedLab) -> str:
    """The ARN of the key that the main queue is encrypted with."""
    return encrypt(lab)


def calls_of(lab: DeployedLab, *services: str) -> list[str]:
    """The operations that these services are asked for, from now on."""
    asked: list[str] = []

    def count(model: Any, **_: Any) -> None:
        asked.append(model.name)

    for service in services:
        lab.session.client(service).meta.events.register("before-call", count)
    return asked


def test_nothing_is_asked_where_nothing_is_in_a_vpc_or_encrypted(lab: DeployedLab) -> None:
    asked = calls_of(lab, "ec2", "kms")
    stack = observe(lab.session, lab.stack, needs=SURROUNDINGS)
    assert asked == []
    assert len(stack.networks) == len(stack.keys) == 0
    assert stack.gaps(Fact.NETWORKS) == stack.gaps(Fact.KEYS) == ()


def test_a_vpc_is_read_once_and_judged(lab: DeployedLab, place: Place) -> None:
    asked = calls_of(lab, "ec2")
    seen = doctor.checkup(lab.session, lab.stack, only=["network-unreachable"])
    assert sorted(asked) == [
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcEndpoints",
    ]
    (network,) = seen.stack.networks
    assert network.vpc_id == place.vpc
    assert [(each.id, each.cidr) for each in network.subnets] == [(place.subnet, "10.77.1.0/24")]
    (found,) = seen.diagnosis.findings
    assert (found.id, found.severity) == ("network-unreachable", Severity.ERROR)
    assert found.subject == f"{lab.name}-producer"
    assert place.vpc in found.fix.commands[0]


def test_with_a_nat_gateway_or_the_endpoint_it_is_healthy(lab: DeployedLab, place: Place) -> None:
    def findings() -> tuple[Finding, ...]:
        return doctor.doctor(lab.session, lab.stack, only=["network-unreachable"]).findings

    endpoint = place.add_endpoint()
    assert findings() == ()
    lab.session.ec2().delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert findings()
    place.lead_out()
    assert findings() == ()


def test_a_key_is_found_by_its_alias_and_judged(lab: DeployedLab, key: str) -> None:
    seen = doctor.checkup(lab.session, lab.stack, only=["kms-access-denied"])
    (found,) = seen.stack.keys
    assert (found.arn, found.state, found.customer_managed) == (key, "Enabled", True)
    assert json.loads(found.policy or "")["Statement"]
    assert f"alias/{lab.name}" in found.references
    asked = {(each.action, each.resource) for each in seen.stack.permissions}
    assert ("kms:Decrypt", key) in asked
    assert ("kms:GenerateDataKey", key) in asked
    # Neither the functions' role nor the key's policy is one that lets them.
    assert {each.subject for each in seen.diagnosis.findings} == {
        f"{lab.name}-jobsWorker",
        f"{lab.name}-producer",
    }
    let_roles_use(lab, key)
    assert doctor.doctor(lab.session, lab.stack, only=["kms-access-denied"]).findings == ()
    kms: Any = lab.session.kms()
    kms.disable_key(KeyId=key)
    (off,) = doctor.doctor(lab.session, lab.stack, only=["kms-access-denied"]).findings
    assert (off.subject, "in state Disabled" in off.title) == (lab.queue.name, True)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    (dying,) = doctor.doctor(lab.session, lab.stack, only=["kms-access-denied"]).findings
    assert "PendingDeletion (deleted on " in dying.title


def test_a_key_that_is_gone_is_told(lab: DeployedLab) -> None:
    missing = "12345678-1234-1234-1234-123456789012"
    lab.session.sqs().set_queue_attributes(
        QueueUrl=lab.queue.url, Attributes={"KmsMasterKeyId": missing}
    )
    seen = doctor.checkup(lab.session, lab.stack, only=["kms-access-denied"])
    assert [each.state for each in seen.stack.keys] == [GONE]
    assert "does not exist" in seen.diagnosis.findings[0].title


def test_a_queue_that_only_the_environment_names_is_looked_for(lab: DeployedLab) -> None:
    other = lab.session.sqs().create_queue(QueueName=f"{lab.name}-other")["QueueUrl"]
    gone = f"{lab.queue.url}-gone"
    abroad = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs"
    for url, known in ((gone, [(gone, False)]), (other, [(other, True)]), (abroad, [])):
        lab.session.functions().update_function_configuration(
            FunctionName=f"{lab.name}-producer", Environment={"Variables": {"QUEUE_URL": url}}
        )
        seen = doctor.checkup(lab.session, lab.stack, only=["queue-not-found"])
        assert [(each.reference, each.exists) for each in seen.stack.named_queues] == known
        assert bool(seen.diagnosis.findings) is (url == gone)
    lab.session.sqs().delete_queue(QueueUrl=other)
