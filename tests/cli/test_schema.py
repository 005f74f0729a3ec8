"""The published schemas: valid, complete, and strict enough to notice a change."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from sqsctl.cli import schema
from sqsctl.cli.main import make_app
from sqsctl.cli.schema.commands import DATA, LINES
from sqsctl.cli.schema.words import Each, OneOf, Words
from sqsctl.cli.schema.words import schema as compiled
from sqsctl.cli.screen.output import Answer, Output
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.target import Target
from tests.program import differences


def leaves() -> Iterator[str]:
    """Every command of the program."""

    def walk(command: Any, path: str) -> Iterator[str]:
        inner = getattr(command, "commands", {})
        if not inner:
            yield path
        for name, each in inner.items():
            if not each.hidden:
                yield from walk(each, f"{path} {name}".strip())

    return walk(typer.main.get_command(make_app()), "")


def test_every_command_has_a_schema() -> None:
    streams = {command for command in LINES if " --" not in command}
    assert {*DATA, *streams} == set(leaves())


@pytest.mark.parametrize("command", sorted(DATA))
def test_schemas_of_documents_are_schemas(command: str) -> None:
    Draft202012Validator.check_schema(schema.document(command))


@pytest.mark.parametrize("command", sorted(LINES))
def test_schemas_of_lines_are_schemas(command: str) -> None:
    Draft202012Validator.check_schema(schema.line(command))


@pytest.mark.parametrize(
    ("shape", "right", "wrong"),
    [
        ("int", [0, -1], [1.5, "1", None, True]),
        ("int?", [0, None], ["1"]),
        ("number", [1, 1.5], ["1", None]),
        ("text", [""], [1, None]),
        ("time", ["2026-11-23T05:00:00.000Z"], ["2026-11-23", "2026-11-23T05:00:00Z", None]),
        ("time?", [None], ["yesterday"]),
        (["int"], [[], [1]], [["1"], 1]),
        ({"a": "int", "b?": "int"}, [{"a": 1}, {"a": 1, "b": 2, "c": 3}], [{}, {"a": 1, "b": ""}]),
        (Each("int"), [{}, {"x": 1}], [{"x": ""}, []]),
        (Words(("a", "b")), ["a"], ["c", None]),
        (OneOf((None, {"a": "int"})), [None, {"a": 1}], [{}, 1]),
    ],
)
def test_shapes_mean_what_they_say(shape: Any, right: list[Any], wrong: list[Any]) -> None:
    validator = Draft202012Validator(compiled(shape))
    assert [value for value in right if not validator.is_valid(value)] == []
    assert [value for value in wrong if validator.is_valid(value)] == []


def test_a_change_of_a_document_is_noticed() -> None:
    data = {
        "message_id": "m",
        "via": "sqs",
        "to": "jobs",
        "status_code": None,
        "sequence_number": None,
        "answer": None,
        "latency_ms": 1.5,
        "possible_duplicate": False,
    }
    target = Target("lab", "ap-northeast-2", "000000000000", "s", "http://127.0.0.1:1")
    error = SqsctlError("no", exit=Exit.AMBIGUOUS)
    import json

    text = Output("json").envelope("send", Answer(data, None, Exit.OK, (error,)), target)
    document = json.loads(text)
    assert differences(document, "send") == []
    for path in (
        ["target", "kind"],
        ["data", "via"],
        ["data", "latency_ms"],
        ["errors", 0, "code"],
    ):
        changed = deepcopy(document)
        place = changed
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
        assert differences(changed, "send"), path
    assert differences({**document, "more": 1}, "send")
    assert differences({**document, "exit_code": 8}, "send")
    assert differences({**document, "data": {}}, "send") == []
