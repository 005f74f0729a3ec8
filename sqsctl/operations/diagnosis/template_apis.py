"""The ways in over HTTP that a packaged template makes, and who may call the functions behind.

Resources become the shapes that API Gateway and Lambda would answer with once they are
deployed, so that routes and policies are read from them as from AWS.
Source: CloudFormation template reference, AWS::ApiGateway::*, AWS::ApiGatewayV2::*,
AWS::Lambda::Url, AWS::Lambda::Permission; API Gateway developer guide,
"x-amazon-apigateway-integration object", "x-amazon-apigateway-any-method object"; Lambda
developer guide, "Viewing resource-based IAM policies".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqsctl.aws.api_shapes import http_route, rest_routes, stage_name
from sqsctl.aws.functions import split_arn
from sqsctl.model.stack import Api, Route
from sqsctl.operations.packaged.intrinsics import ROOT_RESOURCE, UNKNOWN, Resolver
from sqsctl.operations.packaged.packaged_stack import Resource

Gap = Callable[[str], None]
Properties = dict[str, Any]

_VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
# Of a REST API's integration: the name in a template, and in API Gateway's answer.
_REST_INTEGRATION = {
    "Type": "type",
    "Uri": "uri",
    "TimeoutInMillis": "timeoutInMillis",
    "RequestParameters": "requestParameters",
    "RequestTemplates": "requestTemplates",
}


class TemplateApis:
    """The APIs of one template. ``gap`` is told what only a deploy could say."""

    def __init__(self, resources: Mapping[str, Resource], resolver: Resolver, gap: Gap) -> None:
        self._resources = resources
        self._resolver = resolver
        self._gap = gap

    def apis(self) -> Iterator[Api]:
        """HTTP APIs, REST APIs and function URLs with their routes."""
        for key, said in self._of("AWS::ApiGatewayV2::Api"):
            yield self._http(key, said)
        for key, said in self._of("AWS::ApiGateway::RestApi"):
            yield self._rest(key, said)
        for key, said in self._of("AWS::Lambda::Url"):
            yield from self._url(key, said)

    def statements(self) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
        """What each AWS::Lambda::Permission adds to a policy: function, qualifier, statement."""
        for key, said in self._of("AWS::Lambda::Permission"):
            named = said.get("FunctionName")
            if not isinstance(named, str):
                self._gap(f"permission {key}")
                continue
            function, qualifier = _split(named)
            yield function, qualifier, _statement(key, said, named)

    # -- HTTP APIs --------------------------------------------------------------------------

    def _http(self, key: str, said: Properties) -> Api:
        own = self._resolver.physical(key)
        protocol = said.get("ProtocolType", "HTTP")
        integrations = {
            self._resolver.physical(each): _known(shape)
            for each, shape in self._of("AWS::ApiGatewayV2::Integration", own)
        }
        routes = [shape for _, shape in self._of("AWS::ApiGatewayV2::Route", own)]
        for index, (route, integration) in enumerate(_operations(said.get("Body"))):
            integrations[f"body-{index}"] = {
                "IntegrationUri": integration.get("uri"),
                "IntegrationSubtype": integration.get("integrationSubtype"),
                "RequestParameters": integration.get("requestParameters"),
                "TimeoutInMillis": integration.get("timeoutInMillis"),
            }
            routes.append({"RouteKey": route, "Target": f"integrations/body-{index}"})
        if said.get("Target"):  # quick create: one integration for everything
            integrations["quick"] = {"IntegrationUri": said["Target"]}
            routes.append(
                {"RouteKey": said.get("RouteKey", "$default"), "Target": "integrations/quick"}
            )
        stages = [
            str(shape.get("StageName")) for _, shape in self._of("AWS::ApiGatewayV2::Stage", own)
        ]
        return Api(
            id=own,
            name=_text(said.get("Name")) or own,
            kind="http",
            endpoint="",
            stage=stage_name(stages),
            routes=tuple(
                http_route(_known(each), integrations, protocol)
                for each in routes
                if isinstance(each.get("RouteKey"), str)
            ),
            logical_id=key,
        )

    # -- REST APIs --------------------------------------------------------------------------

    def _rest(self, key: str, said: Properties) -> Api:
        own = self._resolver.physical(key)
        resources: dict[str, dict[str, Any]] = {}
        for method in self._methods(own):
            shape = resources.setdefault(
                method["path"], {"path": method["path"], "id": method["path"]}
            )
            shape.setdefault("resourceMethods", {})[method["verb"]] = method["shape"]
        for route, integration in _operations(said.get("Body")):
            verb, _, path = route.partition(" ")
            shape = resources.setdefault(path, {"path": path, "id": path})
            shape.setdefault("resourceMethods", {})[verb] = {"methodIntegration": integration}
        stages = [
            str(shape["StageName"])
            for kind in ("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment")
            for _, shape in self._of(kind, own)
            if isinstance(shape.get("StageName"), str)
        ]
        return Api(
            id=own,
            name=_text(said.get("Name")) or own,
            kind="rest",
            endpoint="",
            stage=stages[0] if stages else "",
            routes=tuple(route for each in resources.values() for route in rest_routes(each)),
            logical_id=key,
        )

    def _methods(self, api: str) -> Iterator[dict[str, Any]]:
        paths = {
            self._resolver.physical(each): (shape.get("ParentId"), shape.get("PathPart"))
            for each, shape in self._of("AWS::ApiGateway::Resource", api)
        }
        for each, shape in self._of("AWS::ApiGateway::Method", api):
            path = _path(shape.get("ResourceId"), paths)
            if path is None:
                self._gap(f"method {each}")
                continue
            said = shape.get("Integration")
            integration = {
                name: said[own]
                for own, name in _REST_INTEGRATION.items()
                if isinstance(said, Mapping) and own in said and said[own] is not UNKNOWN
            }
            yield {
                "path": path,
                "verb": str(shape.get("HttpMethod")),
                "shape": {
                    "methodIntegration": integration,
                    "authorizationType": _text(shape.get("AuthorizationType")),
                },
            }

    # -- the rest ---------------------------------------------------------------------------

    def _url(self, key: str, said: Properties) -> Iterator[Api]:
        named = said.get("TargetFunctionArn")
        if not isinstance(named, str):
            self._gap(f"function URL {key}")
            return
        function, qualifier = _split(named)
        qualifier = _text(said.get("Qualifier")) or qualifier
        route = Route(
            method="ANY",
            path="/",
            function_arn=named if named.startswith("arn:") else None,
            function_name=function,
            qualifier=qualifier,
            authorization=_text(said.get("AuthType")) or "NONE",
        )
        yield Api(
            id=self._resolver.physical(key),
            name=function,
            kind="url",
            endpoint="",
            routes=(route,),
            logical_id=key,
        )

    def _of(self, kind: str, api: str | None = None) -> Iterator[tuple[str, Properties]]:
        """Each resource of a type; those of one API where it is given."""
        for key, each in self._resources.items():
            if each.get("Type") != kind:
                continue
            said = self._resolver.properties(each)
            owner = said.get("ApiId", said.get("RestApiId"))
            if api is None or owner == api:
                yield key, said


def _path(resource: Any, paths: Mapping[str, tuple[Any, Any]], left: int = 30) -> str | None:
    """The path of a resource of a REST API; None where one above it is not in the template."""
    if not isinstance(resource, str) or not left:
        return None
    if resource.endswith(ROOT_RESOURCE):
        return "/"
    if resource not in paths:
        return None
    parent, part = paths[resource]
    above = _path(parent, paths, left - 1)
    if above is None or not isinstance(part, str):
        return None
    return f"{above.rstrip('/')}/{part}"


def _operations(body: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The key of each route of an OpenAPI document, and its integration."""
    paths = body.get("paths") if isinstance(body, Mapping) else None
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in methods.items() if isinstance(methods, Mapping) else ():
            said = operation.get(_INTEGRATION) if isinstance(operation, Mapping) else None
            if not isinstance(said, Mapping):
                continue
            if path == "/$default":
                yield "$default", said
            elif method == _ANY:
                yield f"ANY {path}", said
            elif str(method).lower() in _VERBS:
                yield f"{str(method).upper()} {path}", said


def _split(named: str) -> tuple[str, str | None]:
    """Function and qualifier of a name, an ARN, or either with an alias or version."""
    function, qualifier = split_arn(named)
    if ":" in function and not function.startswith("arn:"):
        function, _, qualifier = function.rpartition(":")
        function = function.rpartition(":")[2]
    return function, qualifier or None


def _statement(key: str, said: Properties, resource: str) -> dict[str, Any]:
    """What AddPermission writes into the function's policy."""
    principal = _text(said.get("Principal")) or ""
    equals = {
        name: said[own]
        for own, name in (
            ("SourceAccount", "AWS:SourceAccount"),
            ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
            ("EventSourceToken", "lambda:EventSourceToken"),
            ("PrincipalOrgID", "aws:PrincipalOrgID"),
        )
        if said.get(own) is not None
    }
    conditions: dict[str, Any] = {"StringEquals": equals} if equals else {}
    if said.get("SourceArn") is not None:
        conditions["ArnLike"] = {"AWS:SourceArn": said["SourceArn"]}
    if said.get("InvokedViaFunctionUrl") is not None:
        conditions["Bool"] = {
            "lambda:InvokedViaFunctionUrl": str(said["InvokedViaFunctionUrl"]).lower()
        }
    kind = "Service" if "." in principal else "AWS"
    return {
        "Sid": key,
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {kind: principal},
        "Action": _text(said.get("Action")) or "",
        "Resource": resource,
        **({"Condition": conditions} if conditions else {}),
    }


def _known(shape: Properties) -> Properties:
    return {key: value for key, value in shape.items() if value is not UNKNOWN}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
