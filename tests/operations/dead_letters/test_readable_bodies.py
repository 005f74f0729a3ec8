"""Bodies without their wrappings."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.readable_bodies import (
    MAX_BYTES,
    Pointer,
    decoded,
    documents,
)
from sqsctl.operations.dead_letters.selection import Filters, compiled

S3_RECORD = {
    "eventSource": "aws:s3",
    "eventName": "ObjectCreated:Put",
    "s3": {
        "bucket": {"name": "uploads"},
        "object": {"key": "a+file%28%EA%B0%80%29.txt", "size": 9},
    },
}
POINTER = [
    "software.amazon.payloadoffloading.PayloadS3Pointer",
    {"s3BucketName": "large", "s3Key": "k-1"},
]


def sns(body: str) -> str:
    topic = "arn:aws:sns:ap-northeast-2:123456789012:news"
    return json.dumps({"Type": "Notification", "TopicArn": topic, "Message": body})


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


@pytest.mark.parametrize(
    ("body", "layers", "value"),
    [
        (sns('{"input": 5}'), ("sns",), {"input": 5}),
        (sns("plain words"), ("sns",), "plain words"),
        (
            json.dumps({"source": "s", "detail-type": "d", "detail": {"n": 1}}),
            ("eventbridge",),
            {"n": 1},
        ),
        (packed('{"a": [1]}'), ("base64", "gzip"), {"a": [1]}),
        (base64.b64encode(b"hello, plain text").decode(), ("base64",), "hello, plain text"),
        (
            base64.urlsafe_b64encode(b'{"a": "?>?>?>"}').decode().rstrip("="),
            ("base64",),
            {"a": "?>?>?>"},
        ),
        (json.dumps('{"a": 1}'), ("json",), {"a": 1}),
        (sns(packed(sns('"x"'))), ("sns", "base64", "gzip", "sns", "json"), "x"),
    ],
)
def test_wrappings_come_off(body: str, layers: tuple[str, ...], value: Any) -> None:
    found = decoded(body)
    assert found is not None
    assert (found.layers, found.value, found.note) == (layers, value, "")


def test_an_s3_event_inside_sns_is_told_with_readable_keys() -> None:
    found = decoded(sns(json.dumps({"Records": [S3_RECORD]})))
    assert found is not None
    assert found.layers == ("sns", "s3-event")
    assert found.value[0]["key"] == "a file(가).txt"
    assert found.value[0]["bucket"] == "uploads"


@pytest.mark.parametrize(
    "body",
    [
        '{"input": 5}',
        "5",
        "null",
        "plain text",
        "",
        "1a645e0b-397d-4dd9-be7a-01bbca385b77",
        "1a645e0b397d4dd9be7a01bbca385b77",
        "AKIAIOSFODNN7EXAMPLEAKIAIOSFODNN",
        '{"Records": [{"eventSource": "aws:sqs"}]}',
        '{"source": "s", "detail": {}}',
        '["software.amazon.payloadoffloading.PayloadS3Pointer", 5]',
        "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    ],
)
def test_what_wears_none_stays_as_it_is(body: str) -> None:
    assert decoded(body) is None


def test_a_pointer_is_followed_only_if_asked_to() -> None:
    body = json.dumps(POINTER)
    alone = decoded(body)
    assert alone is not None
    assert alone.pointer == Pointer("large", "k-1")
    assert alone.value == {"bucket": "large", "key": "k-1"}
    asked: list[Pointer] = []

    def fetch(pointer: Pointer) -> bytes:
        asked.append(pointer)
        return sns('{"n": 2}').encode()

    followed = decoded(body, fetch)
    assert followed is not None
    assert (followed.layers, followed.value) == (("s3-pointer", "sns"), {"n": 2})
    assert asked == [Pointer("large", "k-1")]


def test_a_pointer_to_a_pointer_is_followed_once() -> None:
    found = decoded(json.dumps(POINTER), lambda _: json.dumps(POINTER).encode())
    assert found is not None
    assert found.layers == ("s3-pointer",)


def test_a_small_body_cannot_fill_the_memory() -> None:
    found = decoded(packed("a b " * (MAX_BYTES // 2)))
    assert found is not None
    assert len(found.value) == MAX_BYTES
    assert "cut off" in found.note


def test_what_never_ends_ends() -> None:
    body = "deep"
    for _ in range(10):
        body = sns(body)
    found = decoded(body)
    assert found is not None
    assert "wrappings" in found.note


def test_match_and_grep_reach_into_what_was_decoded() -> None:
    wrapped = Message("m", sns(packed('{"input": 7}')))
    for chosen in (
        Filters(match="input == `7`"),
        Filters(grep='"input": 7'),
        Filters(match="Type"),
    ):
        select = compiled(chosen)
        assert select is not None
        assert select(wrapped)
    other = compiled(Filters(match="input == `8`"))
    assert other is not None
    assert not other(wrapped)


@given(st.text(max_size=200))
def test_any_text_is_taken(body: str) -> None:
    for each in (body, json.dumps(body), sns(body), packed(body)):
        list(documents(each))
        decoded(each)


@given(st.dictionaries(st.text(max_size=5), st.integers()))
def test_what_was_wrapped_comes_out_whole(document: dict[str, int]) -> None:
    found = decoded(sns(packed(json.dumps(document))))
    assert found is not None
    assert found.value == document
