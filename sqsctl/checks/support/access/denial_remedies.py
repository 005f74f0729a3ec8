"""What is done about a refused call: in the policy that refused it, for the one who was refused."""

from __future__ import annotations

import json
from dataclasses import replace

from sqsctl.checks.support.access.denials import Denial
from sqsctl.model.arns import partition_of
from sqsctl.model.functions import Function
from sqsctl.model.intents import (
    Grant,
    Intent,
    Look,
    Option,
    Principal,
    Remedy,
    Set,
    TakeDenyAway,
    Tell,
    call,
)
from sqsctl.model.intents import remedy as remedy_of
from sqsctl.model.remedy import Disposition

_POLICY = {
    "identity": "the policies of {who}",
    "resource": "the policy of {what}",
    "boundary": "the permissions boundary of {who}",
    "session": "the session policy that {who} was given when it was assumed",
    "organization": "a service control policy (SCP) or resource control policy of the organization",
    "endpoint": "the policy of the VPC endpoint",
    "trust": "the trust policy of {what}",
}


def told(principal: Principal) -> str:
    """Who was refused, for a sentence; empty where the text does not say it."""
    match principal.kind:
        case "role" | "user":
            return f"{principal.kind} {principal.name}"
        case "service":
            return principal.name
        case "account":
            return f"account {principal.account}"
        case _:
            return ""


def short(arn: str) -> str:
    """An ARN for a sentence."""
    return arn if len(arn) <= 100 else f"…{arn[-99:]}"


def credentials() -> Remedy:
    """Keys that are missing, wrong or without their token."""
    return remedy_of(
        "let the SDK take the function's own role, and give it no keys",
        Tell(
            "take keys out of the code, the environment and the framework's configuration: without "
            "any, each SDK takes the execution role's credentials by itself"
        ),
        Tell(
            "where the three have to be handed on, hand on all of them: AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; a role's keys are invalid without the "
            "session token, and a new environment has other ones"
        ),
    )


def mending(sign: Denial, role: str, *, from_log: bool = True) -> Remedy:
    """The remedy; ``role`` is the function's, where it is known and nobody else is named."""
    principal = sign.principal
    if principal.kind == "unknown" and role:
        principal = replace(principal, kind="role", name=role)
    who = told(principal) or "the caller"
    if not sign.action and sign.service == "sqs":
        return _some_call_of_sqs(principal, who)
    what = short(sign.resource) if sign.resource else "the resource"
    action = " and ".join(sign.actions) or "this action"
    policy = _POLICY[sign.by or "identity"].format(who=who, what=what)
    if sign.explicit:
        by = "resource" if sign.by == "trust" else sign.by or "identity"
        return remedy_of(
            f"take the deny of {action} out of {policy}, or narrow it: an allow cannot win",
            TakeDenyAway(sign.actions, sign.resource, principal, by),
        )
    if sign.by == "trust":
        return _trust(sign, principal, who)
    if sign.by in {"boundary", "session", "organization", "endpoint"}:
        return remedy_of(
            f"let {policy} allow {action}: no other policy can",
            *_looks(sign, principal),
            Grant(sign.actions, sign.resource, principal, sign.by, from_log=from_log),
        )
    by_resource = sign.by == "resource"
    named = f"{action} on {what}" if sign.resource else action
    known = principal.kind == "role" and sign.action and sign.resource and not by_resource
    disposition: Disposition = "unsafe" if known else "manual"
    return remedy_of(
        f"allow {named} to {who} in {policy}",
        Grant(
            sign.actions,
            sign.resource,
            principal,
            "resource" if by_resource else "identity",
            source=sign.source,
            from_log=from_log and principal.kind != "service",
        ),
        *_also(sign),
        disposition=disposition,
    )


def _some_call_of_sqs(principal: Principal, who: str) -> Remedy:
    """SQS names neither the action nor the queue where it refuses: what the code does tells."""
    ways = (
        ("it sends to the queue", ("sqs:SendMessage",)),
        (
            "it reads the queue",
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        ),
    )
    return Remedy(
        f"allow the call of SQS that the code makes to {who}, on the queue (sqs:SendMessage to "
        "send), in its role's policies; a queue of another account wants its own policy as well",
        tuple(Option((Grant(actions, "", principal),), when) for when, actions in ways),
    )


def finding_out(function: Function | None, name: str) -> Remedy:
    """What tells the call that was refused, where the log has no more than the error's type."""
    steps: tuple[Intent, ...] = ()
    if function is not None and function.application_log_level not in {None, "INFO", "DEBUG"}:
        present = {
            "LogFormat": function.log_format,
            "ApplicationLogLevel": function.application_log_level,
            "SystemLogLevel": function.system_log_level or "INFO",
        }
        levels = {**present, "ApplicationLogLevel": "INFO"}
        steps = (
            Set("function", function.name, {"LoggingConfig": levels}, {"LoggingConfig": present}),
        )
    follow = ("--function", name) if name else ()
    return remedy_of(
        "find out which call was refused, by the error's message at its next failure, then allow "
        "that action in the role's policies",
        *steps,
        Look(words=("logs", "tail", "--errors", *follow)),
        Look(words=("doctor", *follow)),
    )


def _also(sign: Denial) -> tuple[Intent, ...]:
    """What else belongs to a permission that only its resource's owner gives."""
    if sign.action == "lambda:GetLayerVersion":
        region = sign.resource.split(":")[3] if sign.resource.count(":") > 3 else ""
        return (
            Tell(
                f"see that the function lies in {region or 'the region of the layer'}, too; else "
                "publish the layer there, or take the ARN of that region's copy"
            ),
        )
    return ()


def _looks(sign: Denial, principal: Principal) -> tuple[Look, ...]:
    if sign.by == "boundary" and principal.kind == "role":
        asked = call("iam", "get_role", RoleName=principal.name)
        return (Look(asked, query="Role.PermissionsBoundary"),)
    if sign.by == "organization" and principal.account:
        asked = call(
            "organizations",
            "list_policies_for_target",
            TargetId=principal.account,
            Filter="SERVICE_CONTROL_POLICY",
        )
        return (Look(asked),)
    if sign.by == "endpoint":
        return (Look(call("ec2", "describe_vpc_endpoints"), query="VpcEndpoints[].PolicyDocument"),)
    return ()


def _federated(sign: Denial) -> Remedy:
    """A token's bearer is let in by its provider and by what the token holds."""
    return remedy_of(
        "let the trust policy of the role name the token's provider, with conditions that the "
        "token fulfils",
        Tell(
            f"the role's trust policy has to allow {sign.action} to the Federated principal that "
            "issued the token (its OIDC or SAML provider's ARN, of this account); its conditions "
            "on sub and aud have to be the token's own: repository and branch, or namespace and "
            "service account. No other policy lets anybody in"
        ),
    )


def _trust(sign: Denial, principal: Principal, who: str) -> Remedy:
    """A role is assumed where its trust policy names who assumes it, and that one may."""
    if principal.kind == "unknown":
        return _federated(sign)
    target = sign.resource.rpartition("/")[2]
    partition = principal.partition or partition_of(sign.resource or sign.source)
    arn = f"arn:{partition}:iam::{principal.account}:{principal.kind}/{principal.name}"
    trusted = {"Service": principal.name} if principal.kind == "service" else {"AWS": arn}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    account = sign.resource.split(":")[4] if sign.resource.count(":") > 4 else ""
    whose = f" (account {account})" if account and account != principal.account else ""
    role = target or "the function's role"
    intents: list[Intent] = [
        Tell(
            f"the trust policy of {role}{whose} has to hold the statement {json.dumps(statement)}: "
            "add it beside those that are there (aws iam update-assume-role-policy replaces all)"
        )
    ]
    if target:
        intents.insert(0, Look(call("iam", "get_role", RoleName=target)))
    if principal.kind in {"role", "user"}:
        intents.append(Grant(sign.actions, sign.resource, principal, from_log=True))
    else:
        intents.append(
            Tell("a role that was just created takes some seconds: then deploy once more")
        )
    return remedy_of(f"let the trust policy of {role} name {who}", *intents)
