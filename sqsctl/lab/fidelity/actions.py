"""A request is authorised as the action, and on the resource, that AWS asks for.

Upstream derives a Lambda action from the last word of a path: reading a function's reserved
concurrency demands lambda:PutFunctionConcurrency, reading one event source mapping
lambda:ListEventSourceMappings, and what it has no word for (GetAccountSettings,
UpdateEventSourceMapping, DeleteEventSourceMapping) is asked of nobody. It knows ``*Batch``
actions of SQS, and simulates a principal's policies on ``*``.
Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS
Lambda" (an action each API operation but Invoke, which is lambda:InvokeFunction;
GetLayerVersion is asked on the layer's version), "... for AWS Identity and Access Management"
(SimulatePrincipalPolicy: group, role, user); SQS developer guide, "Amazon SQS API
permissions: actions and resource reference" (the permission for SendMessage,
DeleteMessage or ChangeMessageVisibility covers its batch form).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

_BATCHES = {
    f"sqs:{name}Batch": f"sqs:{name}"
    for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
}
# Operations of Lambda's model that IAM calls otherwise.
_OTHERWISE = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
_SIMULATIONS = frozenset({"SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"})


def install() -> None:
    """Wrap how upstream finds a request's action and resource."""
    from ministack.core import iam_actions

    iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    act, extract = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(
        service: str, method: str, path: str, headers: Any, body: bytes, params: Any
    ) -> Any:
        if service == "lambda":
            operation = iam_actions._match_rest_action("lambda", method, path, params)
            if operation:
                return f"lambda:{_OTHERWISE.get(operation, operation)}"
        found = act(service, method, path, headers, body, params)
        return _BATCHES.get(found, found)

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        params: Any,
        region: str,
        account_id: str,
    ) -> str:
        found = str(extract(service, method, path, headers, body, params, region, account_id))
        if service == "logs" and (group := _queried(body)):
            # As for a call that names one group: Insights names several in a list.
            told = json.dumps({"logGroupName": group}).encode()
            return str(extract(service, method, path, headers, told, params, region, account_id))
        if service == "iam" and _one(params, "Action") in _SIMULATIONS:
            return _one(params, "PolicySourceArn") or found
        if service == "lambda" and "/layers" in path:
            return layer_version(path, params) or found
        if service == "lambda" and path.rstrip("/").endswith("/event-source-mappings"):
            return "*"
        return found

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def layer_version(path: str, params: Any) -> str:
    """The ARN of the layer version that a request is about; empty where it names none."""
    if _one(params, "find") == "LayerVersion":
        return _one(params, "Arn")
    parts = [unquote(each) for each in path.split("/") if each]
    if parts[1:2] != ["layers"] or parts[3:4] != ["versions"] or len(parts) < 5:
        return ""
    from ministack.core.responses import get_account_id, get_region

    name, version = parts[2], parts[4]
    if not name.startswith("arn:"):
        name = f"arn:aws:lambda:{get_region()}:{get_account_id()}:layer:{name}"
    return f"{name}:{version}"


def _queried(body: bytes) -> str:
    """The first log group of those that a query is about; empty for any other call."""
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        return ""
    names = told.get("logGroupNames") if isinstance(told, dict) else None
    return str(names[0]) if isinstance(names, list) and names else ""


def _one(params: Any, name: str) -> str:
    value = params.get(name, "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value or "")
