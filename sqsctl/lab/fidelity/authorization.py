"""Denials read as AWS words them, and name the resource; move tasks are checked as a whole.

A key that is named by an alias is authorised as the key.

Upstream's denial texts lack ``on resource: …`` and write an SQS action in mixed case; a
message move task is authorised on ``*`` whatever queue it names, and without the
permissions that it uses on the way. What is asked of a key by its alias is authorised on the
alias, which no policy's key ARN covers.
Sources: denials pasted in public issues (``… is not authorized to perform: sqs:sendmessage
on resource: arn:… because no identity-based policy allows the sqs:sendmessage action``);
SQS API reference, StartMessageMoveTask (permissions); IAM user guide, "Troubleshoot access
denied error messages"; KMS developer guide, "Use aliases to control access to KMS keys" (a
policy's Resource names keys, never aliases of theirs).
"""

from __future__ import annotations

import base64
import binascii
import contextvars
import json
from typing import Any

_WITHOUT_URL = frozenset(
    {
        "CreateQueue",
        "GetQueueUrl",
        "ListQueues",
        "StartMessageMoveTask",
        "ListMessageMoveTasks",
        "CancelMessageMoveTask",
    }
)

# The access key of the request that is being handled; set by the gateway.
caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="")


def install() -> None:
    """Wrap how upstream finds a request's resource, and words a denial."""
    from ministack.core import iam_actions

    from sqsctl.lab.fidelity import actions

    actions.install()
    extract, word = iam_actions.extract_resource_arn, iam_actions.access_denied_response

    def extract_resource_arn(service: str, *args: Any, **kwargs: Any) -> str:
        found = str(extract(service, *args, **kwargs))
        if service == "sqs" and found == "*":
            body = kwargs.get("body", args[3] if len(args) > 3 else b"")
            return _move_task_source(body) or found
        if service == "kms" and ":alias/" in found:
            from ministack.services import kms

            key = kms._resolve_key(found)
            return str(key["Arn"]) if key else found
        return found

    def access_denied_response(
        service: str, action: str, principal_arn: str, request_id: str, **kwargs: Any
    ) -> Any:
        if not kwargs.get("error_code") and not kwargs.get("message"):
            explicit = bool(kwargs.get("explicit_deny"))
            if not (explicit and kwargs.get("resource_policy_arn")):
                resource = str(kwargs.get("resource_arn") or "*")
                kwargs["message"] = wording(service, action, principal_arn, resource, explicit)
        return word(service, action, principal_arn, request_id, **kwargs)

    act = iam_actions.extract_iam_action

    def extract_iam_action(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        if service == "sqs" and names_no_queue(path, headers, body):
            return None  # SQS itself refuses it, before any policy is asked
        return act(service, method, path, headers, body, *rest)

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.access_denied_response = access_denied_response


def names_no_queue(path: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a request of SQS's JSON protocol lacks the QueueUrl that its action needs."""
    action = headers.get("x-amz-target", "").partition("AmazonSQS.")[2]
    if not action or action in _WITHOUT_URL or len(path.strip("/").split("/")) > 1:
        return False
    try:
        return not json.loads(body or b"{}").get("QueueUrl")
    except (ValueError, AttributeError):
        return False


def wording(service: str, action: str, principal: str, resource: str, explicit: bool) -> str:
    """A denial that an identity policy decided, as AWS says it."""
    named = action.lower() if service == "sqs" else action
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {named} action"
    )
    return (
        f"User: {principal} is not authorized to perform: {named} on resource: {resource} {reason}"
    )


def require(action: str, resource: str) -> None:
    """Raise SQS's AccessDenied unless the request's caller may do this as well."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region
    from ministack.services import sqs

    denied = iam_evaluator.enforce(caller.get(), action, "sqs", get_region(), resource_arn=resource)
    if denied is None or isinstance(denied, iam_evaluator.AuthError):
        return  # the request itself was authenticated before
    explicit = denied.decision == "Deny"
    raise sqs._Err(
        "AccessDenied", wording("sqs", action, denied.principal_arn, resource, explicit), 403
    )


def _move_task_source(body: bytes) -> str:
    try:
        data = json.loads(body or b"{}")
        if "SourceArn" in data:
            return str(data["SourceArn"])
        if "TaskHandle" in data:
            handle = base64.b64decode(data["TaskHandle"], validate=True)
            return str(json.loads(handle)["sourceArn"])
    except (ValueError, TypeError, KeyError, binascii.Error):
        pass  # refused later, for what it is
    return ""
