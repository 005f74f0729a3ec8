"""What SQS refuses is named before it is sent, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.shared.validation import MAX_BYTES, forbidden_character, problem

TEXT = MessageAttribute("String", "x")


def allowed(character: str) -> bool:
    code = ord(character)
    return (
        code in {0x9, 0xA, 0xD}
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


@given(st.text(st.characters(codec=None, categories=None), max_size=50))
def test_the_character_rule_is_the_one_of_the_api_reference(text: str) -> None:
    assert (forbidden_character(text) is None) == all(map(allowed, text))


@pytest.mark.parametrize(
    "body", ["x", "\t\n\r", "본문 \U0001f600", "\x7f", "\x9b", "\u202e", "\ue000", "\ufffd"]
)
def test_sound_bodies_pass(body: str) -> None:
    assert problem(Outgoing(body), fifo=False) is None


@pytest.mark.parametrize("body", ["", "\x00", "a\x1bb", "\ud800", "\ufffe", "\uffff", "\x0b"])
def test_unsound_bodies_are_named(body: str) -> None:
    assert problem(Outgoing(body), fifo=False) is not None


def test_the_size_counts_attributes() -> None:
    large = {"a": MessageAttribute("Binary", b"x" * 100)}
    exact = Outgoing("x" * (MAX_BYTES - 107), large)
    assert exact.size_bytes == MAX_BYTES
    assert problem(exact, fifo=False) is None
    assert "bytes" in (problem(Outgoing("x" * (MAX_BYTES - 106), large), fifo=False) or "")


@pytest.mark.parametrize(
    ("outgoing", "fifo"),
    [
        (Outgoing("x"), True),
        (Outgoing("x", group_id="g", delay_s=5), True),
        (Outgoing("x", deduplication_id="d"), False),
        (Outgoing("x", group_id=""), False),
        (Outgoing("x", group_id="a b"), True),
        (Outgoing("x", group_id="x" * 129), True),
        (Outgoing("x", group_id="g", deduplication_id="한"), True),
        (Outgoing("x", delay_s=901), False),
        (Outgoing("x", delay_s=-1), False),
        (Outgoing("x", {str(n): TEXT for n in range(11)}), False),
        (Outgoing("x", {"AWS.x": TEXT}), False),
        (Outgoing("x", {"amazon.x": TEXT}), False),
        (Outgoing("x", {".x": TEXT}), False),
        (Outgoing("x", {"x.": TEXT}), False),
        (Outgoing("x", {"a..b": TEXT}), False),
        (Outgoing("x", {"a b": TEXT}), False),
        (Outgoing("x", {"": TEXT}), False),
        (Outgoing("x", {"a": MessageAttribute("Text", "x")}), False),
        (Outgoing("x", {"a": MessageAttribute("String", "")}), False),
        (Outgoing("x", {"a": MessageAttribute("String", "\x00")}), False),
        (Outgoing("x", {"a": MessageAttribute("Number", "1,5")}), False),
        (Outgoing("x", {"a": MessageAttribute("Binary", "text")}), False),
        (Outgoing("x", {"a": MessageAttribute("String", b"bytes")}), False),
    ],
)
def test_what_sqs_would_refuse_is_named(outgoing: Outgoing, fifo: bool) -> None:
    assert problem(outgoing, fifo=fifo) is not None


@pytest.mark.parametrize(
    ("outgoing", "fifo"),
    [
        (Outgoing("x", group_id="tenant-1"), False),
        (Outgoing("x", group_id="g", deduplication_id="d" * 128), True),
        (Outgoing("x", group_id="!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), True),
        (Outgoing("x", delay_s=900), False),
        (Outgoing("x", group_id="g", delay_s=0), True),
        (Outgoing("x", {str(n): TEXT for n in range(10)}), False),
        (Outgoing("x", {"a.b-c_D9": MessageAttribute("Number.int", "-1.5e-10")}), False),
        (Outgoing("x", {"aws": MessageAttribute("String.한글", "값")}), False),
    ],
)
def test_what_sqs_takes_passes(outgoing: Outgoing, fifo: bool) -> None:
    assert problem(outgoing, fifo=fifo) is None
