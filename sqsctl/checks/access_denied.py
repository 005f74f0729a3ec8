"""A call to AWS was refused: the function's role, or the one who deploys, lacks a permission.

## What it does
Reads the action and the resource from AWS's own words, whatever SDK logged them, and says which
policy refused: none that allows, or an explicit deny. Where roles were simulated, it also finds
the missing permission of a function whose code sends to a queue, without waiting for a failure. A
queue's address in the environment is no intention to send: where the code was not read, a role that
may receive from the queue or delete its messages is one of a consumer.

## Why it matters
The producer answers errors, or the consumer works on a message and cannot finish it. Retrying
cannot help.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.access.denial_remedies import (
    credentials,
    finding_out,
    mending,
    short,
    told,
)
from sqsctl.checks.support.access.denials import Denial, denial, of_type
from sqsctl.checks.support.deploys.errors import of_a_deploy
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.queue_use import Use, queue_use
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.intents import Principal
from sqsctl.model.stack import Fact, Permission, Stack
from sqsctl.remedies.context import role_of

# What a consumer's role needs is checked by mapping-role.
_PRODUCER = frozenset({"sqs:SendMessage"})


class AccessDenied(LogCheck[Denial]):
    meta = Meta(
        id="access-denied",
        title="No call to AWS is refused",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED | {Fact.PERMISSIONS},
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    )
    precedence = 45
    minds_swallowed = True

    def recognise(self, case: Case) -> Denial | None:
        found = denial(case.text)
        # The trace may name the call where the sentence does not.
        vague = found is None or not (found.action or found.credentials)
        found = denial(case.everything) or found if vague else found
        if found is None and not case.failure.message:
            return of_type(case.failure.error_type)  # REPORT tells no more
        return found

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
            if each.action not in _PRODUCER or each.decision == "allowed" or known:
                continue
            function, queue = stack.function(each.function), stack.queue(each.resource)
            use = queue_use(stack, function, queue) if function and queue else Use()
            if use.source == "code" and use.sends:
                yield self._simulated(each, use)
            elif use.source != "code" and not (use.receives or use.deletes):
                consumes = any(
                    mapping.function_name == each.function and mapping.queue_arn == each.resource
                    for mapping in stack.mappings
                )
                if not consumes:
                    yield self._simulated(each, use)

    def _simulated(self, each: Permission, use: Use) -> Finding:
        denied = "an explicit deny" if each.decision == "explicitDeny" else "no policy allows it"
        sure = use.source == "code"
        unsure = "" if sure else "; whether it wants to is not known, as its code was not read"
        return self.found(
            f"{each.function} may not {each.action} on {short(each.resource)}: {denied}{unsure}",
            evidence=(
                *((Evidence(f"code of {each.function}", use.place, "sends"),) if sure else ()),
                Evidence(
                    f"iam SimulatePrincipalPolicy {each.role_arn}",
                    f"{each.action} on {each.resource}",
                    each.decision,
                ),
            ),
            remedy=mending(
                Denial(
                    each.action,
                    each.resource,
                    "identity",
                    explicit=each.decision == "explicitDeny",
                    principal=Principal("role", each.role_arn.rsplit("/", 1)[-1]),
                ),
                "",
                from_log=False,
            ),
            subject=each.function,
            severity=Severity.ERROR if sure else Severity.INFO,
            kind=None if sure else Kind.RISK,
            confidence=Confidence.HIGH if sure else Confidence.LOW,
        )

    def over(self, seen: Seen[Denial], stack: Stack) -> str:
        """Also over once the role may: what a queue's policy denies, no simulation sees."""
        if seen.sign.by != "resource":
            for each in stack.permissions:
                same = each.action.lower() == seen.sign.action.lower()
                here = not seen.sign.resource or each.resource == seen.sign.resource
                if each.function == seen.function and same and here and each.decision == "allowed":
                    return f"{each.role_arn.rsplit('/', 1)[-1]} may now"
        return super().over(seen, stack)

    def report(self, seen: Seen[Denial], stack: Stack) -> Finding:
        sign = seen.sign
        who = _who(seen)
        if sign.credentials:
            title = f"{who} calls AWS with credentials that are missing, wrong or expired"
        else:
            on = f" on {short(sign.resource)}" if sign.resource else ""
            by = f": {sign.words}" if sign.words else ""
            unnamed = f"make a call to {sign.service.upper() or 'AWS'}"
            if sign.type_alone:
                unnamed += ", which one the log does not tell: it has the error's type alone"
            title = f"{who} may not {sign.action or unnamed}{on}{by}"
        role = role_of(stack.function(seen.function))
        simulated = tuple(
            Evidence(f"iam SimulatePrincipalPolicy {p.role_arn}", p.action, p.decision)
            for p in stack.permissions
            if p.function == seen.function and p.action.lower() == sign.action.lower()
        )
        return self.found(
            title,
            evidence=(*seen.evidence(), *simulated),
            remedy=credentials()
            if sign.credentials
            else finding_out(stack.function(seen.function), seen.function)
            if sign.type_alone
            else mending(sign, role),
            subject=seen.function,
            confidence=Confidence.LOW
            if sign.type_alone
            else seen.confidence
            if sign.action
            else min(seen.confidence, Confidence.MEDIUM),
        )


def _who(seen: Seen[Denial]) -> str:
    """The function, where it is what called; else whom AWS names."""
    principal = seen.sign.principal
    deployer = of_a_deploy(seen.newest.everything) or principal.kind not in {"role", "unknown"}
    if seen.function and not deployer:
        return seen.function
    return told(principal) or ("whoever deploys" if deployer else seen.who)
