"""The program as a function: run in this process, and what it printed.

Every JSON document that a test looks at is held against its published schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sqsctl.cli import schema
from sqsctl.cli.main import main


@cache
def validator(command: str, *, streamed: bool = False) -> Draft202012Validator:
    """For a command's document, or a line of one that streams."""
    if streamed:
        return Draft202012Validator(schema.line(command))
    known = command in schema.commands.DATA
    return Draft202012Validator(schema.document(command) if known else schema.envelope())


def differences(document: object, command: str, *, streamed: bool = False) -> list[str]:
    """Where a document is not what its schema says."""
    errors = validator(command, streamed=streamed).iter_errors(document)
    return [line for each in errors for line in _told(each)]


def _told(error: ValidationError) -> Iterator[str]:
    yield f"{error.json_path}: {error.message[:200]}"
    for each in error.context or ():
        yield f"  {each.json_path}: {each.message[:200]}"


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        assert document["exit_code"] == self.code
        wrong = differences(document, document["command"])
        assert not wrong, wrong
        return document

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.envelope["data"]
        return data


Sqsctl = Callable[..., Ran]


def program(capsys: pytest.CaptureFixture[str]) -> Sqsctl:
    """The program as a function of its arguments."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run
