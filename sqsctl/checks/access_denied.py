"""A call to AWS was refused: the function's role, or the one who deploys, lacks a permission.

## What it does
Reads the action and the resource from AWS's own words, whatever SDK logged them, and says which
policy refused: none that allows, or an explicit deny. Where roles were simulated, it also finds
the missing permission of producers and consumers without waiting for a failure.

## Why it matters
The producer answers errors, or the consumer works on a message and cannot finish it. Retrying
cannot help.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import Denial, denial
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Fact, Permission, Stack
from sqsctl.remedies.shell import aws

# What a consumer's role needs is checked by mapping-role.
_PRODUCER = frozenset({"sqs:SendMessage"})


class AccessDenied(LogCheck[Denial]):
    meta = Meta(
        id="access-denied",
        title="No call to AWS is refused",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED | {Fact.PERMISSIONS},
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    )
    precedence = 45
    minds_swallowed = True

    def recognise(self, case: Case) -> Denial | None:
        return denial(case.text) or denial(case.everything)

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told: set[tuple[str, str]] = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(
                    (finding.subject, finding.title.split(" may not ", 1)[-1].split(" ", 1)[0])
                )
            yield finding
        for each in stack.permissions:
            known = (each.function, each.action) in told
            if each.action in _PRODUCER and each.decision != "allowed" and not known:
                yield self._simulated(each, stack)

    def _simulated(self, each: Permission, stack: Stack) -> Finding:
        denied = "an explicit deny" if each.decision == "explicitDeny" else "no policy allows it"
        return self.found(
            f"{each.function} may not {each.action} on {_short(each.resource)}: {denied}",
            evidence=(
                Evidence(
                    f"iam SimulatePrincipalPolicy {each.role_arn}",
                    f"{each.action} on {each.resource}",
                    each.decision,
                ),
            ),
            fix=_fix(each.function, Denial(each.action, each.resource), stack),
            subject=each.function,
        )

    def over(self, seen: Seen[Denial], stack: Stack) -> str:
        """Also over once the role may: what a queue's policy denies, no simulation sees."""
        if "resource" not in seen.sign.by:
            for each in stack.permissions:
                same = each.action.lower() == seen.sign.action.lower()
                here = not seen.sign.resource or each.resource == seen.sign.resource
                if each.function == seen.function and same and here and each.decision == "allowed":
                    return f"{each.role_arn.rsplit('/', 1)[-1]} may now"
        return super().over(seen, stack)

    def report(self, seen: Seen[Denial], stack: Stack) -> Finding:
        sign = seen.sign
        if sign.credentials:
            title = f"{seen.who} calls AWS with credentials that are missing, wrong or expired"
        else:
            on = f" on {_short(sign.resource)}" if sign.resource else ""
            by = f": {sign.by}" if sign.by else ""
            title = f"{seen.who} may not {sign.action or 'make a call to AWS'}{on}{by}"
        simulated = tuple(
            Evidence(f"iam SimulatePrincipalPolicy {p.role_arn}", p.action, p.decision)
            for p in stack.permissions
            if p.function == seen.function and p.action.lower() == sign.action.lower()
        )
        return self.found(
            title,
            evidence=(*seen.evidence(), *simulated),
            fix=_fix(seen.function, sign, stack),
            subject=seen.function,
            confidence=seen.confidence if sign.action else min(seen.confidence, Confidence.MEDIUM),
        )


def _short(arn: str) -> str:
    return arn if len(arn) <= 100 else f"…{arn[-99:]}"


def _fix(function: str, sign: Denial, stack: Stack) -> Fix:
    if sign.credentials:
        return Fix(
            "let the SDK take the function's own role: no keys in the code or the environment "
            "(AWS_ACCESS_KEY_ID is set by Lambda itself)",
        )
    if "deny" in sign.by:
        return Fix(
            f"take the deny of {sign.action or 'this action'} out of that policy: an allow "
            "elsewhere "
            "cannot win against it",
        )
    action, resource = sign.action or "SERVICE:ACTION", sign.resource or "RESOURCE_ARN"
    owner = stack.function(function)
    role = (owner.role_arn or "").rsplit("/", 1)[-1] if owner else ""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
        },
        separators=(",", ":"),
    )
    name = "allow-" + action.replace(":", "-").replace("*", "all")
    return Fix(
        f"allow {action} on {resource} in the policy of {'role ' + role if role else 'its role'}",
        disposition="unsafe" if role and sign.action and sign.resource else "manual",
        commands=(
            aws(
                None,
                "iam",
                "put-role-policy",
                "--role-name",
                role or "ROLE_NAME",
                "--policy-name",
                name,
                "--policy-document",
                policy,
            ),
        ),
        serverless_yml=(
            "provider:",
            "  iam:",
            "    role:",
            "      statements:",
            "        - Effect: Allow",
            f"          Action: {action}",
            f"          Resource: {resource}",
        ),
    )
