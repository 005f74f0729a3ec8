"""The MD5s that SQS returns, computed here, so that what arrived can be compared.

The algorithm for attributes is the one in the SQS developer guide ("Calculating the MD5
message digest for message attributes"). Not a security measure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from sqsctl.model.message import MessageAttribute, Outgoing

_STRING = b"\x01"
_BINARY = b"\x02"


def body_md5(body: str) -> str:
    """MD5OfMessageBody of a body, lower-case hex."""
    return _md5(body.encode(errors="surrogatepass"))


def attributes_md5(attributes: Mapping[str, MessageAttribute]) -> str:
    """MD5OfMessageAttributes, lower-case hex."""
    return _md5(b"".join(_encoded(attributes)))


def intact(outgoing: Outgoing, answer: Mapping[str, object]) -> bool:
    """Whether the checksums in a send's answer are those of what was sent.

    A checksum that is missing or empty says nothing.
    """
    told = answer.get("MD5OfMessageBody")
    if told and told != body_md5(outgoing.body):
        return False
    told = answer.get("MD5OfMessageAttributes")
    return not (told and outgoing.attributes and told != attributes_md5(outgoing.attributes))


def _encoded(attributes: Mapping[str, MessageAttribute]) -> Iterator[bytes]:
    for name in sorted(attributes):
        each = attributes[name]
        yield _prefixed(name.encode())
        yield _prefixed(each.data_type.encode())
        if isinstance(each.value, bytes):
            yield _BINARY + _prefixed(each.value)
        else:
            yield _STRING + _prefixed(each.value.encode(errors="surrogatepass"))


def _prefixed(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _md5(raw: bytes) -> str:
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()
