"""What SQS takes: checked before anything is sent, so that the reason is ours to word.

Limits are those of the SQS API reference (SendMessage, MessageAttributeValue).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.model.message import MessageAttribute, Outgoing

MAX_BYTES = 1_048_576  # of a message and of a batch; a queue may allow less
MAX_ATTRIBUTES = 10
MAX_DELAY_S = 900

# Everything outside of #x9 #xA #xD #x20-D7FF #xE000-FFFD #x10000-10FFFF.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(
    r"(?!(?:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", re.IGNORECASE
)
_DATA_TYPE = re.compile(r"(?:String|Number|Binary)(?:\..+)?", re.DOTALL)
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")


def problem(outgoing: Outgoing, *, fifo: bool, max_bytes: int = MAX_BYTES) -> str | None:
    """Why SQS would refuse this message; None where it would not."""
    return next(_problems(outgoing, fifo=fifo, max_bytes=max_bytes), None)


def forbidden_character(text: str) -> str | None:
    """The first character that SQS does not take, named by its place and number."""
    match = _FORBIDDEN.search(text)
    return f"U+{ord(match[0]):04X} at position {match.start()}" if match else None


def _problems(outgoing: Outgoing, *, fifo: bool, max_bytes: int) -> Iterator[str]:
    if not outgoing.body:
        yield "the body is empty; SQS wants at least one character"
    if bad := forbidden_character(outgoing.body):
        yield f"the body holds a character that SQS does not take: {bad}"
    if outgoing.attributes:
        yield from _attribute_problems(outgoing)
    yield from _queue_problems(outgoing, fifo=fifo)
    if outgoing.size_bytes > max_bytes:
        yield f"the message has {outgoing.size_bytes} bytes, the queue takes {max_bytes}"


def _attribute_problems(outgoing: Outgoing) -> Iterator[str]:
    if len(outgoing.attributes) > MAX_ATTRIBUTES:
        yield f"{len(outgoing.attributes)} attributes; SQS takes {MAX_ATTRIBUTES}"
    for name, each in outgoing.attributes.items():
        if not _ATTRIBUTE_NAME.fullmatch(name):
            yield (
                f"attribute {name!r}: a name has letters, digits, _ - and single dots inside, "
                "and does not start with AWS. or Amazon."
            )
        if trouble := _value_problem(each):
            yield f"attribute {name!r}: {trouble}"


def _value_problem(attribute: MessageAttribute) -> str | None:
    kind = attribute.data_type
    if not _DATA_TYPE.fullmatch(kind) or len(kind) > 256:
        return f"type {kind!r} is none of String, Number, Binary (with .suffix)"
    if attribute.binary is not isinstance(attribute.value, bytes):
        return f"a {kind} cannot hold {'bytes' if not attribute.binary else 'text'}"
    if not attribute.value:
        return "the value is empty"
    if isinstance(attribute.value, bytes):
        return None
    if kind.startswith("Number") and not _NUMBER.fullmatch(attribute.value):
        return f"{attribute.value[:40]!r} is not a number"
    if bad := forbidden_character(attribute.value):
        return f"a character that SQS does not take: {bad}"
    return None


def _queue_problems(outgoing: Outgoing, *, fifo: bool) -> Iterator[str]:
    group, deduplication, delay = (
        outgoing.group_id,
        outgoing.deduplication_id,
        outgoing.delay_s,
    )
    if fifo and not group:
        yield "a FIFO queue wants a group id"
    if fifo and delay:
        yield "a FIFO queue takes no delay per message"
    if not fifo and deduplication is not None:
        yield "a deduplication id is for FIFO queues only"
    if group is not None and not _ID.fullmatch(group):
        yield "a group id has 1 to 128 letters, digits and punctuation marks"
    if deduplication is not None and not _ID.fullmatch(deduplication):
        yield "a deduplication id has 1 to 128 letters, digits and punctuation marks"
    if delay is not None and not 0 <= delay <= MAX_DELAY_S:
        yield f"a delay of {delay} s; SQS takes 0 to {MAX_DELAY_S}"
