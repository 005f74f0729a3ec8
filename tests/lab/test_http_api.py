"""What an HTTP API answers when the function behind it cannot, and how fast."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.conftest import Tutorial, calling, until, zipped

pytestmark = pytest.mark.lab


def producer(tutorial: Tutorial) -> str:
    return f"{tutorial.stack}-producer"


def deployed(tutorial: Tutorial, code: str) -> None:
    tutorial.session.functions().update_function_code(
        FunctionName=producer(tutorial), ZipFile=zipped({"index.py": code})
    )


def test_a_throttled_call_is_service_unavailable(tutorial: Tutorial) -> None:
    functions = tutorial.session.functions()
    functions.put_function_concurrency(
        FunctionName=producer(tutorial), ReservedConcurrentExecutions=0
    )
    assert tutorial.post("/produce", "{}") == (503, '{"message":"Service Unavailable"}')
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=producer(tutorial))
    answer: Any = caught.value.response
    assert answer["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


@pytest.mark.parametrize(
    "code",
    [
        "import nope",
        "def handler(e, c): raise ValueError('secret')",
        "import os\ndef handler(e, c): os._exit(1)",
        "def handler(e, c): return {'statusCode': 'many'}",
        "def handler(e, c): return {'statusCode': 200, 'headers': 'none'}",
    ],
)
def test_a_function_that_fails_is_an_internal_server_error(tutorial: Tutorial, code: str) -> None:
    deployed(tutorial, code)
    assert tutorial.post("/produce", "{}") == (500, '{"message":"Internal Server Error"}')


def test_an_integration_that_takes_too_long_is_service_unavailable(tutorial: Tutorial) -> None:
    deployed(tutorial, "import time\ndef handler(e, c):\n    time.sleep(0.8)\n    print('late')")
    apis = tutorial.session.http_apis()
    api = tutorial.outputs["HttpApiId"]
    for each in apis.get_integrations(ApiId=api)["Items"]:
        apis.update_integration(ApiId=api, IntegrationId=each["IntegrationId"], TimeoutInMillis=100)
    assert tutorial.post("/produce", "{}") == (503, '{"message":"Service Unavailable"}')
    until(lambda: "late\n" in tutorial.log("producer"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def handler(e, c): return {'statusCode': 418, 'body': 'tea'}", (418, "tea")),
        ("def handler(e, c): return {'a': 1}", (200, '{"a": 1}')),
        ("def handler(e, c): return 'text'", (200, "text")),
    ],
)
def test_a_function_that_answers_is_passed_on(
    tutorial: Tutorial, code: str, expected: tuple[int, str]
) -> None:
    deployed(tutorial, code)
    assert tutorial.post("/produce", "{}") == expected


def test_without_its_permission_the_api_may_not_call(tutorial: Tutorial) -> None:
    functions = tutorial.session.functions()
    policy = json.loads(functions.get_policy(FunctionName=producer(tutorial))["Policy"])
    sid = policy["Statement"][0]["Sid"]
    functions.remove_permission(FunctionName=producer(tutorial), StatementId=sid)
    assert tutorial.post("/produce", "{}") == (500, '{"message":"Internal Server Error"}')
    assert tutorial.log("producer") == []
    source = f"arn:aws:execute-api:ap-northeast-2:000000000000:{tutorial.outputs['HttpApiId']}/*"
    for sid, arn in (("other", source.replace("/*", "x/*")), ("route", f"{source}/POST/produce")):
        functions.add_permission(
            FunctionName=producer(tutorial),
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=arn,
        )
        expected = 200 if sid == "route" else 500
        assert tutorial.post("/produce", '{"input": 1}')[0] == expected


def test_the_api_answers_for_its_name_on_aws_too(tutorial: Tutorial) -> None:
    port = int(tutorial.endpoint.rpartition(":")[2])
    host = f"{tutorial.outputs['HttpApiId']}.execute-api.ap-northeast-2.amazonaws.com"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Host": host, "Content-Type": "text/plain"} | calling(tutorial.session)
    connection.request("POST", "/", '{"input": 4}', headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert (answer.status, json.loads(text)["message"]) == (
        200,
        "메시지를 받았습니다. 입력값: 4, 결과: 5",
    )
