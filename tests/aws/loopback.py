"""A scripted HTTP server on loopback: what a service may answer, byte by byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.config import Config

from sqsctl.aws.session import Credentials, Session
from sqsctl.model.target import Target


class ImpatientSession(Session):
    """A session whose answers have to come within ``patience_s``."""

    def __init__(self, target: Target, *, credentials: Credentials, patience_s: float) -> None:
        super().__init__(target, credentials=credentials)
        self._patience_s = patience_s

    def _config(self, attempts: int) -> Config:
        return super()._config(attempts).merge(Config(read_timeout=self._patience_s))


@dataclass(frozen=True)
class Received:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        return self.headers.get("X-Amz-Target", "").rpartition(".")[2]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to answer. ``reset``: close with RST instead; ``cut``: send only so many bytes.

    ``trickle_s``: that long a pause before each byte of the body. ``Date`` and ``Content-Type``
    among the headers take the place of the server's own.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: int | None = None
    delay_s: float = 0.0
    trickle_s: float = 0.0


Script = Callable[[Received], Answer]


def reply(document: object, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(document).encode(), names)


def refusal(code: str, message: str = "no", status: int = 400) -> Answer:
    """An error as SQS's JSON protocol words it."""
    return Answer(
        status,
        json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message}).encode(),
        {"x-amzn-query-error": f"{code};Sender"},
    )


@dataclass
class Loopback:
    """A running server. ``script`` decides; ``requests`` is what came in."""

    url: str
    script: Script
    requests: list[Received] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    idle: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(script: Script) -> Iterator[Loopback]:
    loopback = Loopback("", script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            received = Received(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(size)
            )
            loopback.requests.append(received)
            loopback.connections.add(self.client_address)
            self.answer(loopback.script(received))

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def answer(self, answer: Answer) -> None:
            if answer.delay_s:
                loopback.idle.wait(answer.delay_s)
            if answer.reset:
                hang_up(self.connection)
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            own = {
                "Date": self.date_time_string(),
                "Content-Type": "application/x-amz-json-1.0",
                "Content-Length": str(len(answer.body)),
            }
            for name, value in {**own, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if answer.trickle_s:
                self.trickle(answer)
                return
            with suppress(ConnectionError):  # nobody waits any more
                self.wfile.write(answer.body[: answer.cut])
            if answer.cut is not None:
                self.wfile.flush()
                self.close_connection = True

        def trickle(self, answer: Answer) -> None:
            for place in range(len(answer.body)):
                if loopback.idle.wait(answer.trickle_s):
                    break
                try:
                    self.wfile.write(answer.body[place : place + 1])
                except OSError:
                    break
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield loopback
    finally:
        loopback.idle.set()
        server.shutdown()
        server.server_close()
        thread.join()


def hang_up(connection: socket.socket) -> None:
    """Close so that the peer sees a reset, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
