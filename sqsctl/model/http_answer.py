"""What an HTTP API answered to one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """``status`` None: no answer came, ``error`` says why.

    ``sent`` False: the request never left, so nothing can have happened. ``body`` is cut
    off at the reader's cap.
    """

    status: int | None
    body: str = ""
    latency_ms: float = 0.0
    error: str | None = None
    sent: bool = True

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
