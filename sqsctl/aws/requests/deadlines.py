"""botocore's requests, each with an end: see ``patience``."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ReadTimeoutError

from sqsctl.aws.requests import patience
from sqsctl.aws.requests.server_clock import ServerClock


class NotWaitedForError(BotoCoreError):
    """After a signal: not waited for (``sent``), or not asked any more. Never tried again."""

    fmt = "no answer from {endpoint_url} within a moment of the signal"

    def __init__(self, *, endpoint_url: str, sent: bool) -> None:
        super().__init__(endpoint_url=endpoint_url)
        self.sent = sent


def bounded(client: Any, seconds: float, clock: ServerClock) -> None:
    """Give every request of a client an end, and tell ``clock`` the date of every answer.

    Does nothing where botocore is built otherwise.
    """
    try:
        session = client._endpoint.http_session
        classes = {
            key: patience.noting(pool) for key, pool in session._pool_classes_by_scheme.items()
        }
        session._pool_classes_by_scheme = classes
        session._manager.pool_classes_by_scheme = classes
    except AttributeError:
        return
    session.send = _Bounded(session.send, seconds, clock)


class _Bounded:
    def __init__(self, send: Any, seconds: float, clock: ServerClock) -> None:
        self._send = send
        self._clock = clock
        self._seconds = seconds

    def __call__(self, request: Any) -> Any:
        if patience.given_up():
            raise NotWaitedForError(endpoint_url=request.url, sent=False)
        with patience.within(self._seconds, polls=_polls(request)) as under_way:
            try:
                answer = self._send(request)
            except Exception as error:
                if not under_way.cut:
                    raise
                raise _cut(request.url) from error
        if under_way.cut:
            raise _cut(request.url)
        self._clock.note(answer.headers.get("date"))
        return answer


def _cut(url: str) -> BotoCoreError:
    if patience.hurried():
        return NotWaitedForError(endpoint_url=url, sent=True)
    late: BotoCoreError = ReadTimeoutError(endpoint_url=url, error="it came too slowly")
    return late


def _polls(request: Any) -> bool:
    target = request.headers.get("X-Amz-Target") or b""
    name = target.decode("ascii", "replace") if isinstance(target, bytes) else str(target)
    return name.endswith(".ReceiveMessage")
