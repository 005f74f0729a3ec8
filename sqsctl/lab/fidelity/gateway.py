"""The lab's front door: an ASGI layer around the emulator.

It adds the lab's own control route, answers for the host names that AWS's HTTP APIs
have, and remembers who calls. Everything else goes through untouched.

``GET /_sqsctl/concurrency`` answers ``{"limit": n}``; ``POST`` with the same sets the
account's limit of concurrent executions, which no API of AWS's does. ``POST /_sqsctl/warm``
with ``{"functions": [names or ARNs]}`` answers once each has an environment that is
initialised, or has failed to: ``{"warm": [those that have one]}``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from sqsctl.lab import settings
from sqsctl.lab.fidelity import authorization
from sqsctl.lab.fidelity.functions import concurrency, executor

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sqsctl/"
_AWS_HOST = re.compile(rb"^([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?(:\d+)?$")
_KEY = re.compile(rb"Credential=([^/,\s]+)/")
_MOST = 65_536


def around(app: App, port: int) -> App:
    """The application with the layer around it."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if scope["path"].startswith(CONTROL):
            await _control(scope, receive, send)
            return
        headers = dict(scope["headers"])
        key = _KEY.search(headers.get(b"authorization", b""))
        authorization.caller.set(key[1].decode("latin-1") if key else "")
        named = _AWS_HOST.match(headers.get(b"host", b""))
        if named:
            here = f".execute-api.{settings.HOST}:{port}".encode()
            scope = {**scope, "headers": _with_host(scope["headers"], named[1] + here)}
        await app(scope, receive, send)

    return gateway


async def _control(scope: Scope, receive: Receive, send: Send) -> None:
    known = {"concurrency": _concurrency, "warm": _warm}
    control = known.get(scope["path"].removeprefix(CONTROL))
    if control is None:
        await _answer(send, 404, {"message": "there is no such control"})
        return
    try:
        asked = json.loads(await _body(receive)) if scope["method"] == "POST" else None
        await _answer(send, 200, await control(asked))
    except (ValueError, TypeError, KeyError) as error:
        await _answer(send, 400, {"message": f"this is not what it takes: {error!r}"})


async def _concurrency(asked: Any) -> dict[str, Any]:
    if asked is not None:
        concurrency.set_account_limit(int(asked["limit"]))
    return {"limit": concurrency.account_limit()}


async def _warm(asked: Any) -> dict[str, Any]:
    names = [str(each) for each in asked["functions"]]
    ready = await asyncio.gather(*(asyncio.to_thread(executor.warm, name) for name in names))
    return {"warm": [name for name, is_ready in zip(names, ready, strict=True) if is_ready]}


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) < _MOST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


async def _answer(send: Send, status: int, data: dict[str, Any]) -> None:
    body = json.dumps(data).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_host(headers: list[tuple[bytes, bytes]], host: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, host if name == b"host" else value) for name, value in headers]
