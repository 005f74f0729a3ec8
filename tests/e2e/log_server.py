"""A CloudWatch Logs on loopback that can be told to throttle and to let credentials expire.

It answers FilterLogEvents page by page, now and then with an empty page that has a token.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class LogServer:
    """What it holds and how it behaves; may be changed while it runs."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    expired_keys: set[str] = field(default_factory=set)
    throttled_calls: int = 0
    page: int = 50  # events in an answer
    keys_seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, message: str, *, stream: str = "s", at_ms: int | None = None) -> None:
        """One event, readable from now on."""
        now = int(time.time() * 1000)
        with self.lock:
            self.events.append(
                {
                    "logStreamName": stream,
                    "timestamp": now if at_ms is None else at_ms,
                    "ingestionTime": now,
                    "message": message,
                    "eventId": f"{len(self.events):032d}",
                }
            )

    def answer(self, request: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.keys_seen.append(key)
            if key in self.expired_keys:
                said = "The security token included in the request is expired"
                return 400, {"__type": "ExpiredTokenException", "message": said}
            if self.throttled_calls:
                self.throttled_calls -= 1
                return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
            token = request.get("nextToken") or "0"
            if token == "0" and not request.get("nextToken"):
                return 200, {"events": [], "nextToken": "0"}
            start = request.get("startTime", 0)
            end = request.get("endTime", 2**62)
            matching = sorted(
                (each for each in self.events if start <= each["timestamp"] <= end),
                key=lambda each: each["timestamp"],
            )
            place = int(token)
            found: dict[str, Any] = {"events": matching[place : place + self.page]}
            if len(matching) > place + self.page:
                found["nextToken"] = f"{place + self.page}"
            return 200, found


@contextmanager
def log_server() -> Iterator[LogServer]:
    """Running until the end of the block."""
    mine = LogServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # who asked has ended
                return
            found = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
            status, answer = mine.answer(json.loads(body), found[1] if found else "")
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mine.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
