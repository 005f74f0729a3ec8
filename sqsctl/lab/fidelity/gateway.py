"""The lab's front door: an ASGI layer around the emulator.

It admits the lab's owner only (``admission``), adds the lab's own control route, answers
for the host names that AWS's HTTP APIs have, and remembers who calls. Everything else goes
through untouched.

``GET /_sqsctl/concurrency`` answers ``{"limit": n}``; ``POST`` with the same sets the
account's limit of concurrent executions, which no API of AWS's does. ``POST /_sqsctl/warm``
with ``{"functions": [names or ARNs]}`` answers once each has an environment that is
initialised, or has failed to: ``{"warm": [those that have one]}``.
``GET /_sqsctl/resource-types`` answers ``{"types": [those that a template may have]}``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from sqsctl.aws.lab_state import CALL_HEADER
from sqsctl.lab import settings
from sqsctl.lab.fidelity import admission, authorization, service_quotas
from sqsctl.lab.fidelity.admission import RefusedCallError, Request
from sqsctl.lab.fidelity.functions import concurrency, executor

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sqsctl/"
_JSON = {"Content-Type": "application/json"}
_AWS_HOST = re.compile(rb"^([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?(:\d+)?$")
_CALL_HEADER = CALL_HEADER.lower().encode()


def around(app: App, port: int) -> App:
    """The application with the layer around it."""
    from ministack import app as emulator

    # An API's own /health is its own.
    emulator._HEALTH_PATHS = ("/_ministack/health",)

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        request = admission.request_of(scope)
        try:
            receive = await _admitted(request, receive, port)
        except RefusedCallError as refusal:
            await _refuse(scope["type"], request, refusal, receive, send)
            return
        if scope["path"].startswith(CONTROL):
            await _control(scope, receive, send)
            return
        target = request.headers.get("x-amz-target", "")
        if target.startswith(service_quotas.TARGET):
            await _quotas(target, receive, send)
            return
        # No function sees what proves that its caller owns the lab.
        headers = [each for each in scope["headers"] if each[0].lower() != _CALL_HEADER]
        named = _AWS_HOST.match(request.host.encode("latin-1", "replace"))
        if named:
            here = f".execute-api.{settings.HOST}:{port}".encode()
            headers = _with_host(headers, named[1] + here)
        await app({**scope, "headers": headers}, receive, send)

    return gateway


async def _admitted(request: Request, receive: Receive, port: int) -> Receive:
    """How the emulator receives a request that may go on. Raises RefusedCallError."""
    authorization.caller.set("")
    try:
        admission.check_origin(request, port)
        if not admission.needs_body(request):
            return receive
        body = await _body(receive)
        authorization.caller.set(admission.check_signature(request, body))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise RefusedCallError("IncompleteSignature", "the signature cannot be read") from error
    return _again(body, receive)


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read already, then whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return replay


async def _refuse(
    kind: str, request: Request, refusal: RefusedCallError, receive: Receive, send: Send
) -> None:
    if kind == "websocket":
        await receive()  # the handshake; closing before it is accepted refuses it
        await send({"type": "websocket.close", "code": 1008})
        return
    status, headers, body = _worded(request, refusal)
    await _answer(send, status, body, {**headers, "Connection": "close"})


def _worded(request: Request, refusal: RefusedCallError) -> tuple[int, dict[str, str], bytes]:
    """A refusal in the protocol of the service that was called, so that its clients read it."""
    plain = 403, _JSON, _json({"message": refusal.message})
    if not request.signed:
        return plain
    from ministack import app as emulator
    from ministack.core.iam_evaluator import AuthError
    from ministack.core.router import detect_service

    headers, query = dict(request.headers), dict(request.query)
    try:
        service = detect_service(request.method, request.path, headers, query)
        error = AuthError(refusal.code, refusal.message)
        status, given, body = emulator._credential_failure(service, "", "", error, headers)
    except (ValueError, TypeError, LookupError, AttributeError):
        return plain
    return status, given, body


async def _control(scope: Scope, receive: Receive, send: Send) -> None:
    known = {"concurrency": _concurrency, "resource-types": _resource_types, "warm": _warm}
    control = known.get(scope["path"].removeprefix(CONTROL))
    if control is None:
        await _answer(send, 404, _json({"message": "there is no such control"}), _JSON)
        return
    try:
        asked = json.loads(await _body(receive)) if scope["method"] == "POST" else None
        await _answer(send, 200, _json(await control(asked)), _JSON)
    except (ValueError, TypeError, KeyError) as error:
        said = _json({"message": f"this is not what it takes: {error!r}"})
        await _answer(send, 400, said, _JSON)


async def _quotas(target: str, receive: Receive, send: Send) -> None:
    try:
        asked = json.loads(await _body(receive) or b"{}")
        told = service_quotas.answer(target.removeprefix(service_quotas.TARGET), asked)
        await _answer(send, 200, _json(told), _JSON)
    except service_quotas.RefusedQuotaError as error:
        kind, text = error.args
        await _answer(send, 400, _json({"__type": kind, "message": text}), _JSON)
    except (ValueError, TypeError, AttributeError) as error:
        said = {"__type": "SerializationException", "message": str(error)}
        await _answer(send, 400, _json(said), _JSON)


async def _concurrency(asked: Any) -> dict[str, Any]:
    if asked is not None:
        concurrency.set_account_limit(int(asked["limit"]))
    return {"limit": concurrency.account_limit()}


async def _resource_types(asked: Any) -> dict[str, Any]:
    del asked
    from ministack.services.cloudformation import provisioners

    return {"types": sorted(provisioners._RESOURCE_HANDLERS)}


async def _warm(asked: Any) -> dict[str, Any]:
    names = [str(each) for each in asked["functions"]]
    ready = await asyncio.gather(*(asyncio.to_thread(executor.warm, name) for name in names))
    return {"warm": [name for name, is_ready in zip(names, ready, strict=True) if is_ready]}


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    sent = {**headers, "Content-Length": str(len(body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode()


def _with_host(headers: list[tuple[bytes, bytes]], host: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, host if name == b"host" else value) for name, value in headers]
