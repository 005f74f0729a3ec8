"""Live Tail, against a server of our own that speaks its event stream."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqsctl.aws.session import Credentials, Session
from sqsctl.model.logline import LogEvent
from sqsctl.model.target import Target
from sqsctl.operations.logs.live import live_tail
from sqsctl.operations.logs.tail import Notice, Tailed

GROUP = "/aws/lambda/worker"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
NOW_MS = 1_796_000_000_000


def frame(kind: str, payload: Any, *, exception: bool = False) -> bytes:
    """One message of application/vnd.amazon.eventstream."""
    told = {
        ":message-type": "exception" if exception else "event",
        (":exception-type" if exception else ":event-type"): kind,
        ":content-type": "application/json",
    }
    headers = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + len(value).to_bytes(2, "big")
        + value.encode()
        for name, value in told.items()
    )
    body = json.dumps(payload).encode()
    total = 12 + len(headers) + len(body) + 4
    prelude = total.to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    head = prelude + zlib.crc32(prelude).to_bytes(4, "big") + headers + body
    return head + zlib.crc32(head).to_bytes(4, "big")


def update(*messages: str, sampled: bool = False, at: int = NOW_MS) -> bytes:
    results = [
        {
            "logStreamName": "s",
            "logGroupIdentifier": ARN,
            "message": each,
            "timestamp": at + number,
            "ingestionTime": at,
        }
        for number, each in enumerate(messages)
    ]
    metadata = {"sampled": sampled}
    return frame("sessionUpdate", {"sessionMetadata": metadata, "sessionResults": results})


@contextmanager
def server(*frames: bytes, refusal: str = "") -> Iterator[tuple[Session, list[dict[str, Any]]]]:
    """A session on a server that answers StartLiveTail with these frames."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = json.loads(self.rfile.read(length) or b"{}")
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            if operation == "DescribeLogGroups":
                group = {"logGroupName": GROUP, "arn": f"{ARN}:*"}
                self.answer(200, json.dumps({"logGroups": [group]}).encode())
                return
            asked.append(request)
            if refusal:
                self.answer(400, json.dumps({"__type": refusal, "message": "no"}).encode())
                return
            start = {"logGroupIdentifiers": request["logGroupIdentifiers"]}
            first = frame("initial-response", {})
            stream = b"".join((first, frame("sessionStart", start), *frames))
            self.answer(200, stream, "application/vnd.amazon.eventstream")

        def answer(
            self, status: int, body: bytes, kind: str = "application/x-amz-json-1.1"
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{running.server_address[1]}"
    target = Target("endpoint", "us-east-1", endpoint=endpoint)
    try:
        yield Session(target, credentials=Credentials("a", "b")), asked
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def followed(
    session: Session, later: Callable[[datetime], list[str]] = lambda _: []
) -> tuple[list[str], list[Notice], list[datetime]]:
    """What was yielded, said, and from when polling went on."""
    notices: list[Notice] = []
    starts: list[datetime] = []

    def polling(start: datetime) -> Iterator[Tailed]:
        starts.append(start)
        for number, text in enumerate(later(start)):
            at = datetime.fromtimestamp((NOW_MS + number) / 1000, UTC)
            yield Tailed("worker", LogEvent(text, at, "s", GROUP))

    lines = live_tail(
        session,
        {"worker": GROUP},
        polling=polling,
        filter_pattern="x",
        notify=notices.append,
        now=lambda: datetime.fromtimestamp(NOW_MS / 1000, UTC),
    )
    return [each.event.message for each in lines], notices, starts


def test_what_comes_in_is_yielded_until_the_session_ends() -> None:
    with server(update("a", "b"), update(), update("c", at=NOW_MS + 50)) as (session, asked):
        lines, notices, starts = followed(session, lambda _: ["a", "b", "new"])
    assert lines == ["a", "b", "c", "new"]  # polling repeats nothing
    assert asked == [{"logGroupIdentifiers": [ARN], "logEventFilterPattern": "x"}]
    assert "ended" in notices[0].message
    assert len(starts) == 1


def test_a_sample_is_not_shown_as_if_it_were_all() -> None:
    with server(update("a"), update("few", "of many", sampled=True)) as (session, _):
        lines, notices, _ = followed(session, lambda _: ["a", "whole"])
    assert lines == ["a", "whole"]
    assert "sample" in notices[0].message


def test_where_it_is_refused_polling_goes_on_and_says_so() -> None:
    for refusal in ("AccessDeniedException", "UnknownOperationException", "LimitExceededException"):
        with server(refusal=refusal) as (session, _):
            lines, notices, _ = followed(session, lambda _: ["polled"])
        assert lines == ["polled"]
        assert "polling" in notices[0].message


def test_a_session_that_times_out_is_gone_on_with() -> None:
    over = frame("SessionTimeoutException", {"message": "three hours"}, exception=True)
    with server(update("a"), over) as (session, _):
        lines, notices, _ = followed(session, lambda _: ["b"])
    assert lines == ["a", "b"]
    assert "polling" in notices[0].message
