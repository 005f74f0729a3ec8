"""A proxy on loopback that makes every AWS call take longer, and counts them."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.resigned import resigned


@dataclass
class Slow:
    """A running proxy. ``calls`` are (seconds since the start, what was called)."""

    url: str = ""
    delay_s: float = 0.0
    calls: list[tuple[float, str]] = field(default_factory=list)

    def most_in_a_second(self, operation: str) -> int:
        """The largest number of calls of one operation in any second."""
        times = sorted(at for at, name in self.calls if name == operation)
        return max((sum(first <= each < first + 1 for each in times) for first in times), default=0)


@contextmanager
def slow(upstream: str) -> Iterator[Slow]:
    """Forward everything to ``upstream``, ``delay_s`` later."""
    proxy = Slow()
    parts = urlsplit(upstream)
    began = time.perf_counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.upstream = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            name = target or f"{self.command} {urlsplit(self.path).path}"
            proxy.calls.append((time.perf_counter() - began, name))
            if proxy.delay_s:
                time.sleep(proxy.delay_s)
            headers = dict(self.headers.items())
            headers = resigned(self.command, self.path, headers, body, host=parts.netloc)
            self.upstream.request(self.command, self.path, body, headers)
            answer = self.upstream.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = forward  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
