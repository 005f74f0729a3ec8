"""The least policy that commands need, with a stack's own ARNs filled in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqsctl.model.deployed import StackRef
from sqsctl.operations.access.need import Need, On
from sqsctl.operations.access.permissions import (
    AROUND,
    COMMANDS,
    FACTS,
    FOREIGN,
    FROM_PARTS,
    NOTHING,
    WITH_OPTION,
    as_typed,
    commands,
    doctor_needs,
    needs,
)

__all__ = [
    "COMMANDS",
    "FACTS",
    "MANAGED_LIMIT",
    "NOTHING",
    "WITH_OPTION",
    "Need",
    "On",
    "as_typed",
    "commands",
    "doctor_needs",
    "needs",
    "policy",
    "size",
]

MANAGED_LIMIT = 6_144  # characters of a managed policy, white space not counted
FEW = 2
SPECIFIC = 4  # so many characters a name must begin with to be nobody else's
_SERVICE = {"apigateway": "Apis", "cloudformation": "Stacks", "cloudwatch": "Metrics"}


def policy(
    names: Sequence[str],
    ref: StackRef | None = None,
    *,
    without_optional: bool = False,
    keys: Sequence[str] | None = None,
    log_groups: Sequence[str] = (),
) -> dict[str, object]:
    """The IAM policy document for commands, their actions joined by what they are on.

    Without ``ref`` the resources are patterns that match any stack. ``keys`` are ARNs of
    the KMS keys of encrypted queues: none where there is none, all where nobody knows (None).
    ``log_groups`` are groups besides those that Lambda names by itself. Commands that
    need nothing give a policy without statements. What would be longer than MANAGED_LIMIT has
    patterns instead of lists, where the names in a list begin alike.
    """
    wanted: dict[Need, None] = {}
    for name in names:
        wanted.update(dict.fromkeys(each for each in needs(name)))
        wanted.update(dict.fromkeys(_besides(name, ref)))
    chosen = [each for each in wanted if not (without_optional and each.optional)]
    arns = _Arns(ref, None if keys is None else tuple(keys), tuple(log_groups))
    by_resource: dict[tuple[str, ...], dict[str, None]] = {}
    for need in chosen:
        resources = arns.of(need)
        if resources:
            by_resource.setdefault(resources, {})[need.action] = None
    if size(_document(by_resource)) > MANAGED_LIMIT:
        by_resource = _shortened(by_resource)
    return _document(by_resource)


def size(document: Mapping[str, object]) -> int:
    """Characters of a policy as AWS counts them: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def _shortened(
    by_resource: Mapping[tuple[str, ...], dict[str, None]],
) -> dict[tuple[str, ...], dict[str, None]]:
    """Lists of ARNs as one pattern each, where their names begin alike."""
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for resources, actions in by_resource.items():
        found.setdefault(_pattern(resources), {}).update(actions)
    return found


def _pattern(arns: tuple[str, ...]) -> tuple[str, ...]:
    length = next(
        (place for place, letters in enumerate(zip(*arns, strict=False)) if len({*letters}) > 1),
        min(map(len, arns)),
    )
    start = arns[0][:length]
    # The resource part comes after the fifth colon, a function's name after the sixth.
    name = start.split(":", 5)[5] if start.count(":") >= 5 else ""
    own = name.rpartition(":")[2].rpartition("/")[2]
    return (f"{start}*",) if len(arns) > FEW and len(own) >= SPECIFIC else arns


def _document(by_resource: Mapping[tuple[str, ...], dict[str, None]]) -> dict[str, object]:
    statements = [
        {
            "Sid": _sid(index, actions),
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": resources[0] if len(resources) == 1 else list(resources),
        }
        for index, (resources, actions) in enumerate(by_resource.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _besides(command: str, ref: StackRef | None) -> tuple[Need, ...]:
    """What a command asks besides, because of what these parts are."""
    if ref is None:
        return ()
    if ref.stack_name is None:
        words = command.removeprefix("sqsctl ").split()
        return AROUND if FROM_PARTS & {" ".join(words[:1]), " ".join(words[:2])} else ()
    foreign = any(each.logical_id is None for each in ref.main_queues)
    return FOREIGN if foreign and ref.mapping_ids else ()


def _sid(index: int, actions: Iterable[str]) -> str:
    services = sorted({action.partition(":")[0] for action in actions})
    words = "".join(_SERVICE.get(each, each.capitalize()) for each in services)
    return f"{words}{index + 1}"


@dataclass(frozen=True, slots=True)
class _Arns:
    """Resources by what they are, of a stack or of any."""

    ref: StackRef | None
    keys: tuple[str, ...] | None
    log_groups: tuple[str, ...]

    def of(self, need: Need) -> tuple[str, ...]:
        ref = self.ref
        if need.on is On.ANYTHING:
            return ("*",)
        prefix = self._prefix
        anywhere = {
            On.QUEUES: f"{prefix('sqs')}:*",
            On.MAIN_QUEUES: f"{prefix('sqs')}:*",
            On.DEAD_LETTER_QUEUES: f"{prefix('sqs')}:*",
            On.FUNCTIONS: f"{prefix('lambda')}:function:*",
            On.LAYERS: f"arn:{self._partition}:lambda:{self._region}:*:layer:*:*",
            On.LOG_GROUPS: f"{prefix('logs')}:log-group:/aws/lambda/*",
            On.APIS: f"arn:{self._partition}:apigateway:{self._region}::*",
            On.STACKS: f"{prefix('cloudformation')}:stack/*",
            On.ROLES: f"arn:{self._partition}:iam::{self._account}:role/*",
            On.KEYS: f"{prefix('kms')}:key/*",
            On.MAPPINGS: f"{prefix('lambda')}:event-source-mapping:*",
            On.TOPICS: f"{prefix('sns')}:*",
            On.BUSES: f"{prefix('events')}:event-bus/*",
            On.RULES: f"{prefix('events')}:rule/*",
            On.BUCKETS: f"arn:{self._partition}:s3:::*/*",
        }
        if ref is None:
            return (anywhere[need.on],)
        known = {
            On.QUEUES: [each.arn for each in ref.queues],
            On.MAIN_QUEUES: [each.arn for each in ref.main_queues],
            On.DEAD_LETTER_QUEUES: [each.arn for each in ref.dead_letter_queues],
            On.FUNCTIONS: self._functions(ref),
            On.LOG_GROUPS: self._groups(ref),
            On.APIS: [arn for each in ref.apis for arn in self._api(each.kind, each.id)],
            On.STACKS: [f"{prefix('cloudformation')}:stack/{ref.stack_name}/*"]
            if ref.stack_name
            else [],
            On.KEYS: [anywhere[On.KEYS]] if self.keys is None else list(self.keys),
            On.MAPPINGS: [
                f"{prefix('lambda')}:event-source-mapping:{uuid}" for uuid, _ in ref.mapping_ids
            ],
        }
        if need.on is On.APIS and ref.stack_name is None:
            return (anywhere[need.on],)  # which they are is found with just this action
        if need.on in known and (known[need.on] or need.on is not On.LOG_GROUPS):
            return tuple(known[need.on])
        return (anywhere[need.on],)

    def _functions(self, ref: StackRef) -> list[str]:
        plain = [each.arn for each in ref.functions]
        # An alias or a version is a resource of its own.
        return [*plain, *(f"{arn}:*" for arn in plain)]

    def _groups(self, ref: StackRef) -> list[str]:
        names = [f"/aws/lambda/{each.name}" for each in ref.functions]
        names += [each for each in (*ref.log_groups, *self.log_groups) if each not in names]
        arns = [f"{self._prefix('logs')}:log-group:{name}" for name in dict.fromkeys(names)]
        # The group itself, and what is in it: AWS's own documents have both forms.
        return [form for arn in arns for form in (arn, f"{arn}:*")]

    def _api(self, kind: str, identifier: str) -> list[str]:
        if kind == "url":
            return []
        path = "apis" if kind == "http" else "restapis"
        base = f"arn:{self._partition}:apigateway:{self._region}::/{path}/{identifier}"
        return [base, f"{base}/*"]

    def _prefix(self, service: str) -> str:
        return f"arn:{self._partition}:{service}:{self._region}:{self._account}"

    @property
    def _region(self) -> str:
        return self.ref.region if self.ref else "*"

    @property
    def _account(self) -> str:
        return (self.ref.account if self.ref else None) or "*"

    @property
    def _partition(self) -> str:
        arns = [each.arn for each in self.ref.queues] if self.ref else []
        parts = arns[0].split(":") if arns else []
        return parts[1] if len(parts) > 5 else "aws"
