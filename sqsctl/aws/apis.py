"""Ways into a stack over HTTP: HTTP APIs, REST APIs and function URLs.

Each comes out as a model.Api with its routes, and behind each route the function that its
integration calls. An integration that calls no function has none; one that sends to a queue
by itself names that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from sqsctl.aws.api_shapes import http_route, rest_routes, stage_name, with_stage
from sqsctl.aws.functions import split_arn
from sqsctl.aws.parallel import Pool
from sqsctl.aws.session import Session, dns_suffix
from sqsctl.aws.unsupported import offered
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.stack import Api, Route

MAX_ROUTES = 2_000


class ApiReader:
    """The APIs of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def read(self, kind: str, identifier: str, logical_id: str | None = None) -> Api:
        """An API with its routes. ``kind`` is http, rest or url. Raises NotFoundError."""
        readers = {"http": self.http_api, "rest": self.rest_api, "url": self.function_url}
        return readers[kind](identifier, logical_id)

    def kind_of(self, api_id: str) -> Literal["http", "rest"] | None:
        """Which kind of API has this id; None where there is none."""
        http: Any = self.session.http_apis()
        rest: Any = self.session.rest_apis()
        what = f"API {api_id}"
        try:
            _asked(what, lambda: http.get_api(ApiId=api_id))
        except NotFoundError:
            pass
        else:
            return "http"
        try:
            _asked(what, lambda: rest.get_rest_api(restApiId=api_id))
        except NotFoundError:
            return None
        return "rest"

    def http_api(self, api_id: str, logical_id: str | None = None) -> Api:
        """An HTTP API: GetApi, GetRoutes, GetIntegrations and GetStages at the same time."""
        client: Any = self.session.http_apis()
        what = f"API {api_id}"
        with Pool(4) as pool:
            api = pool.submit(_asked, what, lambda: client.get_api(ApiId=api_id))
            routes = pool.submit(_paged, what, client.get_routes, ApiId=api_id)
            integrations = pool.submit(_paged, what, client.get_integrations, ApiId=api_id)
            stages = pool.submit(_paged, what, client.get_stages, ApiId=api_id)
            shape = api.result()
            behind = {each.get("IntegrationId", ""): each for each in integrations.result()}
            stage = stage_name([each.get("StageName", "") for each in stages.result()])
            found = routes.result()
        return Api(
            id=api_id,
            name=shape.get("Name", ""),
            kind="http",
            endpoint=with_stage(self._reachable(shape.get("ApiEndpoint", ""), api_id), stage),
            stage=stage,
            routes=tuple(http_route(each, behind, shape.get("ProtocolType")) for each in found),
            logical_id=logical_id,
        )

    def rest_api(self, api_id: str, logical_id: str | None = None) -> Api:
        """A REST API: GetRestApi, GetStages and GetResources with the methods embedded."""
        client: Any = self.session.rest_apis()
        what = f"API {api_id}"
        with Pool(3) as pool:
            api = pool.submit(_asked, what, lambda: client.get_rest_api(restApiId=api_id))
            stages = pool.submit(_asked, what, lambda: client.get_stages(restApiId=api_id))
            resources = pool.submit(self._resources, client, api_id)
            shape = api.result()
            names = [each.get("stageName", "") for each in stages.result().get("item") or ()]
            found = resources.result()
        stage = names[0] if names else ""
        host = self._reachable("", api_id)
        return Api(
            id=api_id,
            name=shape.get("name", ""),
            kind="rest",
            endpoint=with_stage(host, stage),
            stage=stage,
            routes=tuple(route for each in found for route in rest_routes(each)),
            logical_id=logical_id,
        )

    def function_url(self, reference: str, logical_id: str | None = None) -> Api:
        """A function's own URL. ``reference`` is the function's name or ARN."""
        client: Any = self.session.functions()
        name, qualifier = split_arn(reference)
        if ":" in name:
            name, _, qualifier = name.partition(":")
        request = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
        shape = _asked(f"URL of function {name}", lambda: client.get_function_url_config(**request))
        url = str(shape.get("FunctionUrl", "")).rstrip("/")
        arn = str(shape.get("FunctionArn", ""))
        return Api(
            id=urlsplit(url).hostname or name,
            name=name,
            kind="url",
            endpoint=url,
            routes=(
                Route(
                    method="ANY",
                    path="/",
                    function_arn=arn or None,
                    function_name=name,
                    qualifier=qualifier,
                    authorization=shape.get("AuthType") or "NONE",
                ),
            ),
            logical_id=logical_id,
        )

    def _resources(self, client: Any, api_id: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        position: str | None = None
        while True:
            request: dict[str, Any] = {"restApiId": api_id, "embed": ["methods"], "limit": 500}
            if position:
                request["position"] = position
            page = _asked(f"API {api_id}", lambda asked=request: client.get_resources(**asked))
            found += page.get("items") or ()
            position = page.get("position")
            if not position or len(found) >= MAX_ROUTES:
                return [self._with_integrations(client, api_id, each) for each in found]

    def _with_integrations(
        self, client: Any, api_id: str, resource: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Some endpoints embed a method without its integration: that is asked for then."""
        methods = dict(resource.get("resourceMethods") or {})
        for verb, method in methods.items():
            if verb == "OPTIONS" or method.get("methodIntegration"):
                continue
            try:
                integration = _asked(
                    f"API {api_id}",
                    lambda verb=verb: client.get_integration(
                        restApiId=api_id, resourceId=resource["id"], httpMethod=verb
                    ),
                )
            except NotFoundError:
                continue
            methods[verb] = {**method, "methodIntegration": integration}
        return {**resource, "resourceMethods": methods}

    def _reachable(self, endpoint: str, api_id: str) -> str:
        if endpoint:
            return endpoint.rstrip("/")
        region = self.session.target.region
        return f"https://{api_id}.execute-api.{region}.{dns_suffix(region)}"


def _asked(what: str, call: Any) -> Mapping[str, Any]:
    try:
        with offered(what):
            answer: Mapping[str, Any] = call()
            return answer
    except SqsctlError as error:
        if error.code != "not_found":
            raise
        raise NotFoundError(f"there is no {what}", code="api_not_found") from error


def _paged(what: str, call: Any, **request: Any) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    while True:
        page = _asked(what, lambda: call(**request))
        found += page.get("Items") or ()
        token = page.get("NextToken")
        if not token or len(found) >= MAX_ROUTES:
            return found
        request["NextToken"] = token
