"""Another emulator as people run them: moto's server, behind names and delays of others.

The proxy between does what LocalStack and a far server do: queue URLs with a host that only
that server's own machine knows, in its three forms, and answers that take their time.
Source: LocalStack, "SQS" (queue URLs: standard, domain, path).
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
HOSTS = {
    "standard": f"http://sqs.eu-west-1.localhost.localstack.cloud:4566/{ACCOUNT}/",
    "domain": f"http://eu-west-1.queue.localhost.localstack.cloud:4566/{ACCOUNT}/",
    "path": f"http://localhost.localstack.cloud:4566/queue/eu-west-1/{ACCOUNT}/",
}


@dataclass
class Emulator:
    """``urls`` are how its queue URLs begin; ``delay`` is asked before each answer, in seconds."""

    endpoint: str
    urls: str = ""
    delay: Callable[[str], float] = lambda _: 0.0
    calls: list[str] = field(default_factory=list)


@contextmanager
def emulator() -> Iterator[Emulator]:
    """moto's server behind the proxy, until the end."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    running = Emulator("")

    class Handler(_Handler):
        upstream, told = f"{host}:{port}", running

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        moto.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    told: Emulator

    def do_POST(self) -> None:
        self._pass_on()

    def do_GET(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        own = f"http://{self.upstream}/{ACCOUNT}/".encode()
        if self.told.urls:
            body = body.replace(self.told.urls.encode(), own)
        call = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.told.calls.append(call)
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"host", "content-length"}
        }
        connection.request(self.command, self.path, body, {**headers, "Host": self.upstream})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if self.told.urls:
            said = said.replace(own, self.told.urls.encode())
        time.sleep(self.told.delay(call))
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
