"""The lab answers only its owner, whoever else reaches its port, and from wherever."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from sqsctl.aws.lab_calls import signed_headers
from sqsctl.aws.lab_state import CALL_HEADER, LabState
from sqsctl.lab.fidelity import admission
from sqsctl.lab.fidelity.admission import RefusedCallError, Request
from tests.lab.conftest import Functions, Tutorial, calling, session_on

PORT = 4599
OWN_ROUTES = (
    "/_ministack/health",
    "/_ministack/ready",
    "/_ministack/reset",
    "/_ministack/config",
    "/_ministack/sqs/messages",
    "/_ministack/lambda-code/000000000000/ap-northeast-2/f",
    "/_localstack/health",
    "/_sqsctl/concurrency",
)
SERVICES = (
    "/",
    "/health",
    "/?Action=ListQueues",
    "/?Action=GetCallerIdentity&Version=2011-06-15",
    "/2015-03-31/functions/",
    "/000000000000/jobs?Action=ReceiveMessage",
    "/bucket/key",
    "/_aws/execute-api/abcdef12/$default/produce",
    "/_aws/lambda-url/abcdef12/",
    "/restapis/abcdef12/dev/_user_request_/produce",
    "/v2/apis",
)

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(lab_state: LabState) -> Ask:
    """One plain request to the lab: its status and its document."""

    def send(
        method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", lab_state.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            document = json.loads(text)
        except ValueError:
            document = {"text": text}
        return answer.status, document if isinstance(document, dict) else {"text": document}

    return send


@pytest.mark.lab
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "HEAD"])
def test_nothing_is_answered_unsigned(ask: Ask, method: str) -> None:
    for path in (*OWN_ROUTES, *SERVICES):
        status, said = ask(method, path)
        assert status == 403, path
        assert method == "HEAD" or "only its owner" in said["message"], path


@pytest.mark.lab
def test_the_lab_is_as_it_was_after_all_that(ask: Ask, lab_state: LabState) -> None:
    sqs = session_on(lab_state).sqs()
    url = sqs.create_queue(QueueName="stays")["QueueUrl"]
    assert ask("POST", "/_ministack/reset")[0] == 403
    assert ask("POST", "/_sqsctl/concurrency", body=b'{"limit": 1}')[0] == 403
    assert sqs.get_queue_url(QueueName="stays")["QueueUrl"] == url
    sqs.delete_queue(QueueUrl=url)


@pytest.mark.lab
@pytest.mark.parametrize("service", ["sqs", "lambda", "cloudformation", "iam", "logs", "sts"])
@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("test", "test"),
        ("000000000000", "test"),
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI"),
        ("the lab's", "guessed"),
    ],
)
def test_other_keys_are_refused_as_on_aws(
    lab_state: LabState, service: str, key: str, secret: str
) -> None:
    calls = {
        "sqs": "list_queues",
        "lambda": "list_functions",
        "cloudformation": "list_stacks",
        "iam": "list_roles",
        "logs": "describe_log_groups",
        "sts": "get_caller_identity",
    }
    client: Any = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=lab_state.endpoint,
        region_name=lab_state.region,
        aws_access_key_id=lab_state.access_key_id if key == "the lab's" else key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, calls[service])()
    assert refused.value.response["Error"]["Code"] in {
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }


@pytest.mark.lab
def test_a_page_is_refused_whatever_it_knows(ask: Ask, lab_state: LabState) -> None:
    path = "/_sqsctl/concurrency"
    for more, expected in (
        ({}, 200),
        ({"Origin": lab_state.endpoint}, 200),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        assert ask("GET", path, signed_headers(lab_state, "GET", path) | more)[0] == expected, more


@pytest.mark.lab
def test_a_name_that_leads_here_is_not_the_lab(ask: Ask, lab_state: LabState) -> None:
    path = "/_ministack/health"
    for host in ("evil.example", f"evil.example:{lab_state.port}", "0.0.0.0", "127.0.0.1:9"):
        named = replace(lab_state, endpoint=f"http://{host}")
        assert ask("GET", path, signed_headers(named, "GET", path))[0] == 403, host
    for host in (f"127.0.0.1:{lab_state.port}", f"localhost:{lab_state.port}"):
        named = replace(lab_state, endpoint=f"http://{host}")
        assert ask("GET", path, signed_headers(named, "GET", path))[0] == 200, host


@pytest.mark.lab
def test_a_presigned_request_is_answered(ask: Ask, lab_state: LabState) -> None:
    url = f"{lab_state.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url)
    keys = Keys(lab_state.access_key_id, lab_state.secret_access_key)
    SigV4QueryAuth(keys, "sts", lab_state.region, expires=60).add_auth(request)
    signed = str(request.url).removeprefix(lab_state.endpoint)
    assert ask("GET", signed)[0] == 200
    assert ask("GET", signed.replace("GetCallerIdentity", "GetSessionToken"))[0] == 403
    assert ask("GET", signed.replace("Expires=60", "Expires=600"))[0] == 403
    assert ask("GET", f"{signed}&X-Amz-Credential=test")[0] == 400
    assert ask("GET", f"{signed}&AWSAccessKeyId=test")[0] == 400


@pytest.mark.lab
def test_code_is_fetched_only_at_the_address_that_the_lab_signed(
    ask: Ask, lab_state: LabState, functions: Functions
) -> None:
    one = functions.make("def handler(e, c): return 1")
    functions.make("def handler(e, c): return 2")
    url = functions.session.functions().get_function(FunctionName=one)["Code"]["Location"]
    signed = url.removeprefix(lab_state.endpoint)
    assert ask("GET", signed.partition("?")[0])[0] == 403
    assert ask("GET", signed.replace(one, functions.made[1]))[0] == 403
    assert ask("GET", signed[:-4] + "0000")[0] == 403
    connection = http.client.HTTPConnection("127.0.0.1", lab_state.port, timeout=20)
    connection.request("GET", signed)
    answer = connection.getresponse()
    assert (answer.status, answer.read(2)) == (200, b"PK")
    connection.close()


@pytest.mark.lab
def test_a_functions_credentials_work_and_cannot_be_guessed(
    lab_state: LabState, functions: Functions
) -> None:
    code = """
import boto3, os
def handler(event, context):
    who = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).get_caller_identity()
    return {"who": who["Arn"], "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""
    seen = functions.run(code, Timeout=30).payload
    assert ":assumed-role/tests/" in seen["who"]
    found = functions.session.functions().get_function(FunctionName=functions.made[-1])
    arn = found["Configuration"]["FunctionArn"]
    derived = hashlib.sha256(f"{arn}:{found['Configuration']['Role']}".encode()).hexdigest()
    assert seen["key"] != f"ASIA{derived[:16].upper()}"
    sts = boto3.client(
        "sts",
        endpoint_url=lab_state.endpoint,
        region_name=lab_state.region,
        aws_access_key_id=seen["key"],
        aws_secret_access_key=hashlib.sha256(f"secret:{derived}".encode()).hexdigest(),
        aws_session_token=hashlib.sha256(f"token:{derived}".encode()).hexdigest(),
    )
    with pytest.raises(ClientError):
        sts.get_caller_identity()


@pytest.mark.lab
def test_a_role_may_not_use_the_labs_own_routes(lab_state: LabState, role: str, ask: Ask) -> None:
    session = session_on(lab_state)
    user = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [user]})
    session.iam().update_assume_role_policy(RoleName="tests", PolicyDocument=trust)
    given = session.sts().assume_role(RoleArn=role, RoleSessionName="session")
    keys = given["Credentials"]
    path = "/_ministack/reset"
    request = AWSRequest("POST", f"{lab_state.endpoint}{path}", data=b"")
    request.headers["Host"] = lab_state.endpoint.partition("//")[2]
    SigV4Auth(
        Keys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
        "sqsctl",
        lab_state.region,
    ).add_auth(request)
    assert ask("POST", path, dict(request.headers.items()))[0] == 403


@pytest.mark.lab
def test_an_api_wants_the_call_key_and_its_function_never_sees_it(tutorial: Tutorial) -> None:
    port = int(tutorial.endpoint.rpartition(":")[2])
    host = tutorial.outputs["HttpApiUrl"].partition("//")[2]
    functions = tutorial.session.functions()
    name = f"{tutorial.stack}-producer"
    from tests.lab.conftest import zipped

    echo = "import json\ndef handler(e, c): return json.dumps(e)"
    functions.update_function_code(FunctionName=name, ZipFile=zipped({"index.py": echo}))
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def post(headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        connection.request("POST", "/produce", "{}", {"Host": host} | headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    assert post({})[0] == 403
    assert post({CALL_HEADER: "0" * 64})[0] == 403
    assert post(calling(tutorial.session) | {"Origin": "http://localhost:3000"})[0] == 403
    status, text = post(calling(tutorial.session) | {"Authorization": "Bearer own"})
    assert status == 200
    assert "Bearer own" in text
    assert CALL_HEADER.lower() not in text.lower()
    assert all(secret not in text for secret in calling(tutorial.session).values())


@pytest.mark.lab
def test_a_large_body_is_not_read_for_somebody_unknown(lab_state: LabState) -> None:
    host = f"127.0.0.1:{lab_state.port}"
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", lab_state.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403")


@pytest.mark.lab
def test_a_web_socket_is_refused_too(lab_state: LabState) -> None:
    head = (
        f"GET /_aws/execute-api/abcdef12/dev HTTP/1.1\r\nHost: 127.0.0.1:{lab_state.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", lab_state.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403")


# -- the rules by themselves --------------------------------------------------------------------


@contextlib.contextmanager
def in_the_lab() -> Iterator[None]:
    """The environment of a lab's server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "LABOWN")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "the lab's secret")
        yield


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4599",
        "127.8.9.1:4599",
        "localhost:4599",
        "LOCALHOST:4599",
        "[::1]:4599",
        "bucket.localhost:4599",
        "abcdef12.execute-api.127.0.0.1:4599",
        "abcdef12.execute-api.eu-west-1.amazonaws.com",
        "abc.lambda-url.eu-west-1.on.aws",
    ],
)
def test_hosts_that_are_here(host: str) -> None:
    assert admission.host_is_here(host, PORT)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:4598",
        "127.0.0.1:4599:4599",
        "127.0.0.1.evil.example:4599",
        "localhost.evil.example:4599",
        "evil.example",
        "evil.example:4599",
        "evillocalhost:4599",
        "0.0.0.0:4599",
        "[::]:4599",
        "192.168.0.1:4599",
        "2130706433:4599",
        "0x7f000001:4599",
        "user@127.0.0.1:4599",
        "127.0.0.1:4599/",
        "127.0.0.1:4599 evil.example",
        "evil.execute-api.example.amazonaws.com.evil.example",
        "a.b.execute-api.eu-west-1.amazonaws.com",
    ],
)
def test_hosts_that_are_not(host: str) -> None:
    assert not admission.host_is_here(host, PORT)


@functools.cache
def signed(
    method: str = "POST", path: str = "/a/b?c=d&e=", body: bytes = b"{}", key: str = "LABOWN"
) -> tuple[Request, bytes]:
    """A request as botocore signs it."""
    made = AWSRequest(method, f"http://127.0.0.1:{PORT}{path}", data=body)
    made.headers["Host"] = f"127.0.0.1:{PORT}"
    made.headers["X-Amz-Target"] = "AmazonSQS.ListQueues"
    SigV4Auth(Keys(key, "the lab's secret"), "sqs", "eu-west-1").add_auth(made)
    parts = urlsplit(path)
    headers = {name.lower(): value for name, value in made.headers.items()}
    query = parse_qs(parts.query, keep_blank_values=True)
    return Request(method, parts.path, parts.path, query, headers), body


def admitted(request: Request, body: bytes) -> bool:
    try:
        with in_the_lab():
            admission.check_origin(request, PORT)
            return admission.needs_body(request) and bool(admission.check_signature(request, body))
    except (RefusedCallError, ValueError, TypeError):  # the gateway refuses what it cannot read
        return False


def test_botocores_signature_is_taken() -> None:
    assert admitted(*signed())


@pytest.mark.parametrize("key", ["test", "", "123456789012", "LABOTHER"])
def test_a_key_that_upstream_takes_for_its_root_is_not_the_labs(key: str) -> None:
    assert not admitted(*signed(key=key))


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_of_a_signed_request_is_changed_it_is_refused(data: st.DataObject) -> None:
    request, body = signed()
    what = data.draw(st.sampled_from(["method", "path", "query", "header", "body", "signature"]))
    if what == "method":
        request = replace(request, method=data.draw(st.sampled_from(["GET", "PUT", "DELETE"])))
    elif what == "path":
        path = data.draw(st.text("abc/%2.", min_size=1).map(lambda text: f"/{text}"))
        if path.strip("/") in {"a/b", "./a/b", "a/./b"} or "//" in path or ".." in path:
            return
        request = replace(request, path=path, raw_path=path)
    elif what == "query":
        name, value = data.draw(st.text(max_size=5)), data.draw(st.text(max_size=5))
        if (name, value) in {("c", "d"), ("e", "")}:
            return
        request = replace(request, query={**request.query, name: [value]})
    elif what == "header":
        name = data.draw(st.sampled_from(["x-amz-target", "x-amz-date", "host"]))
        request = replace(request, headers={**request.headers, name: data.draw(st.text())})
    elif what == "body":
        body = data.draw(st.binary().filter(lambda raw: raw != b"{}"))
    else:
        given_one = request.headers["authorization"]
        at = data.draw(st.integers(0, len(given_one) - 1))
        other = data.draw(st.characters(exclude_characters=given_one[at], codec="latin-1"))
        if given_one[at] == " " and (other.isspace() or other == ","):
            return
        changed = given_one[:at] + other + given_one[at + 1 :]
        request = replace(request, headers={**request.headers, "authorization": changed})
    assert not admitted(request, body)


@pytest.mark.parametrize("name", ["host", "origin", "authorization", CALL_HEADER.lower()])
def test_a_header_that_decides_comes_once(name: str) -> None:
    request, body = signed()
    assert not admitted(replace(request, repeated=frozenset({name})), body)


def test_an_old_signature_is_none() -> None:
    request, body = signed()
    old = {**request.headers, "x-amz-date": "20200101T000000Z"}
    assert not admitted(replace(request, headers=old), body)
