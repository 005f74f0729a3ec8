"""What a message's body holds once its wrappings are taken off, beside the body, never instead.

SNS and EventBridge envelopes, OnFailure envelopes, S3 events, base64, gzip, JSON inside JSON,
and the pointers that SQS's extended client leaves for bodies that lie in S3. Nothing here calls
AWS: what a pointer points to is fetched only where the caller hands in ``fetch``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed

MAX_LAYERS = 8
MAX_BYTES = 4 * 1024 * 1024  # of what was unpacked: a small body can unpack to gigabytes
_GZIP = b"\x1f\x8b"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_POINTERS = frozenset(
    {
        "software.amazon.payloadoffloading.PayloadS3Pointer",
        "com.amazon.sqs.javamessaging.MessageS3Pointer",
    }
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the extended client put a body."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its wrappings.

    ``layers`` names them from the outside in: sns, eventbridge, lambda-destination, s3-event,
    base64, gzip, json, s3-pointer. ``value`` is what is inside: parsed where it is JSON, else text.
    ``about`` is what the wrappings said (topic, source, detail_type …). ``note`` says why it went
    no further; ``pointer`` is one that was not followed.
    """

    layers: tuple[str, ...]
    value: Any
    about: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    pointer: Pointer | None = None


Fetch = Callable[[Pointer], bytes]


def decoded(body: str, fetch: Fetch | None = None) -> Decoded | None:
    """The body without its wrappings; None where there are none (plain text, plain JSON)."""
    found = _Unwrapping(fetch)
    value = found.inside(body)
    if not found.layers:
        return None
    return Decoded(tuple(found.layers), value, found.about, found.note, found.pointer)


def documents(body: str) -> Iterator[Any]:
    """Every JSON value that the body is or holds, from the outside in: what ``--match`` reads."""
    outer = parsed(body)
    if outer is not NOT_JSON:
        yield outer
    found = _Unwrapping(None)
    inner = found.inside(body)
    yield from found.between
    if found.layers and not isinstance(inner, str):
        yield inner


def texts(body: str) -> Iterator[str]:
    """The body and what it holds, as texts: what ``--grep`` reads."""
    yield body
    found = decoded(body)
    if found is not None:
        value = found.value
        yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Unwrapping:
    def __init__(self, fetch: Fetch | None) -> None:
        self._fetch = fetch
        self.layers: list[str] = []
        self.about: dict[str, Any] = {}
        self.between: list[Any] = []
        self.note = ""
        self.pointer: Pointer | None = None

    def inside(self, text: str) -> Any:
        """The innermost value of a text."""
        value: Any = text
        for _ in range(MAX_LAYERS):
            step = self._opened(value) if isinstance(value, str) else self._unwrapped(value)
            if step is None:
                return value
            value = step
            if not isinstance(value, str):
                self.between.append(value)
        self.note = f"more than {MAX_LAYERS} wrappings: the rest is left as it is"
        return value

    def _opened(self, text: str) -> Any:
        """A text one wrapping less; None where it is only a text."""
        document = parsed(text)
        if document is not NOT_JSON and not isinstance(document, int | float | None):
            if isinstance(document, str):
                self.layers.append("json")
                return document
            # Plain JSON is no wrapping of its own, unless it lay inside another one.
            inner = self._unwrapped(document)
            if inner is not None:
                return inner
            return document if self.layers else None
        return self._unpacked(text.strip())

    def _unpacked(self, text: str) -> str | None:
        if not _BASE64.fullmatch(text):
            return None
        try:
            raw = base64.b64decode(text.translate(_URLSAFE) + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            return None
        unpacked, packed = self._inflated(raw)
        if unpacked is None:
            return None
        found = _readable(unpacked)
        # A long identifier may happen to be base64 of something: it has to read like a text.
        if found is None or (not packed and parsed(found) is NOT_JSON and not _prose(found)):
            return None
        self.layers += ["base64", *(["gzip"] if packed else [])]
        return found

    def _inflated(self, raw: bytes) -> tuple[bytes | None, bool]:
        if not raw.startswith(_GZIP):
            return raw, False
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            out = unpacker.decompress(raw, MAX_BYTES)
        except zlib.error:
            return None, True
        if unpacker.unconsumed_tail:
            self.note = f"unpacked to more than {MAX_BYTES // 1024 // 1024} MB: the rest is cut off"
        return out, True

    def _unwrapped(self, document: Any) -> Any:
        """A document one wrapping less; None where it wears none."""
        if isinstance(document, list):
            return self._pointed(document)
        if not isinstance(document, dict):
            return None
        if document.get("Type") == "Notification" and isinstance(document.get("Message"), str):
            return self._sns(document)
        if "detail-type" in document and "detail" in document and "source" in document:
            return self._event(document)
        if isinstance(document.get("requestContext"), dict) and "requestPayload" in document:
            return self._destination(document)
        data = document.get("awslogs")
        if isinstance(data, dict) and isinstance(data.get("data"), str):
            self.layers.append("awslogs")
            return data["data"]
        return self._s3(document)

    def _sns(self, document: dict[str, Any]) -> str:
        self.layers.append("sns")
        self._note("topic", document.get("TopicArn"))
        self._note("subject", document.get("Subject"))
        if isinstance(document.get("MessageAttributes"), dict):
            self.about["message_attributes"] = document["MessageAttributes"]
        return str(document["Message"])

    def _event(self, document: dict[str, Any]) -> Any:
        if "eventbridge" in self.layers:
            return None
        self.layers.append("eventbridge")
        for key in ("source", "detail-type", "time", "id", "account", "region"):
            self._note(key.replace("-", "_"), document.get(key))
        return document["detail"]

    def _destination(self, document: dict[str, Any]) -> Any:
        self.layers.append("lambda-destination")
        context = document["requestContext"]
        self._note("function", context.get("functionArn"))
        self._note("condition", context.get("condition"))
        return document["requestPayload"]

    def _s3(self, document: dict[str, Any]) -> Any:
        if document.get("Event") == "s3:TestEvent" and "Bucket" in document:
            if "s3-test-event" in self.layers:
                return None
            self.layers.append("s3-test-event")
            return document
        records = document.get("Records")
        if not isinstance(records, list) or not records:
            return None
        found = [_s3_record(each) for each in records]
        if not all(found):
            return None
        self.layers.append("s3-event")
        return found

    def _pointed(self, document: list[Any]) -> Any:
        if len(document) != 2 or not (isinstance(document[0], str) and document[0] in _POINTERS):
            return None
        place = document[1] if isinstance(document[1], dict) else {}
        bucket, key = place.get("s3BucketName"), place.get("s3Key")
        if not isinstance(bucket, str) or not isinstance(key, str) or self.pointer is not None:
            return None
        self.pointer = Pointer(bucket, key)
        self.layers.append("s3-pointer")
        self._note("bucket", bucket)
        self._note("key", key)
        if self._fetch is None:
            return {"bucket": bucket, "key": key}
        raw = self._fetch(self.pointer)
        text = _readable(raw)
        if text is None:
            self.note = f"the object holds {len(raw)} bytes that are no text"
            return {"bucket": bucket, "key": key}
        return text

    def _note(self, key: str, value: object) -> None:
        if isinstance(value, str) and value:
            self.about.setdefault(key, value)


_URLSAFE = str.maketrans("-_", "+/")


def _s3_record(record: Any) -> dict[str, Any] | None:
    """What a person asks of one record of an S3 event; keys come encoded as in a URL."""
    if not isinstance(record, dict) or record.get("eventSource") != "aws:s3":
        return None
    place = record.get("s3")
    if not isinstance(place, dict):
        return None
    bucket, item = place.get("bucket"), place.get("object")
    if not isinstance(bucket, dict) or not isinstance(item, dict):
        return None
    return {
        "event": record.get("eventName"),
        "bucket": bucket.get("name"),
        "key": unquote_plus(str(item.get("key", ""))),
        "size_bytes": item.get("size"),
        "version_id": item.get("versionId"),
        "time": record.get("eventTime"),
    }


def _readable(raw: bytes) -> str | None:
    """Bytes as the text that they are; None where they are none."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    odd = sum(1 for each in text[:4096] if not each.isprintable() and each not in "\r\n\t")
    return text if text and not odd else None


def _prose(text: str) -> bool:
    """Whether a text reads like one: words with something between them."""
    return bool(re.search(r"\w{2,}[\s,;:=&.<>\"'-]+\w{2,}", text))
