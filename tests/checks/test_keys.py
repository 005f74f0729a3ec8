"""Keys that are off, and roles that may not use them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.keys import GONE, Key
from sqsctl.model.stack import Permission, Stack
from tests.checks.build import (
    ACCOUNT,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    function,
    queue,
    stack,
)

ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
Decision = Literal["allowed", "explicitDeny", "implicitDeny"]


def statement(principal: Any, effect: str = "Allow", action: Any = "kms:*", **more: Any) -> Any:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


LEAVES = policy(statement({"AWS": ROOT}))


def key(**fields: Any) -> Key:
    return Key(**{"references": ("alias/own", ARN), "arn": ARN, "policy": LEAVES, **fields})


def encrypted(*keys: Key, simulated: dict[tuple[str, str], Decision] | None = None) -> Stack:
    """The shop's stack, its queue encrypted with a key of its own."""
    main = queue(
        dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5, kms_key_id="alias/own"
    )
    return stack(
        queues=(main, queue(DLQ, retention_s=1_209_600)),
        keys=keys,
        permissions=tuple(
            Permission(name, ROLE, action, ARN, decision)
            for (name, action), decision in (simulated or {}).items()
        ),
    )


def told(where: Stack) -> tuple[Finding, ...]:
    return tuple(each for each in diagnose(where).findings if each.id == "kms-access-denied")


def test_a_key_that_works_is_no_finding() -> None:
    assert told(encrypted(key())) == ()
    assert told(encrypted(key(state="Updating"))) == ()


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ("Disabled", ["enable-key"]),
        ("PendingDeletion", ["cancel-key-deletion", "enable-key"]),
        ("PendingImport", ["describe-key"]),
        ("Unavailable", ["describe-key"]),
    ],
)
def test_a_key_that_is_off_stops_its_queue(state: str, commands: list[str]) -> None:
    deleted = datetime(2026, 12, 1, tzinfo=UTC) if state == "PendingDeletion" else None
    (found,) = told(encrypted(key(state=state, deleted_at=deleted)))
    assert found.title.startswith(f"the key of {JOBS} is in state {state}")
    assert ("(deleted on 2026-12-01)" in found.title) is bool(deleted)
    assert (found.severity, found.kind, found.subject) == (Severity.ERROR, Kind.CAUSE, JOBS)
    assert found.fix.disposition != "safe"
    assert [line.split()[2] for line in found.fix.commands] == commands
    assert all(ARN in line for line in found.fix.commands)


def test_a_key_that_is_not_there() -> None:
    (found,) = told(encrypted(Key(("alias/own",), state=GONE)))
    assert "does not exist" in found.title


def test_the_key_of_an_environment() -> None:
    gone = key(state="Disabled", references=(ARN,))
    where = stack(functions=(function(kms_key_arn=ARN), function(PRODUCER)), keys=(gone,))
    (found,) = told(where)
    assert (found.subject, found.title.endswith("it cannot start")) == (WORKER, True)


def test_a_consumer_that_may_not_decrypt_is_not_polled_for() -> None:
    (found,) = told(encrypted(key(), simulated={(WORKER, "kms:Decrypt"): "implicitDeny"}))
    assert found.title.startswith(f"{WORKER} may not kms:Decrypt with the key of {JOBS}")
    assert found.title.endswith(": no consumer takes messages from it")
    assert (found.severity, found.confidence) == (Severity.ERROR, Confidence.HIGH)
    assert {each.value for each in found.evidence} >= {
        "implicitDeny",
        "leaves it to the role's own policies",
    }
    assert f"          Resource: {ARN}" in found.fix.serverless_yml


def test_a_producer_needs_both() -> None:
    denied: dict[tuple[str, str], Decision] = {
        (PRODUCER, "kms:GenerateDataKey"): "implicitDeny",
        (PRODUCER, "kms:Decrypt"): "implicitDeny",
    }
    (found,) = told(encrypted(key(), simulated=denied))
    assert "may not kms:GenerateDataKey and kms:Decrypt" in found.title
    assert "nothing that it sends arrives" in found.title


@pytest.mark.parametrize(
    "document",
    [
        policy(statement({"AWS": ROLE})),
        policy(statement({"AWS": [ROOT, ROLE]}, action=["kms:Decrypt", "kms:GenerateData*"])),
        # As AWS words it for a service's own keys: everybody in the account, through SQS.
        policy(statement({"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})),
    ],
    ids=["the role", "the role among others", "everybody under a condition"],
)
def test_a_key_policy_that_names_the_role_is_enough(document: str) -> None:
    denied: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "implicitDeny"}
    assert told(encrypted(key(policy=document), simulated=denied)) == ()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (policy(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})), "names neither"),
        (policy(statement({"AWS": ROOT}, action="kms:Describe*")), "names neither"),
        (policy(statement({"AWS": "arn:aws:iam::999999999999:root"})), "names neither"),
        (policy(statement({"AWS": ROOT}), statement("*", "Deny", "kms:Decrypt")), "denies it"),
    ],
)
def test_a_key_policy_that_shuts_everybody_of_the_account_out(document: str, says: str) -> None:
    """Whatever the role's own policies say, and even if nobody could ask about them."""
    for simulated in ({(WORKER, "kms:Decrypt"): "allowed"}, {}):
        found = told(encrypted(key(policy=document), simulated=simulated))  # type: ignore[arg-type]
        assert WORKER in {each.subject for each in found}
        assert any(each.value.startswith(says) for one in found for each in one.evidence)


def test_a_conditional_deny_is_not_taken_for_one() -> None:
    deny = statement("*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert told(encrypted(key(policy=policy(statement({"AWS": ROOT}), deny)))) == ()


def test_where_the_key_policy_is_not_readable_nothing_is_asserted() -> None:
    denied: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "implicitDeny"}
    (found,) = told(encrypted(key(policy=None), simulated=denied))
    assert (found.severity, found.kind) == (Severity.WARNING, Kind.RISK)
    assert found.confidence is Confidence.MEDIUM
    assert told(encrypted(key(policy=None))) == ()
    assert told(encrypted(key(policy="no json"))) == ()
    explicit: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "explicitDeny"}
    (sure,) = told(encrypted(key(policy=None), simulated=explicit))
    assert sure.severity is Severity.ERROR


def test_awss_own_key_asks_nobody() -> None:
    denied: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "implicitDeny"}
    assert told(encrypted(key(manager="AWS"), simulated=denied)) == ()


def test_a_key_that_is_off_is_not_told_as_a_denial_too() -> None:
    denied: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "implicitDeny"}
    off = encrypted(key(state="Disabled"), simulated=denied)
    assert [each.subject for each in told(off)] == [JOBS]


def test_a_backlog_is_explained_by_the_key() -> None:
    denied: dict[tuple[str, str], Decision] = {(WORKER, "kms:Decrypt"): "implicitDeny"}
    where = encrypted(key(), simulated=denied)
    waiting = replace(where.queues.items[0], visible=500)
    where = replace(where, queues=replace(where.queues, items=(waiting, where.queues.items[1])))
    first = diagnose(where).findings[0]
    assert first.id == "kms-access-denied"
