"""HTTP posts: one attempt, kept connections, the right Host, whatever comes back."""

from __future__ import annotations

import threading

import pytest

from sqsctl.aws.api import BODY_CAP_BYTES, ApiClient
from sqsctl.errors import UsageError
from tests.aws.loopback import Answer, serving


def test_a_post_is_json_with_its_latency() -> None:
    with serving(lambda _: Answer(202, "답".encode())) as loopback:
        answer = ApiClient(f"{loopback.url}/produce").post('{"input": 1}')
    (request,) = loopback.requests
    assert (request.method, request.path, request.body) == ("POST", "/produce", b'{"input": 1}')
    assert request.headers["Content-Type"] == "application/json"
    assert (answer.status, answer.body, answer.ok) == (202, "답", True)
    assert answer.latency_ms > 0


def test_an_endpoint_of_ones_own_gets_the_apis_host_name() -> None:
    with serving(lambda _: Answer()) as loopback:
        url = "http://abc123.execute-api.ap-northeast-2.amazonaws.com/stage/produce?x=1"
        assert ApiClient(url, endpoint=loopback.url).post("{}").status == 200
    (request,) = loopback.requests
    assert request.headers["Host"] == "abc123.execute-api.ap-northeast-2.amazonaws.com"
    assert request.path == "/stage/produce?x=1"


def test_connections_are_kept() -> None:
    with serving(lambda _: Answer(body=b"x" * 1000)) as loopback:
        api = ApiClient(loopback.url)
        for _ in range(5):
            api.post("{}")
    assert len(loopback.connections) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_no_redirect_is_followed_and_nothing_is_tried_again(status: int) -> None:
    with serving(lambda _: Answer(status, b"{}", {"Location": "/elsewhere"})) as loopback:
        answer = ApiClient(loopback.url).post("{}")
    assert answer.status == status
    assert not answer.ok
    assert len(loopback.requests) == 1


def test_a_long_answer_is_cut_off() -> None:
    with serving(lambda _: Answer(body=b"x" * 200_000)) as loopback:
        answer = ApiClient(loopback.url).post("{}")
    assert len(answer.body) == BODY_CAP_BYTES


def test_bytes_that_are_no_text_are_shown_somehow() -> None:
    with serving(lambda _: Answer(body=b"\xff\xfe")) as loopback:
        assert ApiClient(loopback.url).post("{}").body == "��"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(reset=True), "connection closed without an answer"),
        (Answer(delay_s=3), "no answer in time"),
        (Answer(body=b"x" * 100, cut=10), "answer torn"),
    ],
)
def test_no_answer_has_a_reason_and_may_have_arrived(answer: Answer, error: str) -> None:
    with serving(lambda _: answer) as loopback:
        result = ApiClient(loopback.url, timeout_s=0.3).post("{}")
    assert (result.status, result.error, result.sent) == (None, error, True)


def test_no_connection_means_not_sent() -> None:
    with serving(lambda _: Answer()) as loopback:
        url = loopback.url
    result = ApiClient(url).post("{}")
    assert (result.status, result.sent) == (None, False)
    assert result.error == "connection refused or host unknown"


def test_a_proxy_from_the_environment_is_not_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(lambda _: Answer()) as loopback:
        assert ApiClient(loopback.url).post("{}").status == 200
        named = ApiClient("http://x.execute-api.amazonaws.com/", endpoint=loopback.url)
        assert named.post("{}").status == 200


def test_a_proxy_from_the_environment_is_for_the_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer(203)) as loopback:
        monkeypatch.setenv("http_proxy", loopback.url)
        assert ApiClient("http://api.example.invalid/x").post("{}").status == 203
    assert loopback.requests[0].path == "http://api.example.invalid/x"


@pytest.mark.parametrize("url", ["", "jobs", "ftp://x/", "http://", "file:///etc/passwd"])
def test_what_is_no_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        ApiClient(url)


def test_threads_share_it() -> None:
    with serving(lambda request: Answer(body=request.body)) as loopback:
        api = ApiClient(loopback.url)
        seen: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: seen.append(api.post(str(n)).body))
            for n in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(seen) == [str(n) for n in range(8)]
