"""A proxy between the program and an SQS that breaks exactly what it is told to break.

It sits on the wire, where real faults are: a connection reset after SQS did the work looks
the same as one before. ``log`` tells what was really forwarded.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.aws.loopback import hang_up
from tests.resigned import resigned

When = Literal["before", "after"]
Kind = Literal[
    "reset", "503", "throttle", "truncate", "delay", "double", "expired", "failed", "md5", "call"
]
OPERATIONS = {
    "Receive": "ReceiveMessage",
    "Send": "SendMessageBatch",
    "Delete": "DeleteMessageBatch",
    "ChangeVisibility": "ChangeMessageVisibilityBatch",
    "GetAttributes": "GetQueueAttributes",
}
DELAY_S = 5.0  # ends as soon as the peer hangs up


@dataclass(frozen=True)
class Fault:
    """``before``: SQS never sees the request; ``after``: it does, and the answer is broken.

    ``call`` runs ``action`` at that moment and then goes on as if nothing were.
    """

    kind: Kind
    when: When = "before"
    action: Callable[[], None] | None = None


@dataclass
class Entry:
    """One request as it went through. ``answer`` is what SQS said, passed on or not."""

    operation: str
    document: dict[str, Any]
    forwarded: int = 0
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Proxy:
    """A running proxy. ``plan`` faults are used up one per request of their operation."""

    url: str
    upstream: str
    log: list[Entry] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, Fault] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)
    active: int = 0

    def plan(self, operation: str, *faults: Fault | None) -> None:
        self.faults[operation].extend(faults)

    def settle(self, within_s: float = 10.0) -> None:
        """Wait until no request is under way: one may outlive who sent it."""
        for _ in range(int(within_s / 0.01)):
            if not self.active:
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"{self.active} requests never ended")

    def next_fault(self, operation: str) -> Fault | None:
        with self.lock:
            waiting = self.faults[operation]
            return waiting.popleft() if waiting else self.always.get(operation)

    def calls(self, operation: str) -> int:
        return sum(each.operation == operation for each in self.log)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def do_POST(self) -> None:
        self._counted()

    def do_GET(self) -> None:
        self._counted()

    def do_PUT(self) -> None:
        self._counted()

    def _counted(self) -> None:
        with self.proxy.lock:
            self.proxy.active += 1
        try:
            self._handle()
        finally:
            with self.proxy.lock:
                self.proxy.active -= 1

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        operation = self._operation()
        entry = Entry(operation, json.loads(body or b"{}"))
        self.proxy.log.append(entry)
        fault = self.proxy.next_fault(operation)
        try:
            if fault is None:
                self._pass_on(self._forward(entry, body))
            elif fault.when == "before":
                self._broken_before(fault, entry, body)
            else:
                self._broken_after(fault, entry, body)
        except OSError:
            self.close_connection = True  # the peer is gone: killed, or out of patience

    def _operation(self) -> str:
        """SQS names it in a header; of Lambda's, those on mappings have a name here."""
        named = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if named or "/event-source-mappings/" not in self.path:
            return named
        one = bool(urlsplit(self.path).path.rpartition("/")[2])
        kind = {"GET": "Get" if one else "List", "PUT": "Update"}.get(self.command, "Create")
        return f"{kind}EventSourceMapping{'s' if kind == 'List' else ''}"

    def _broken_before(self, fault: Fault, entry: Entry, body: bytes) -> None:
        if fault.kind == "call":
            assert fault.action
            fault.action()
            self._pass_on(self._forward(entry, body))
        elif fault.kind == "failed":
            self._without_first(entry)
        elif fault.kind in {"truncate", "md5", "double"}:
            self._truncated(200, b'{"Successful": [')
        else:
            self._break(fault, None)

    def _broken_after(self, fault: Fault, entry: Entry, body: bytes) -> None:
        answer = self._forward(entry, body)
        if fault.kind == "double":
            answer = self._forward(entry, body)
        if fault.kind == "call":
            assert fault.action
            fault.action()
        if fault.kind in {"double", "call"}:
            self._pass_on(answer)
        elif fault.kind == "truncate":
            self._truncated(answer[0], answer[1][: len(answer[1]) // 2])
        elif fault.kind == "md5":
            self._pass_on((answer[0], _other_checksums(answer[1])))
        elif fault.kind == "failed":
            self._pass_on((answer[0], _first_failed(answer[1])))
        else:
            self._break(fault, answer)

    def _break(self, fault: Fault, answer: tuple[int, bytes] | None) -> None:
        if fault.kind == "reset":
            hang_up(self.connection)
            self.close_connection = True
        elif fault.kind == "delay":
            self.proxy.closing.wait(DELAY_S)
            self.close_connection = True
        elif fault.kind == "503":
            self._pass_on((503, b"Service Unavailable"))
        elif fault.kind == "throttle":
            self._refuse(400, "ThrottlingException")
        elif fault.kind == "expired":
            self._refuse(403, "ExpiredToken")
        else:
            raise AssertionError(fault)

    def _without_first(self, entry: Entry) -> None:
        """SQS does all but the first entry, which the answer names as failed."""
        document = dict(entry.document)
        entries = document.get("Entries", [])
        document["Entries"] = entries[1:]
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        if document["Entries"]:
            answer = json.loads(self._forward(entry, json.dumps(document).encode())[1])
        answer.setdefault("Failed", []).append(_failure(entries[0]["Id"]))
        self._pass_on((200, json.dumps(answer).encode()))

    def _forward(self, entry: Entry, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(self.proxy.upstream)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        skipped = {"host", "content-length", "connection", "transfer-encoding"}
        headers = {k: v for k, v in self.headers.items() if k.lower() not in skipped}
        headers = resigned(self.command, self.path, headers, body, host=parts.netloc)
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        entry.forwarded += 1
        if answer.status in {200, 202}:
            entry.answer = json.loads(raw)
        return answer.status, raw

    def _refuse(self, status: int, code: str) -> None:
        document = {"__type": f"com.amazonaws.sqs#{code}", "message": "injected"}
        self._pass_on((status, json.dumps(document).encode()))

    def _pass_on(self, answer: tuple[int, bytes]) -> None:
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _truncated(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + 50))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _failure(key: str) -> dict[str, Any]:
    return {"Id": key, "Code": "InternalError", "SenderFault": False, "Message": "injected"}


def _first_failed(raw: bytes) -> bytes:
    answer = json.loads(raw)
    done = answer.get("Successful") or []
    if done:
        answer["Successful"] = done[1:]
        answer["Failed"] = [*(answer.get("Failed") or []), _failure(done[0]["Id"])]
    return json.dumps(answer).encode()


def _other_checksums(raw: bytes) -> bytes:
    answer = json.loads(raw)
    for each in (*(answer.get("Successful") or ()), *(answer.get("Messages") or ())):
        for name in ("MD5OfMessageBody", "MD5OfBody"):
            if name in each:
                each[name] = "0" * 32
    return json.dumps(answer).encode()


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy on a free port of loopback in front of ``upstream``."""
    proxy = Proxy("", upstream)

    class Handler(_Handler):
        pass

    Handler.proxy = proxy

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A killed peer is what this is for: no traceback."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
