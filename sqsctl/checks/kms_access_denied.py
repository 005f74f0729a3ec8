"""An encryption key refuses.

## What it does
Reads refusals of KMS: a missing kms:Decrypt or kms:GenerateDataKey, a disabled or deleted key, and
environment variables that Lambda cannot decrypt. Without waiting for a failure it also reads
the state of the keys of queues and functions, and puts together what the key's policy says and
what a simulation of the roles says: of consumers kms:Decrypt, of functions that know the
queue's URL kms:GenerateDataKey as well. Conditions of a key's policy count as met.

## Why it matters
A queue with a customer managed key needs kms:GenerateDataKey and kms:Decrypt of everyone who
sends, and kms:Decrypt of everyone who receives: the SQS permission alone is not enough, and the
error names SQS, not the key's policy. Lambda polls with the consumer's role: without the key it
receives nothing, and nothing is logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqsctl.checks.base import Meta
from sqsctl.checks.support.access.denial_remedies import mending, told
from sqsctl.checks.support.access.denials import Denial, denial
from sqsctl.checks.support.access.key_access import Refusal, refusals
from sqsctl.checks.support.evidence import of_function, of_queue
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import KMS
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.intents import Do, Look, Option, Principal, Remedy, Tell, call, remedy
from sqsctl.model.keys import GONE, Key
from sqsctl.model.stack import Fact, Stack
from sqsctl.remedies.cli import FUNCTION
from sqsctl.remedies.context import role_of

_THROTTLE = re.compile(r"KMS\.?Throttl|KmsThrottled")
_OFF = re.compile(r"[Dd]isabled|pending deletion|InvalidState|NotFound|does not exist")
# KMS's own sentence for all of it: no such key, not in this region, or no permission.
_ONE_OF_THREE = re.compile(r"does not exist in this region, or you are not allowed to access")
_KEY = re.compile(r"arn:aws[\w\-]*:kms:[\w\-]*:\d{12}:key/[\w\-]{1,60}|key/[0-9a-f\-]{36}")


@dataclass(frozen=True, slots=True)
class Refused:
    """Whether a key refused, is off, or is that of the environment; who was refused; the key."""

    kind: str
    denial: Denial
    key: str


class KmsAccessDenied(LogCheck[Refused]):
    meta = Meta(
        id="kms-access-denied",
        title="Every key in use may be used",
        severity=Severity.ERROR,
        needs=NEEDS | {Fact.KEYS},
        uses=USES_SWALLOWED | {Fact.QUEUES, Fact.PERMISSIONS},
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-key-management.html"
        ),
    )
    precedence = 25
    minds_swallowed = True

    def recognise(self, case: Case) -> Refused | None:
        text = case.text if KMS.search(case.text) else case.everything
        if not KMS.search(text) or _THROTTLE.search(text):
            return None
        refused = denial(text)
        if refused and refused.action and not refused.action.startswith("kms:"):
            return None
        key = _KEY.search(text)
        acted = refused is not None and bool(refused.action)
        off = _OFF.search(text) and not _ONE_OF_THREE.search(text)
        kind = "denied" if acted or not off else "off"
        if "unable to decrypt the environment" in text:
            kind = "environment"
        found = refused if refused and acted else Denial()
        name = key.group() if key else ""
        return Refused(kind, replace(found, resource=found.resource or name), name)

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told: set[str] = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        for key in stack.keys:
            if not key.usable:
                yield from self._off(key, stack)
        for each in refusals(stack):
            if each.function.name not in told:
                yield self._refused(each)

    def _off(self, key: Key, stack: Stack) -> Iterator[Finding]:
        """A key that works for nobody, told of each queue and function that hangs on it."""
        at = f" (deleted on {key.deleted_at:%Y-%m-%d})" if key.deleted_at else ""
        state = "does not exist" if key.state == GONE else f"is in state {key.state}{at}"
        name = key.arn or key.references[0]
        described = Evidence(f"kms DescribeKey {name}", "KeyState", f"{key.state}{at}")
        for queue in stack.queues:
            if queue.kms_key_id in key.references:
                yield self.found(
                    f"the key of {queue.name} {state}: nothing can be sent or received",
                    evidence=(of_queue(queue, "KmsMasterKeyId", queue.kms_key_id), described),
                    remedy=_switch_on(key, name),
                    subject=queue.name,
                )
        for function in stack.functions:
            if function.kms_key_arn in key.references:
                yield self.found(
                    f"the key of {function.name}'s environment {state}: it cannot start",
                    evidence=(of_function(function, "KMSKeyArn", function.kms_key_arn), described),
                    remedy=_switch_on(key, name),
                    subject=function.name,
                )

    def _refused(self, each: Refusal) -> Finding:
        actions = " and ".join(each.actions)
        then = (
            "no consumer takes messages from it"
            if each.consumes
            else "nothing that it sends arrives"
        )
        return self.found(
            f"{each.function.name} may not {actions} with the key of {each.queue.name}: {then}",
            evidence=(
                of_queue(each.queue, "KmsMasterKeyId", each.queue.kms_key_id),
                *each.evidence,
            ),
            remedy=mending(_missing(each), ""),
            subject=each.function.name,
            severity=None if each.sure else Severity.WARNING,
            kind=None if each.sure else Kind.RISK,
            confidence=Confidence.HIGH if each.sure else Confidence.MEDIUM,
        )

    def report(self, seen: Seen[Refused], stack: Stack) -> Finding:
        kind, key = seen.sign.kind, seen.sign.key
        action = seen.sign.denial.action
        name = key or "its key"
        match kind:
            case "environment":
                title = f"Lambda cannot decrypt the environment variables of {seen.who}"
            case "off":
                title = f"{seen.who} meets {name}, which is disabled or gone"
            case _:
                service = seen.sign.denial.principal.kind == "service"
                who = told(seen.sign.denial.principal) if service else seen.who
                title = f"{who} may not {action or 'use the key'} on {name}"
        queues = tuple(each for each in stack.queues if each.kms_key_id)
        return self.found(
            title,
            evidence=(
                *seen.evidence(),
                *(of_queue(each, "KmsMasterKeyId", each.kms_key_id) for each in queues),
                *(
                    Evidence(
                        f"kms DescribeKey {each.arn or each.references[0]}", "KeyState", each.state
                    )
                    for each in stack.keys
                    if not each.usable
                ),
            ),
            remedy=_enable(key) if kind == "off" else _allow(seen.sign, stack, seen.function),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _switch_on(key: Key, name: str) -> Remedy:
    enable = Do(call("kms", "enable_key", KeyId=name))
    if key.state == "PendingDeletion":
        return remedy(
            "call the deletion off, enable the key again, or encrypt with another: once it is "
            "deleted, what it encrypted is lost",
            Do(call("kms", "cancel_key_deletion", KeyId=name)),
            enable,
        )
    if key.state == "Disabled":
        return remedy(
            "enable the key again, if nobody had a reason to disable it, or encrypt with another",
            enable,
        )
    return remedy(
        "encrypt with another key, or with SQS's own (SSE-SQS)",
        Look(call("kms", "describe_key", KeyId=name)),
    )


def _missing(each: Refusal) -> Denial:
    """What the function's role lacks on the key."""
    first, *others = each.actions
    role = Principal("role", role_of(each.function))
    return Denial(first, each.key.arn, "identity", principal=role, also=tuple(others))


def _allow(sign: Refused, stack: Stack, function: str) -> Remedy:
    found = sign.denial
    if found.action:
        return mending(found, role_of(stack.function(function)))
    lacking = mending(replace(found, action="kms:Decrypt"), role_of(stack.function(function)))
    if sign.kind != "environment":
        return lacking
    # Lambda's own key trusts the role as it was when the function was made.
    name = function or FUNCTION
    again = Option(
        (
            Look(call("lambda", "get_function_configuration", FunctionName=name), query="Role"),
            Tell(
                "a role that was deleted and made again under its name is another one to the key: "
                "give the function another role and this one back (aws lambda "
                "update-function-configuration --role), or deploy it with the role's new ARN"
            ),
        ),
        "its role was made again since, and the key is AWS's own",
    )
    first, *others = lacking.options
    own = replace(first, when="the environment has a key of your own")
    return replace(lacking, options=(own, *others, again))


def _enable(key: str) -> Remedy:
    name = key or "KEY_ID"
    enable = Do(call("kms", "enable_key", KeyId=name))
    return remedy(
        "enable the key again (or cancel its deletion), or encrypt with another",
        enable,
        when="where it is disabled",
        other=(
            Option(
                (Do(call("kms", "cancel_key_deletion", KeyId=name)), enable),
                "where its deletion is pending",
            ),
        ),
    )
