"""A message as text that a person can edit, and back again, checked.

The text is a small JSON document: the body (as JSON where it is JSON, so that it can be
read), the attributes and the group id. Numbers in attributes stay text; bytes are base64.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import json
from dataclasses import replace
from typing import Any

from sqsctl.errors import SqsctlError
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed
from sqsctl.operations.shared.validation import MAX_BYTES, problem

_KEYS = {"body", "body_json", "attributes", "group_id"}


def editable(outgoing: Outgoing) -> str:
    """The text to edit. A JSON body that would not survive the round trip stays a string."""
    document: dict[str, Any] = {}
    as_json = _faithful(outgoing.body)
    if as_json is NOT_JSON:
        document["body"] = outgoing.body
    else:
        document["body_json"] = as_json
    document["attributes"] = {
        name: _shown(each) for name, each in sorted(outgoing.attributes.items())
    }
    if outgoing.group_id is not None:
        document["group_id"] = outgoing.group_id
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def edited(text: str, original: Outgoing, *, fifo: bool, max_bytes: int = MAX_BYTES) -> Outgoing:
    """The message that the edited text describes. Unchanged text gives the original itself.

    Raises SqsctlError (code ``invalid_edit``) with the reason where SQS would not take it.
    """
    if text == editable(original):
        return original
    document = parsed(text)
    if document is NOT_JSON or not isinstance(document, dict):
        raise _invalid(f"the edited text is not a JSON object: {_syntax(text)}")
    unknown = sorted(set(document) - _KEYS)
    if unknown:
        raise _invalid(f"the edited text has keys that mean nothing here: {', '.join(unknown)}")
    group_id = document.get("group_id")
    if group_id is not None and not isinstance(group_id, str):
        raise _invalid("group_id has to be text")
    result = replace(
        original,
        body=_body(document, original),
        attributes=_attributes(document.get("attributes", {})),
        group_id=group_id,
    )
    if trouble := problem(replace(result, deduplication_id=None), fifo=fifo, max_bytes=max_bytes):
        raise _invalid(trouble)
    return result


def difference(before: Outgoing, after: Outgoing) -> tuple[str, ...]:
    """A unified diff of the two, line by line; empty where they are the same."""
    return tuple(
        difflib.unified_diff(
            editable(before).splitlines(),
            editable(after).splitlines(),
            "as it is",
            "as it will be sent",
            lineterm="",
        )
    )


def _faithful(body: str) -> Any:
    """The body as JSON if writing it again says the same: not with doubled keys, 1.10 or
    1e400, which would come back as something else."""
    document = parsed(body)
    if not isinstance(document, dict | list):
        return NOT_JSON
    try:
        again = json.dumps(document, ensure_ascii=False, allow_nan=False)
        return document if _exact(again) == _exact(body) else NOT_JSON
    except (ValueError, RecursionError):
        return NOT_JSON


def _exact(text: str) -> Any:
    """JSON with its numbers as they are written and its keys in their order, doubled or not."""
    return json.loads(
        text,
        object_pairs_hook=tuple,
        parse_float=_Number,
        parse_int=_Number,
        parse_constant=_Number,
    )


class _Number(str):
    """A number's text, which is not equal to a string of the same text."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and str.__eq__(self, other)

    __hash__ = str.__hash__


def _body(document: dict[str, Any], original: Outgoing) -> str:
    if ("body" in document) == ("body_json" in document):
        raise _invalid("the edited text needs either body or body_json")
    if "body" in document:
        if not isinstance(document["body"], str):
            raise _invalid("body has to be text; body_json takes JSON")
        return str(document["body"])
    if document["body_json"] == _faithful(original.body):
        return original.body
    return json.dumps(document["body_json"], ensure_ascii=False, separators=(",", ":"))


def _shown(attribute: MessageAttribute) -> dict[str, str]:
    if isinstance(attribute.value, bytes):
        return {
            "type": attribute.data_type,
            "base64": base64.b64encode(attribute.value).decode("ascii"),
        }
    return {"type": attribute.data_type, "value": attribute.value}


def _attributes(document: object) -> dict[str, MessageAttribute]:
    if not isinstance(document, dict):
        raise _invalid("attributes have to be a JSON object")
    return {str(name): _attribute(str(name), each) for name, each in document.items()}


def _attribute(name: str, document: object) -> MessageAttribute:
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise _invalid(f"attribute {name!r} needs a type and a value")
    if isinstance(document.get("base64"), str):
        try:
            return MessageAttribute(
                document["type"], base64.b64decode(document["base64"], validate=True)
            )
        except (binascii.Error, ValueError) as error:
            raise _invalid(f"attribute {name!r}: {error}") from error
    if not isinstance(document.get("value"), str):
        raise _invalid(f"attribute {name!r}: the value has to be text, numbers too")
    return MessageAttribute(document["type"], document["value"])


def _syntax(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    except (ValueError, RecursionError) as error:
        return str(error)
    return "it is something else"


def _invalid(message: str) -> SqsctlError:
    return SqsctlError(message, code="invalid_edit")
