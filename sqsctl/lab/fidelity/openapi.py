"""An HTTP API gets the routes of its OpenAPI body, as it does from CloudFormation on AWS.

Upstream makes the API of an AWS::ApiGatewayV2::Api and overlooks its Body, so that SAM's HttpApi
answers 404 to everything.
Sources: CloudFormation template reference, AWS::ApiGatewayV2::Api (Body); API Gateway developer
guide, "Working with OpenAPI definitions for HTTP APIs" and "x-amazon-apigateway-integration
object" (uri, type, payloadFormatVersion, timeoutInMillis, connectionType),
"x-amazon-apigateway-any-method object"; the path /$default is the route $default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
# The ARN by which API Gateway calls a function, around the function's own.
_CALLED = re.compile(
    r"^arn:[\w-]+:apigateway:[\w-]+:lambda:path/[\w-]+/functions/(.+)/invocations$"
)


def install() -> None:
    """Wrap the handler of the resource type."""
    from ministack.services.cloudformation import provisioners

    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        named = {"Name": title, **props} if (title := _title(props)) else props
        made = create(logical_id, named, stack)
        _route(made[0], props)
        return made

    def updated(physical_id: str, old: Any, new: dict[str, Any], *rest: Any, **named: Any) -> Any:
        made = update(physical_id, old, new, *rest, **named)
        _route(made[0], new)
        return made

    handler["create"], handler["update"] = created, updated


def operations(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The key of each route of an OpenAPI document, and its integration."""
    paths = body.get("paths")
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in methods.items() if isinstance(methods, Mapping) else ():
            said = operation.get(_INTEGRATION) if isinstance(operation, Mapping) else None
            if not isinstance(said, Mapping):
                continue
            if path == "/$default":
                yield "$default", said
            elif method == _ANY:
                yield f"ANY {path}", said
            elif method.lower() in _METHODS:
                yield f"{method.upper()} {path}", said


def _route(api: str, props: Mapping[str, Any]) -> None:
    from ministack.services import apigateway

    body = props.get("Body")
    if not isinstance(body, Mapping):
        return
    for made in ("_routes", "_integrations"):  # a body says all of them
        getattr(apigateway, made)[api] = {}
    known: dict[str, str] = {}
    for key, said in operations(body):
        text = json.dumps(said, sort_keys=True, default=str)
        if text not in known:
            known[text] = _integrated(api, said)
        apigateway._create_route(api, {"routeKey": key, "target": f"integrations/{known[text]}"})


def _integrated(api: str, said: Mapping[str, Any]) -> str:
    from ministack.services import apigateway

    called = _CALLED.match(str(said.get("uri", "")))
    data = {
        "integrationType": str(said.get("type", "aws_proxy")).upper(),
        "integrationUri": called[1] if called else said.get("uri", ""),
        "integrationMethod": str(said.get("httpMethod", "POST")),
        "payloadFormatVersion": str(said.get("payloadFormatVersion", "1.0")),
        "timeoutInMillis": int(said.get("timeoutInMillis", 30_000)),
        "connectionType": str(said.get("connectionType", "INTERNET")),
    }
    if "integrationSubtype" in said:
        data["integrationSubtype"] = said["integrationSubtype"]
    _, _, answer = apigateway._create_integration(api, data)
    return str(json.loads(answer)["integrationId"])


def _title(props: Mapping[str, Any]) -> str:
    body = props.get("Body")
    info = body.get("info") if isinstance(body, Mapping) else None
    title = info.get("title") if isinstance(info, Mapping) else None
    return title if isinstance(title, str) and "Name" not in props else ""
