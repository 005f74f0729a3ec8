"""Routes of HTTP and REST APIs from the shapes that API Gateway answers with.

Behind each route stands the function that its integration calls. An integration that calls no
function has none; one that sends to a queue by itself names that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from sqsctl.aws.functions import split_arn
from sqsctl.model.stack import Route

HTTP_API_TIMEOUT_MS = 30_000
REST_API_TIMEOUT_MS = 29_000

_FUNCTION_IN_URI = re.compile(r"(arn:[\w-]+:lambda:[\w-]*:\d*:function:[\w-]+(?::[\w$.-]+)?)")
_SQS_IN_URI = re.compile(
    r"^arn:[\w-]+:apigateway:[\w-]+:sqs:(?:path/\d{12}/(?P<name>[\w-]+(?:\.fifo)?)|action/|path/)"
)
_QUEUE_AT_END = re.compile(r"/(?P<name>[\w-]+(?:\.fifo)?)$")
_QUEUE_IN_TEXT = re.compile(r"/\d{12}/(?P<name>[\w-]+(?:\.fifo)?)")
# REST integrations may name their alias by a stage variable, which is resolved elsewhere.
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.\w+\}")


def stage_name(names: list[str]) -> str:
    """The stage that answers without a path, else the first."""
    if "$default" in names or not names:
        return "$default"
    return names[0]


def with_stage(endpoint: str, stage: str) -> str:
    """A URL with its stage, where that is part of the path."""
    return endpoint if stage in {"$default", ""} else f"{endpoint}/{stage}"


def http_route(
    shape: Mapping[str, Any], integrations: Mapping[str, Any], protocol: object = "HTTP"
) -> Route:
    """A route as GetRoutes gives it, with the integrations of its API by their ids."""
    key = shape.get("RouteKey", "")
    method, _, path = key.partition(" ")
    target = str(shape.get("Target") or "").rpartition("/")[2]
    integration = integrations.get(target) or {}
    arn = _function_arn(integration.get("IntegrationUri"))
    name, qualifier = split_arn(arn) if arn else (None, None)
    # The routes of a WebSocket API ($connect, $default, actions) take no HTTP request.
    alone = "WEBSOCKET" if protocol == "WEBSOCKET" else "ANY"
    return Route(
        method=method if path else alone,
        path=path or key,
        function_arn=arn,
        function_name=name,
        qualifier=qualifier,
        integration_id=target or None,
        timeout_ms=integration.get("TimeoutInMillis") or HTTP_API_TIMEOUT_MS,
        authorization=shape.get("AuthorizationType") or "NONE",
        queue_name=_queue_of_subtype(integration) or _queue_of_websocket(integration),
    )


def rest_routes(resource: Mapping[str, Any]) -> list[Route]:
    """The methods of a resource as GetResources gives it, methods embedded."""
    found: list[Route] = []
    for verb, method in (resource.get("resourceMethods") or {}).items():
        integration = method.get("methodIntegration") or {}
        if verb == "OPTIONS" and integration.get("type") == "MOCK":
            continue  # what tools add for CORS: no way into the stack
        arn = _function_arn(integration.get("uri"))
        name, qualifier = split_arn(arn) if arn else (None, None)
        found.append(
            Route(
                method=verb,
                path=resource.get("path", "/"),
                function_arn=arn,
                function_name=name,
                qualifier=qualifier,
                integration_id=resource.get("id"),
                timeout_ms=integration.get("timeoutInMillis") or REST_API_TIMEOUT_MS,
                authorization=method.get("authorizationType") or "NONE",
                queue_name=_queue_of_uri(integration),
            )
        )
    return found


def _queue_of_subtype(integration: Mapping[str, Any]) -> str | None:
    """The queue that an HTTP API's integration sends to by itself."""
    if not str(integration.get("IntegrationSubtype") or "").startswith("SQS-"):
        return None
    match = _QUEUE_AT_END.search(
        str((integration.get("RequestParameters") or {}).get("QueueUrl") or "")
    )
    return match["name"] if match else None


def _queue_of_websocket(integration: Mapping[str, Any]) -> str | None:
    """The queue that a WebSocket API's AWS integration sends to: told as a REST API's is."""
    return _queue_of_uri(
        {
            "uri": integration.get("IntegrationUri"),
            "requestParameters": integration.get("RequestParameters"),
            "requestTemplates": integration.get("RequestTemplates"),
        }
    )


def _queue_of_uri(integration: Mapping[str, Any]) -> str | None:
    """The queue that a REST API's integration sends to: in its path, or in what is sent."""
    match = _SQS_IN_URI.search(str(integration.get("uri") or ""))
    if match is None:
        return None
    if match["name"]:
        return match["name"]
    said = [
        *(integration.get("requestParameters") or {}).values(),
        *(integration.get("requestTemplates") or {}).values(),
    ]
    found = (_QUEUE_IN_TEXT.search(unquote(str(each))) for each in said)
    return next((each["name"] for each in found if each), None)


def _function_arn(uri: object) -> str | None:
    """The function in an integration's URI, which may be wrapped in an invocation path."""
    match = _FUNCTION_IN_URI.search(_STAGE_VARIABLE.sub("", str(uri or "")))
    return match[1].rstrip(":") if match else None
