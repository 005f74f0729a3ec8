"""What every command prints with ``-o json``, declared: the source of docs/reference/schema.

More keys than the declared ones may come; none of these may go. The tests hold what the
commands really print against the schemas.
"""

from __future__ import annotations

from typing import Any

from sqsctl.cli.schema import commands, parts
from sqsctl.cli.schema.words import OneOf, Words, schema
from sqsctl.cli.screen.output import SCHEMA
from sqsctl.errors import Exit

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def envelope() -> dict[str, Any]:
    """The schema of the one document of every command."""
    return {
        "$schema": DIALECT,
        "title": "sqsctl -o json",
        "additionalProperties": False,
        **schema(
            {
                "schema": "int",
                "command": "text",
                "status": Words(("ok", "partial", "findings", "error")),
                "exit_code": "int",
                "target": OneOf((None, parts.TARGET)),
                "data": {},
                "errors": [{"code": "text", "message": "text", "hint": "text?"}],
            }
        ),
    }


def document(command: str) -> dict[str, Any]:
    """The schema of one command's document; ``data`` is empty where it failed early."""
    whole = envelope()
    properties = dict(whole["properties"])
    properties["schema"] = {"const": SCHEMA}
    properties["command"] = {"const": command}
    properties["exit_code"] = {"enum": [int(code) for code in Exit]}
    properties["data"] = {
        "anyOf": [
            *(schema(each) for each in commands.DATA[command]),
            {"type": "object", "maxProperties": 0, "description": "it failed before it began"},
        ]
    }
    return {**whole, "title": f"sqsctl {command} -o json", "properties": properties}


def line(command: str) -> dict[str, Any]:
    """The schema of one line of a command that streams."""
    return {
        "$schema": DIALECT,
        "title": f"a line of sqsctl {command} -o json",
        **schema(commands.LINES[command]),
    }
