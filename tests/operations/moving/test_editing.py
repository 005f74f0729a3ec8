"""Editing round trips exactly, and refuses what SQS would not take."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.errors import SqsctlError
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.moving.editing import difference, editable, edited

JOB = Outgoing(
    '{"input": 1, "name": "값"}',
    {"n": MessageAttribute("Number", "1.10"), "b": MessageAttribute("Binary.x", b"\x00\xff")},
    group_id="g",
    trace_header="Root=1",
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)


@given(st.one_of(texts, json_values.map(json.dumps)))
def test_unchanged_text_is_the_very_same_message(body: str) -> None:
    original = Outgoing(body)
    assert edited(editable(original), original, fifo=False) is original


@given(texts, texts)
def test_a_new_attribute_leaves_the_body_as_it_was(body: str, value: str) -> None:
    original = Outgoing(body)
    document = json.loads(editable(original))
    document["attributes"]["x"] = {"type": "String", "value": value}
    result = edited(json.dumps(document), original, fifo=False)
    assert result.body == body
    assert result.attributes == {"x": MessageAttribute("String", value)}


@pytest.mark.parametrize(
    "body", ['{"a": 1.10}', '{"a": 1, "a": 2}', "[1e400]", '{"a": NaN}', "5", '"x"', "[" * 5000]
)
def test_json_that_would_come_back_as_something_else_stays_text(body: str) -> None:
    assert json.loads(editable(Outgoing(body)))["body"] == body


def test_json_is_shown_as_json_and_can_be_changed() -> None:
    document = json.loads(editable(JOB))
    assert document["body_json"] == {"input": 1, "name": "값"}
    document["body_json"]["input"] = 2
    result = edited(json.dumps(document), JOB, fifo=True)
    assert result.body == '{"input":2,"name":"값"}'
    assert (result.attributes, result.trace_header) == (JOB.attributes, "Root=1")


def test_the_difference_names_what_changes() -> None:
    changed = edited(editable(JOB).replace('"input": 1', '"input": 2'), JOB, fifo=False)
    lines = difference(JOB, changed)
    assert '-    "input": 1,' in lines
    assert '+    "input": 2,' in lines
    assert difference(JOB, JOB) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"body": 5}',
        '{"body": ""}',
        '{"body": "a", "body_json": {}}',
        '{"body": "a", "typo": 1}',
        '{"body": "a", "attributes": []}',
        '{"body": "a", "attributes": {"x": 5}}',
        '{"body": "a", "attributes": {"x": {"type": "Number", "value": 5}}}',
        '{"body": "a", "attributes": {"x": {"type": "Number", "value": "five"}}}',
        '{"body": "a", "attributes": {"x": {"type": "Binary", "base64": "!"}}}',
        '{"body": "a", "attributes": {"x": {"type": "Binary", "base64": ""}}}',
        '{"body": "a", "group_id": 5}',
        '{"body": "\\u0000"}',
        '{"body": "\\ud800"}',
        "[" * 5000,
    ],
)
def test_what_makes_no_message_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(SqsctlError) as caught:
        edited(text, JOB, fifo=False)
    assert caught.value.code == "invalid_edit"
    assert caught.value.message


def test_fifo_wants_its_group() -> None:
    document = json.loads(editable(JOB))
    del document["group_id"]
    with pytest.raises(SqsctlError, match="group id"):
        edited(json.dumps(document), JOB, fifo=True)
    assert edited(json.dumps(document), JOB, fifo=False).group_id is None


def test_the_targets_size_counts() -> None:
    with pytest.raises(SqsctlError, match="bytes"):
        edited('{"body": "' + "x" * 101 + '"}', JOB, fifo=False, max_bytes=100)
