"""One name for "this endpoint does not have that call", however it says so.

Emulators lack some of AWS's calls. What is read through ``offered`` comes out as a
SqsctlError with code ``unsupported`` there, so that it can become an unread fact instead
of a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqsctl.aws.translate import translated
from sqsctl.errors import SqsctlError

_UNSUPPORTED = frozenset(
    {
        "InvalidAction",
        "UnknownOperationException",
        "UnknownOperation",
        "NotImplemented",
        "NotImplementedException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
        "UnknownService",
        "PathNotFoundException",
        "404",
        "405",
        "501",
    }
)


@contextmanager
def offered(what: str) -> Iterator[None]:
    """Run AWS calls; errors come out translated, a missing call as ``unsupported``."""
    try:
        with translated(what):
            yield
    except SqsctlError as error:
        text = error.message.lower()
        if (
            error.code in _UNSUPPORTED
            or "not implemented" in text
            or "unable to parse response" in text
        ):
            raise SqsctlError(
                f"{what}: this endpoint does not offer that: {error.message}", code="unsupported"
            ) from error
        raise
