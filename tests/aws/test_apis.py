"""HTTP APIs, REST APIs and function URLs as ways into a stack."""

from __future__ import annotations

from typing import Self

import pytest

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.session import dns_suffix
from sqsctl.errors import NotFoundError
from tests.aws.stubs import Stubbed

FUNCTION = "arn:aws:lambda:ap-northeast-2:123456789012:function:producer"
WRAPPED = (
    "arn:aws:apigateway:ap-northeast-2:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:ap-northeast-2:123456789012:function:{}/invocations"
)


class SingleThreaded:
    """Answers are queued in one order: the calls are made in one, too."""

    def __init__(self, workers: int = 0) -> None:
        del workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, call, *args, **kwargs):  # type: ignore[no-untyped-def]
        from concurrent.futures import Future

        future: Future[object] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - what a future does
            future.set_exception(error)
        return future


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Stubbed:
    monkeypatch.setattr("sqsctl.aws.apis.Pool", SingleThreaded)
    return Stubbed()


def http_api(aws: Stubbed, *, stages: list[str], uri: str = FUNCTION) -> None:
    aws.answer(
        "apigatewayv2",
        "get_api",
        {"Name": "dev-svc", "ApiEndpoint": "https://a1.execute-api.ap-northeast-2.amazonaws.com"},
    )
    aws.answer(
        "apigatewayv2",
        "get_routes",
        {
            "Items": [
                {"RouteKey": "POST /produce", "Target": "integrations/i1"},
                {"RouteKey": "$default", "Target": "integrations/i2", "AuthorizationType": "JWT"},
            ]
        },
    )
    aws.answer(
        "apigatewayv2",
        "get_integrations",
        {
            "Items": [
                {"IntegrationId": "i1", "IntegrationUri": uri, "TimeoutInMillis": 5_000},
                {"IntegrationId": "i2", "IntegrationUri": "https://example.com"},
            ]
        },
    )
    aws.answer("apigatewayv2", "get_stages", {"Items": [{"StageName": each} for each in stages]})


def test_an_http_api(aws: Stubbed) -> None:
    http_api(aws, stages=["$default"])
    api = ApiReader(aws.session).http_api("a1", "HttpApi")
    assert api.endpoint == "https://a1.execute-api.ap-northeast-2.amazonaws.com"
    produce, rest = api.routes
    assert (produce.method, produce.path, produce.function_name) == ("POST", "/produce", "producer")
    assert (produce.timeout_ms, produce.authorization) == (5_000, "NONE")
    assert (rest.method, rest.path, rest.function_name) == ("ANY", "$default", None)
    assert rest.authorization == "JWT"
    assert api.logical_id == "HttpApi"


def test_a_named_stage_is_part_of_the_endpoint(aws: Stubbed) -> None:
    http_api(aws, stages=["dev"])
    api = ApiReader(aws.session).http_api("a1")
    assert api.endpoint.endswith(".amazonaws.com/dev")


@pytest.mark.parametrize(
    ("uri", "qualifier"),
    [(FUNCTION, None), (f"{FUNCTION}:live", "live"), (WRAPPED.format("producer:7"), "7")],
)
def test_the_function_behind_a_route_and_its_alias(
    aws: Stubbed, uri: str, qualifier: str | None
) -> None:
    http_api(aws, stages=["$default"], uri=uri)
    route = ApiReader(aws.session).http_api("a1").routes[0]
    assert (route.function_name, route.qualifier) == ("producer", qualifier)


def test_a_rest_api(aws: Stubbed) -> None:
    aws.answer("apigateway", "get_rest_api", {"name": "dev-svc"})
    aws.answer("apigateway", "get_stages", {"item": [{"stageName": "dev"}]})
    integration = {"type": "AWS_PROXY", "uri": WRAPPED.format("producer"), "timeoutInMillis": 29000}
    aws.answer(
        "apigateway",
        "get_resources",
        {
            "items": [
                {"id": "r0", "path": "/"},
                {
                    "id": "r1",
                    "path": "/produce",
                    "resourceMethods": {
                        "POST": {"authorizationType": "NONE", "methodIntegration": integration},
                        "OPTIONS": {"methodIntegration": {"type": "MOCK"}},
                    },
                },
            ]
        },
    )
    api = ApiReader(aws.session).rest_api("a1")
    assert api.endpoint == "https://a1.execute-api.ap-northeast-2.amazonaws.com/dev"
    assert [(each.method, each.path, each.function_name) for each in api.routes] == [
        ("POST", "/produce", "producer")
    ]
    aws.done()


@pytest.mark.parametrize(
    ("integration", "queue"),
    [
        ({"uri": "arn:aws:apigateway:r:sqs:path/123456789012/jobs"}, "jobs"),
        ({"uri": "arn:aws:apigateway:r:sqs:path/123456789012/jobs.fifo"}, "jobs.fifo"),
        (
            {
                "uri": "arn:aws:apigateway:r:sqs:action/SendMessage",
                "requestTemplates": {
                    "application/json": "Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs.r.amazonaws"
                    ".com%2F123456789012%2Fjobs&MessageBody=$input.body"
                },
            },
            "jobs",
        ),
        (
            {
                "uri": "arn:aws:apigateway:r:sqs:path//",
                "requestParameters": {
                    "integration.request.querystring.QueueUrl": "'https://sqs.r.amazonaws.com/"
                    "123456789012/jobs'"
                },
            },
            "jobs",
        ),
        ({"uri": "arn:aws:apigateway:r:sqs:action/SendMessage"}, None),
        ({"uri": "arn:aws:apigateway:r:sns:path/123456789012/jobs"}, None),
        ({}, None),
    ],
)
def test_a_rest_api_that_sends_to_the_queue_itself(
    aws: Stubbed, integration: dict[str, object], queue: str | None
) -> None:
    aws.answer("apigateway", "get_rest_api", {"name": "n"})
    aws.answer("apigateway", "get_stages", {"item": [{"stageName": "live"}]})
    method = {"authorizationType": "NONE", "methodIntegration": {"type": "AWS", **integration}}
    resource = {"id": "x", "path": "/inbox", "resourceMethods": {"POST": method}}
    aws.answer("apigateway", "get_resources", {"items": [resource]})
    (route,) = ApiReader(aws.session).rest_api("r").routes
    assert (route.function_name, route.queue_name) == (None, queue)


@pytest.mark.parametrize(
    ("protocol", "subtype", "methods", "queue"),
    [
        ("HTTP", "SQS-SendMessage", ["POST", "ANY"], "jobs"),
        ("HTTP", "EventBridge-PutEvents", ["POST", "ANY"], None),
        ("WEBSOCKET", "SQS-SendMessage", ["POST", "WEBSOCKET"], "jobs"),
    ],
)
def test_an_http_api_that_sends_to_the_queue_itself(
    aws: Stubbed, protocol: str, subtype: str, methods: list[str], queue: str | None
) -> None:
    """And the routes of a WebSocket API, which take no request over HTTP."""
    aws.answer("apigatewayv2", "get_api", {"Name": "n", "ProtocolType": protocol})
    routes = [{"RouteKey": key, "Target": "integrations/i"} for key in ("POST /in", "$default")]
    aws.answer("apigatewayv2", "get_routes", {"Items": routes})
    url = "https://sqs.r.amazonaws.com/123456789012/jobs"
    integration = {
        "IntegrationId": "i",
        "IntegrationSubtype": subtype,
        "RequestParameters": {"QueueUrl": url, "MessageBody": "$request.body"},
    }
    aws.answer("apigatewayv2", "get_integrations", {"Items": [integration]})
    aws.answer("apigatewayv2", "get_stages", {"Items": []})
    found = ApiReader(aws.session).http_api("a").routes
    assert [each.method for each in found] == methods
    assert {each.queue_name for each in found} == {queue}


@pytest.mark.parametrize(
    "uri",
    [
        "arn:aws:apigateway:eu-central-1:sqs:path/123456789012/ws-in",
        "arn:aws-cn:apigateway:cn-north-1:sqs:action/SendMessage",
    ],
)
def test_a_websocket_api_that_sends_to_the_queue_itself(aws: Stubbed, uri: str) -> None:
    """An AWS integration, told as a REST API's: by path, or with the URL in what is sent."""
    aws.answer("apigatewayv2", "get_api", {"Name": "n", "ProtocolType": "WEBSOCKET"})
    routes = [{"RouteKey": "$default", "Target": "integrations/i"}]
    aws.answer("apigatewayv2", "get_routes", {"Items": routes})
    url = "https%3A%2F%2Fsqs.r.amazonaws.com%2F123456789012%2Fws-in"
    integration = {
        "IntegrationId": "i",
        "IntegrationType": "AWS",
        "IntegrationUri": uri,
        "RequestTemplates": {"$default": f"Action=SendMessage&QueueUrl={url}"},
    }
    aws.answer("apigatewayv2", "get_integrations", {"Items": [integration]})
    aws.answer("apigatewayv2", "get_stages", {"Items": []})
    (route,) = ApiReader(aws.session).http_api("a").routes
    assert (route.method, route.path, route.queue_name) == ("WEBSOCKET", "$default", "ws-in")


def test_a_function_url(aws: Stubbed) -> None:
    aws.answer(
        "lambda",
        "get_function_url_config",
        {
            "FunctionUrl": "https://abc.lambda-url.ap-northeast-2.on.aws/",
            "FunctionArn": f"{FUNCTION}:live",
            "AuthType": "AWS_IAM",
            "CreationTime": "2026",
            "LastModifiedTime": "2026",
        },
        {"FunctionName": "producer", "Qualifier": "live"},
    )
    api = ApiReader(aws.session).function_url(f"{FUNCTION}:live")
    assert api.endpoint == "https://abc.lambda-url.ap-northeast-2.on.aws"
    assert api.routes[0].authorization == "AWS_IAM"
    assert api.routes[0].qualifier == "live"


def test_an_api_that_is_not_there(aws: Stubbed) -> None:
    for operation in ("get_api", "get_routes", "get_integrations", "get_stages"):
        aws.refuse("apigatewayv2", operation, "NotFoundException", status=404)
    with pytest.raises(NotFoundError, match="no API a1"):
        ApiReader(aws.session).http_api("a1")


@pytest.mark.parametrize(
    ("region", "end"),
    [
        ("eu-central-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-gov-west-1", "amazonaws.com"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("zz-nowhere-9", "amazonaws.com"),
    ],
)
def test_hosts_end_as_their_partition_says(region: str, end: str) -> None:
    assert dns_suffix(region) == end
