"""A message as SQS hands it out, with everything that it carries.

Shapes follow botocore's SQS model (Message, MessageAttributeValue).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqsctl.model.times import from_epoch_ms

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    """A user attribute. ``data_type`` is String, Number or Binary, optionally ``.custom``.

    Number values stay strings: a JSON float would corrupt them.
    """

    data_type: str
    value: str | bytes

    @property
    def binary(self) -> bool:
        return self.data_type.split(".", 1)[0] == "Binary"

    @property
    def size_bytes(self) -> int:
        """What SQS counts against the message size, the name apart."""
        raw = self.value if isinstance(self.value, bytes) else self.value.encode()
        return len(self.data_type.encode()) + len(raw)


_NO_ATTRIBUTES: Mapping[str, MessageAttribute] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent; ``delay_s`` is 0 to 900 and not allowed per message on FIFO."""

    body: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=lambda: _NO_ATTRIBUTES)
    group_id: str | None = None
    deduplication_id: str | None = None
    trace_header: str | None = None
    delay_s: int | None = None

    @property
    def size_bytes(self) -> int:
        """Body plus attribute names, types and values: what AWS's size limit is about."""
        attributes = sum(
            len(name.encode()) + each.size_bytes for name, each in self.attributes.items()
        )
        return len(self.body.encode(errors="surrogatepass")) + attributes


@dataclass(frozen=True, slots=True)
class Message:
    """A received message. ``system`` holds SQS's own attributes by their AWS names.

    ``damaged``: the body is not the one whose checksum came with it; never move it.
    """

    message_id: str
    body: str
    receipt_handle: str = ""
    attributes: Mapping[str, MessageAttribute] = field(default_factory=lambda: _NO_ATTRIBUTES)
    system: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    damaged: bool = False

    @property
    def receive_count(self) -> int:
        told = self.system.get("ApproximateReceiveCount", "")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0

    @property
    def sent_at(self) -> datetime | None:
        return from_epoch_ms(self.system.get("SentTimestamp"))

    @property
    def first_received_at(self) -> datetime | None:
        return from_epoch_ms(self.system.get("ApproximateFirstReceiveTimestamp"))

    @property
    def group_id(self) -> str | None:
        return self.system.get("MessageGroupId")

    @property
    def deduplication_id(self) -> str | None:
        return self.system.get("MessageDeduplicationId")

    @property
    def sequence_number(self) -> str | None:
        return self.system.get("SequenceNumber")

    @property
    def trace_header(self) -> str | None:
        return self.system.get("AWSTraceHeader")

    @property
    def dead_letter_source_arn(self) -> str | None:
        """The queue it was dead-lettered from, where the endpoint tells."""
        return self.system.get("DeadLetterQueueSourceArn")

    def to_outgoing(self) -> Outgoing:
        """The same message, to be sent elsewhere: everything it carries travels along."""
        return Outgoing(
            body=self.body,
            attributes=self.attributes,
            group_id=self.group_id,
            deduplication_id=self.deduplication_id,
            trace_header=self.trace_header,
        )
