"""Who may not use the key of a queue that it works with.

A role may use a key where the key's policy names it, or where the key's policy leaves that to
the account and a policy of the role allows it. An explicit deny wins in either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.checks.support.access.policies import Statement, like, statements
from sqsctl.checks.support.queue_use import queue_use, variables_of
from sqsctl.model.finding import Evidence
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.keys import Key
from sqsctl.model.stack import (
    Queue,
    Stack,
)

RECEIVE = ("kms:Decrypt",)
SEND = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A function that lacks actions on a queue's key. ``sure``: both policies were read."""

    function: Function
    queue: Queue
    key: Key
    actions: tuple[str, ...]
    consumes: bool
    sure: bool
    evidence: tuple[Evidence, ...]


def refusals(stack: Stack) -> Iterator[Refusal]:
    """Reads QUEUES, FUNCTIONS, MAPPINGS, KEYS and PERMISSIONS."""
    keys = {name: key for key in stack.keys for name in key.references}
    uses: dict[tuple[str, str], tuple[Function, Queue, tuple[str, ...], bool]] = {}
    for queue, function, _ in stack.consumed():
        uses[function.name, queue.arn] = (function, queue, RECEIVE, True)
    for function in stack.functions:
        for queue in stack.queues:
            known = any(variables_of(function, queue, stack))
            if known and (function.name, queue.arn) not in uses:
                use = queue_use(stack, function, queue)
                if use.sends is not False:
                    uses[function.name, queue.arn] = (function, queue, SEND, False)
                elif use.receives:
                    uses[function.name, queue.arn] = (function, queue, RECEIVE, True)
    for function, queue, actions, consumes in uses.values():
        key = keys.get(queue.kms_key_id or "")
        if key and key.arn and key.customer_managed and key.usable and function.role_arn:
            yield from _refused(stack, function, queue, key, actions, consumes=consumes)


def _refused(
    stack: Stack,
    function: Function,
    queue: Queue,
    key: Key,
    actions: tuple[str, ...],
    *,
    consumes: bool,
) -> Iterator[Refusal]:
    refused: list[str] = []
    evidence: list[Evidence] = []
    sure = True
    for action in actions:
        answer = _of_policy(key, action, function.role_arn or "")
        simulated = next(
            (
                each
                for each in stack.permissions
                if each.function == function.name
                and each.resource == key.arn
                and each.action.lower() == action.lower()
            ),
            None,
        )
        decision = simulated.decision if simulated else None
        if decision != "explicitDeny" and answer != _DENIES:
            by_role = decision != "implicitDeny"  # a role that nobody could ask about may
            if answer == _ALLOWS or (by_role and answer in {_LEAVES, _UNREAD}):
                continue
            sure = sure and answer != _UNREAD
        refused.append(action)
        if simulated and decision != "allowed":
            source = f"iam SimulatePrincipalPolicy {simulated.role_arn}"
            evidence.append(Evidence(source, f"{action} on {key.arn}", simulated.decision))
        evidence.append(Evidence(f"kms GetKeyPolicy {key.arn}", action, answer))
    if refused:
        yield Refusal(
            function, queue, key, tuple(refused), consumes, sure, tuple(dict.fromkeys(evidence))
        )


_ALLOWS = "allows the role by name"
_DENIES = "denies it to the role"
_LEAVES = "leaves it to the role's own policies"
_SILENT = "names neither the role nor its account"
_UNREAD = "not readable: it may name the role"


def _of_policy(key: Key, action: str, role_arn: str) -> str:
    """What the key's policy says of a role."""
    if key.policy is None:
        return _UNREAD
    account = role_arn.split(":")[4] if role_arn.count(":") > 4 else ""
    found = [each for each in statements(key.policy) if each.covers(action)]
    if not found and not statements(key.policy):
        return _UNREAD  # nothing that can be understood
    if any(
        each.effect == "Deny" and not each.conditions and _names(each, role_arn) for each in found
    ):
        return _DENIES
    allows = [each for each in found if each.effect == "Allow"]
    if any(_names(each, role_arn) for each in allows):
        return _ALLOWS
    theirs = [principal for each in allows for principal in each.principals]
    if any(each == account or each.endswith(f":iam::{account}:root") for each in theirs):
        return _LEAVES
    return _SILENT


def _names(statement: Statement, role_arn: str) -> bool:
    """Whether a statement is about the role itself or everybody."""
    return any(
        each in {"*", role_arn} or (each.startswith("arn:") and like(each, role_arn))
        for each in statement.principals
    )
