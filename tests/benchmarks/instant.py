"""An SQS that answers at once: what is measured against it is the client alone.

    python -m tests.benchmarks.instant PORT

Answers are made once per number of entries and sent again. It knows sends, and every other
call gets an empty object.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@cache
def _answer(entries: int) -> bytes:
    accepted = [
        {"Id": str(n), "MessageId": "8162199e-833c-455b-ab1d-21acfc0bcf72"} for n in range(entries)
    ]
    body = json.dumps({"Successful": accepted} if entries else {}).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Peer(asyncio.Protocol):
    """One connection. Requests come one after the other, each with its Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            start = head.index(b"content-length:") + 15
            size = int(head[start : (head + b"\r").index(b"\r", start)])
            if len(self._buffer) < end + 4 + size:
                return
            body = self._buffer[end + 4 : end + 4 + size]
            self._buffer = self._buffer[end + 4 + size :]
            self._transport.write(_answer(body.count(b'"MessageBody"')))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Peer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def instant() -> Iterator[str]:
    """A server in a process of its own; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.instant"],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve())
