"""What functions and queues stand on: VPCs, keys, and queues that only an environment names.

Nothing is asked of EC2 where no function is in a VPC, nothing of KMS where nothing is
encrypted with a key of the account's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqsctl.aws.kms_keys import KeyReader
from sqsctl.aws.networks import NetworkReader
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import SqsctlError
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.keys import Key, aws_managed
from sqsctl.model.network import Network, Subnet
from sqsctl.model.queues import NamedQueue
from sqsctl.model.stack import (
    Fact,
    Queue,
    Unread,
)
from sqsctl.operations.diagnosis.reading.observation import CORE, SharedReads
from sqsctl.operations.stacks.without_stack import place

T = TypeVar("T")

MAX_VPCS = 10
MAX_KEYS = 50
MAX_NAMED = 20


class SurroundingsReader:
    """Reads each VPC and each key once, all parts of a VPC at the same time."""

    def __init__(self, shared: SharedReads) -> None:
        self._shared = shared
        self._reader = NetworkReader(shared.session)
        self._keys_reader = KeyReader(shared.session)
        self._vpcs: dict[str, Network] = {}
        self._subnets: dict[str, Subnet] = {}
        self._keys: dict[str, Key] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._queues = QueueClient(shared.session)
        self._named: list[NamedQueue] = []

    def of_function(self, function: Function) -> None:
        """Read its VPC, the key of its environment, and the queues that this names."""
        if function.kms_key_arn:
            self._key(function.kms_key_arn, function.kms_key_arn)
        self._vpc_of(function)
        for value in function.environment.values():
            if value:
                self._named_queue(value)

    def of_queue(self, queue: Queue) -> None:
        """Read the key that a queue is encrypted with."""
        if queue.kms_key_id:
            self._key(_full(queue.kms_key_id, queue.arn), queue.kms_key_id)

    def networks(self) -> Sequence[Network]:
        return [
            replace(
                network,
                subnets=tuple(
                    each for _, each in sorted(self._subnets.items()) if each.vpc_id == vpc_id
                ),
            )
            for vpc_id, network in sorted(self._vpcs.items())
        ]

    def named_queues(self) -> Sequence[NamedQueue]:
        return sorted(self._named, key=lambda each: each.reference)

    def keys(self) -> Sequence[Key]:
        """Each key once, with all the names that queues and functions have for it."""
        found: dict[str, Key] = {}
        for reference, key in sorted(self._keys.items()):
            known = found.get(key.arn or reference, key)
            names = dict.fromkeys((*known.references, *key.references, *self._names[reference]))
            found[key.arn or reference] = replace(
                known, references=tuple(names), policy=known.policy or key.policy
            )
        return list(found.values())

    # -- VPCs ------------------------------------------------------------------------------

    def _vpc_of(self, function: Function) -> None:
        if Fact.NETWORKS not in self._shared.wanted.facts or not function.vpc_subnets:
            return
        if function.vpc_id:
            self._vpc(function.vpc_id)
        fresh = [each for each in function.vpc_subnets if self._shared.first_time("subnet", each)]
        if fresh:
            self._shared.work.start(
                f"subnets of {function.name}",
                lambda: self._reader.subnets(fresh),
                self._have_subnets,
                self._shared.gap(Fact.NETWORKS),
                action="ec2:DescribeSubnets",
            )

    def _have_subnets(self, found: tuple[Subnet, ...]) -> None:
        for each in found:
            self._subnets[each.id] = each
            self._vpc(each.vpc_id)

    def _vpc(self, vpc_id: str) -> None:
        if not vpc_id or not self._shared.first_time("vpc", vpc_id):
            return
        if self._shared.asked("vpc") > MAX_VPCS:
            self._shared.gap(Fact.NETWORKS)(Unread("further VPCs", "more than are read at once"))
            return
        self._vpcs[vpc_id] = Network(vpc_id)
        reader = self._reader
        self._part(vpc_id, "route tables", "DescribeRouteTables", reader.route_tables)
        self._part(vpc_id, "endpoints", "DescribeVpcEndpoints", reader.endpoints)
        self._part(vpc_id, "security groups", "DescribeSecurityGroups", reader.security_groups)

    def _part(
        self, vpc_id: str, part: str, action: str, call: Callable[[str], tuple[T, ...]]
    ) -> None:
        field = part.replace(" ", "_")

        def have(found: tuple[T, ...]) -> None:
            known: dict[str, Any] = {field: found}
            self._vpcs[vpc_id] = replace(self._vpcs[vpc_id], **known)

        self._shared.work.start(
            f"{part} of {vpc_id}",
            lambda: call(vpc_id),
            have,
            self._shared.gap(Fact.NETWORKS),
            action=f"ec2:{action}",
        )

    # -- queues outside of the stack ---------------------------------------------------------

    def _named_queue(self, reference: str) -> None:
        """Look whether a queue is there that is none of the stack, in its account and region."""
        shared = self._shared
        if Fact.NAMED_QUEUES not in shared.wanted.facts or not self._foreign(reference):
            return
        if (
            not shared.first_time("named queue", reference)
            or shared.asked("named queue") > MAX_NAMED
        ):
            return

        def look() -> None:
            self._queues.describe(self._queues.resolve(reference))

        shared.work.start(
            f"queue {reference.replace(':', '/').rpartition('/')[2]}",
            look,
            lambda _: self._named.append(NamedQueue(reference, exists=True)),
            shared.gap(Fact.NAMED_QUEUES),
            action="sqs:GetQueueAttributes",
            missing=lambda: self._named.append(NamedQueue(reference, exists=False)),
        )

    def _foreign(self, reference: str) -> bool:
        """A queue of the account and region that the stack does not hold; others tell nothing."""
        account, name = place(reference)
        if not name or account != (self._shared.ref.account or self._shared.session.target.account):
            return False
        if not reference.startswith("arn:"):
            try:
                self._queues.resolve(reference)  # of a URL this asks nobody
            except SqsctlError:
                return False
        elif reference.split(":")[3] != self._shared.ref.region:
            return False
        return (account, name) not in {place(each.arn) for each in self._shared.ref.queues}

    # -- keys ------------------------------------------------------------------------------

    def _key(self, reference: str, named: str) -> None:
        """Read a key by its full name; ``named`` is how the queue or function has it."""
        if Fact.KEYS not in self._shared.wanted.facts or aws_managed(named):
            return
        names = self._names.setdefault(reference, {})
        names[named] = None
        if len(names) > 1 or not self._shared.first_time("key", reference):
            return
        gap = self._shared.gap(Fact.KEYS)
        if self._shared.asked("key") > MAX_KEYS:
            gap(Unread("further keys", "more than are read at once"))
            return

        def have(key: Key) -> None:
            self._keys[reference] = key
            if key.arn and key.customer_managed:
                self._policy(reference, key.arn)

        self._shared.work.start(
            f"key {named}",
            lambda: self._keys_reader.describe(reference),
            have,
            gap,
            kind=CORE,  # what roles may do with it is asked by its ARN
            action="kms:DescribeKey",
        )

    def _policy(self, reference: str, arn: str) -> None:
        def have(policy: str) -> None:
            self._keys[reference] = replace(self._keys[reference], policy=policy)

        if self._shared.first_time("key policy", arn):
            self._shared.work.start(
                f"policy of key {arn.rpartition('/')[2]}",
                lambda: self._keys_reader.policy(arn),
                have,
                self._shared.gap(Fact.KEYS),
                action="kms:GetKeyPolicy",
            )


def _full(reference: str, queue_arn: str) -> str:
    """The ARN of a key or alias that a queue names: it is in the queue's account and region."""
    parts = queue_arn.split(":")
    if reference.startswith("arn:") or len(parts) != 6:
        return reference
    kind = "" if reference.startswith("alias/") else "key/"
    return f"arn:{parts[1]}:kms:{parts[3]}:{parts[4]}:{kind}{reference}"
