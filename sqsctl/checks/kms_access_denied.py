"""An encryption key refuses.

## What it does
Reads refusals of KMS: a missing kms:Decrypt or kms:GenerateDataKey, a disabled or deleted key, and
environment variables that Lambda cannot decrypt.

## Why it matters
A queue with a customer managed key needs kms:GenerateDataKey and kms:Decrypt of everyone who
sends, and kms:Decrypt of everyone who receives: the SQS permission alone is not enough, and the
error names SQS, not the key's policy.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.evidence import of_queue
from sqsctl.checks.support.logcheck import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import KMS, PERFORM
from sqsctl.checks.support.shell import aws
from sqsctl.model.finding import Finding, Fix, Severity
from sqsctl.model.stack import Fact, Stack

_THROTTLE = re.compile(r"KMS\.?Throttl|KmsThrottled")
_OFF = re.compile(r"[Dd]isabled|pending deletion|InvalidState|NotFound|does not exist")
_KEY = re.compile(r"arn:aws[\w\-]*:kms:[\w\-]*:\d{12}:key/[\w\-]{1,60}|key/[0-9a-f\-]{36}")


class KmsAccessDenied(LogCheck[tuple[str, str, str]]):
    meta = Meta(
        id="kms-access-denied",
        title="Every key in use may be used",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED | {Fact.QUEUES},
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-key-management.html"
        ),
    )
    precedence = 25
    minds_swallowed = True

    def recognise(self, case: Case) -> tuple[str, str, str] | None:
        text = case.text if KMS.search(case.text) else case.everything
        if not KMS.search(text) or _THROTTLE.search(text):
            return None
        action = PERFORM.search(text)
        if action and not action.group("action").lower().startswith("kms:"):
            return None
        key = _KEY.search(text)
        kind = "denied" if action or not _OFF.search(text) else "off"
        if "unable to decrypt the environment" in text:
            kind = "environment"
        return kind, action.group("action") if action else "", key.group() if key else ""

    def report(self, seen: Seen[tuple[str, str, str]], stack: Stack) -> Finding:
        kind, action, key = seen.sign
        name = key or "its key"
        match kind:
            case "environment":
                title = f"Lambda cannot decrypt the environment variables of {seen.who}"
            case "off":
                title = f"{seen.who} meets {name}, which is disabled or gone"
            case _:
                title = f"{seen.who} may not {action or 'use the key'} on {name}"
        queues = tuple(each for each in stack.queues if each.kms_key_id)
        return self.found(
            title,
            evidence=(
                *seen.evidence(),
                *(of_queue(each, "KmsMasterKeyId", each.kms_key_id) for each in queues),
            ),
            fix=_fix(kind, action, key, stack),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _fix(kind: str, action: str, key: str, stack: Stack) -> Fix:
    name = key or "KEY_ID"
    if kind == "off":
        return Fix(
            "enable the key again (or cancel its deletion), or encrypt with another",
            commands=(
                aws(stack, "kms", "describe-key", "--key-id", name),
                aws(stack, "kms", "enable-key", "--key-id", name),
            ),
        )
    wanted = action or "kms:Decrypt"
    return Fix(
        f"allow {wanted} on the key to the function's role, in the role's policy and in the key's",
        commands=(
            aws(stack, "kms", "get-key-policy", "--key-id", name, "--policy-name", "default"),
        ),
        serverless_yml=(
            "provider:",
            "  iam:",
            "    role:",
            "      statements:",
            "        - Effect: Allow",
            "          Action: [kms:Decrypt, kms:GenerateDataKey]",
            f"          Resource: {key if key.startswith('arn:') else 'KEY_ARN'}",
        ),
    )
