"""Bodies that the extended client put into S3: fetched only where somebody asks for them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.errors import Exit, SqsctlError
from sqsctl.operations.dead_letters.readable_bodies import MAX_BYTES, Decoded, Pointer, decoded

# A bucket of this account's partition. A message may say anything: an access point's ARN, which
# leads to another region or account, is not followed.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

if TYPE_CHECKING:
    from sqsctl.aws.session import Session


def opened(body: str, session: Session | None = None) -> Decoded | None:
    """The body without its wrappings; with a session also what a pointer points to.

    What cannot be fetched stays a pointer, and ``note`` says why. Raises SqsctlError only where
    AWS cannot be reached or the credentials are no good.
    """
    if session is None:
        return decoded(body)
    try:
        return decoded(body, lambda pointer: _fetched(session, pointer))
    except _NotFetchedError as error:
        found = decoded(body)
        return replace(found, note=error.reason) if found else None


class _NotFetchedError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _fetched(session: Session, pointer: Pointer) -> bytes:
    from sqsctl.aws.delivery.stored_objects import stored_bytes

    if not _BUCKET.fullmatch(pointer.bucket):
        raise _NotFetchedError("it names no bucket, but something else: that is not followed")
    try:
        return stored_bytes(session, pointer.bucket, pointer.key, limit=MAX_BYTES)
    except SqsctlError as error:
        if error.exit is Exit.UNAVAILABLE or error.code.startswith("credentials"):
            raise
        needed = f" ({error.action or 's3:GetObject'})" if error.exit is Exit.DENIED else ""
        raise _NotFetchedError(
            f"its body in S3 could not be read: {error.message}{needed}"
        ) from error
