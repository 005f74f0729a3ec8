"""HTTP requests to an API of API Gateway, fast and without surprises.

Connections are kept and shared by threads, nothing is retried, redirects are not
followed. With an endpoint of one's own (the lab) the connection goes to that endpoint and
the API's host name travels in the Host header, since such names resolve nowhere. Proxies
from the environment are for the outside, never for loopback or an endpoint of one's own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqsctl import __version__
from sqsctl.aws.requests import patience
from sqsctl.errors import UsageError
from sqsctl.model.http_answer import HttpAnswer

if TYPE_CHECKING:
    from urllib3 import PoolManager

TIMEOUT_S = 35.0  # an HTTP API gives up after 30
CONNECT_TIMEOUT_S = 5.0
BODY_CAP_BYTES = 65_536
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"sqsctl/{__version__}"}


class ApiClient:
    """Posts to one URL. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str | None = None,
        timeout_s: float = TIMEOUT_S,
        connections: int = 64,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``endpoint``: the server to connect to instead of the URL's own host."""
        import urllib3

        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 - read for its ValueError
        except ValueError as error:
            raise UsageError(f"{url!r} is not the URL of an API: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"{url!r} is not the URL of an API")
        self.url = url
        self._headers = {**_HEADERS, **(headers or {})}
        target = url
        if endpoint and urlsplit(endpoint).netloc != parts.netloc:
            query = f"?{parts.query}" if parts.query else ""
            target = f"{endpoint.rstrip('/')}{parts.path or '/'}{query}"
            self._headers["Host"] = parts.netloc
        self._target = target
        self._retries = urllib3.Retry(total=False, redirect=False)
        self._timeout_s = timeout_s
        self._pool = _pool(target, timeout_s, connections, direct=endpoint is not None)

    def post(self, body: str | bytes, *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST ``body`` as JSON."""
        return self.request("POST", body, headers=headers)

    def request(
        self,
        method: str,
        body: str | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One request. Never raises for what the network or the server does."""
        raw = body.encode(errors="surrogatepass") if isinstance(body, str) else body
        started = time.perf_counter()
        # A function may take its time: that it is silent says nothing of the server.
        with patience.within(self._timeout_s + CONNECT_TIMEOUT_S, polls=True) as under_way:
            found = self._answered(method, raw, headers, started)
        if under_way.cut:
            return _none(started, "no answer in time", sent=True)
        return found

    def _answered(
        self,
        method: str,
        raw: bytes | None,
        headers: Mapping[str, str] | None,
        started: float,
    ) -> HttpAnswer:
        from urllib3 import exceptions as trouble

        try:
            answer = self._pool.request(
                method,
                self._target,
                body=raw,
                headers={**self._headers, **(headers or {})},
                retries=self._retries,
                redirect=False,
                preload_content=False,
            )
            text = answer.read(BODY_CAP_BYTES, decode_content=True)
            _drain(answer)
        except (trouble.NewConnectionError, trouble.ConnectTimeoutError) as error:
            return _none(started, _cause(error), sent=False)
        except trouble.HTTPError as error:
            return _none(started, _cause(error), sent=True)
        return HttpAnswer(
            answer.status, text.decode(errors="replace"), (time.perf_counter() - started) * 1000
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.clear()


def _pool(target: str, timeout_s: float, connections: int, *, direct: bool) -> PoolManager:
    import urllib.request

    import urllib3

    parts = urlsplit(target)
    options: dict[str, Any] = {
        "maxsize": connections,
        "block": False,
        "timeout": urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=timeout_s),
    }
    host = parts.hostname or ""
    if not direct and host not in _LOCAL and not urllib.request.proxy_bypass(host):
        proxy = urllib.request.getproxies().get(parts.scheme)
        if proxy:
            return _bounded(urllib3.ProxyManager(proxy, **options))
    return _bounded(urllib3.PoolManager(**options))


def _bounded(pools: PoolManager) -> PoolManager:
    """Its connections can be ended while somebody reads from them."""
    classes = pools.pool_classes_by_scheme
    pools.pool_classes_by_scheme = {key: patience.noting(each) for key, each in classes.items()}
    return pools


def _drain(answer: Any) -> None:
    """Give the connection back: it is only reusable once its body was read."""
    if answer.read(BODY_CAP_BYTES):
        answer.close()
    answer.release_conn()


def _none(started: float, cause: str, *, sent: bool) -> HttpAnswer:
    elapsed = (time.perf_counter() - started) * 1000
    return HttpAnswer(None, latency_ms=elapsed, error=cause, sent=sent)


def _cause(error: Exception) -> str:
    """A short text that is the same for the same cause, so that causes can be counted."""
    name = type(error).__name__
    if "IncompleteRead" in str(error):
        name = "IncompleteRead"
    texts = {
        "NewConnectionError": "connection refused or host unknown",
        "NameResolutionError": "host unknown",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "ProtocolError": "connection closed without an answer",
        "SSLError": "TLS failed",
        "IncompleteRead": "answer torn",
        "InvalidChunkLength": "answer torn",
        "ProxyError": "the proxy refused",
    }
    return texts.get(name, name)
