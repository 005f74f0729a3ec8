"""What an incident changes: one setting of one resource, in a form that can be put back.

A change reads the setting, says what it becomes, and writes it. Incidents may overlap:
the journal keeps each setting's first value and lays the changes of all active
incidents over it, in the order in which they came.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sqsctl.aws.translate import translated
from sqsctl.lab.incidents.bench import MAPPING, Bench, package

Value = Any  # whatever JSON can hold


class Change(ABC):
    """One setting. ``key`` names it, the same for every incident that touches it."""

    key: str
    value: Value = None

    @abstractmethod
    def read(self, bench: Bench) -> Value:
        """The setting's value now."""

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - for those that ask
        """What the incident makes of that value: by default, a value of its own."""
        return self.value

    @abstractmethod
    def write(self, bench: Bench, value: Value) -> None:
        """Put a value in place; returns when it is in effect."""


@dataclass(frozen=True)
class Code(Change):
    """A function's package, replaced by ``functions/<language>/incidents/<source>``."""

    function: str
    source: str

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"code:{self.function}"

    def read(self, bench: Bench) -> Value:
        return base64.b64encode(bench.code(self.function)).decode()

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - whatever it was
        language = bench.language(self.function)
        return base64.b64encode(package(source(self.source, language), language)).decode()

    def write(self, bench: Bench, value: Value) -> None:
        bench.deploy(self.function, base64.b64decode(value))


@dataclass(frozen=True)
class Setting(Change):
    """One field of a function's configuration."""

    function: str
    field: str
    value: Value

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"configuration:{self.function}:{self.field}"

    def read(self, bench: Bench) -> Value:
        return bench.configuration(self.function).get(self.field)

    def write(self, bench: Bench, value: Value) -> None:
        bench.configure(self.function, **{self.field: value})


@dataclass(frozen=True)
class QueueAttribute(Change):
    """One attribute of a queue; an empty value removes it."""

    queue: str
    attribute: str
    value: str

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"queue:{self.queue}:{self.attribute}"

    def read(self, bench: Bench) -> Value:
        return bench.attributes(self.queue).get(self.attribute, "")

    def write(self, bench: Bench, value: Value) -> None:
        attributes: dict[Any, str] = {self.attribute: str(value)}
        with translated(f"queue {self.queue}"):
            bench.aws.sqs().set_queue_attributes(
                QueueUrl=bench.queue(self.queue), Attributes=attributes
            )


@dataclass(frozen=True)
class MappingField(Change):
    """One field of the event source mapping; ``Enabled`` is read from its State."""

    field: str
    value: Value

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"mapping:{self.field}"

    def read(self, bench: Bench) -> Value:
        with translated("event source mapping"):
            found = dict(
                bench.aws.functions().get_event_source_mapping(UUID=bench.physical(MAPPING))
            )
        if self.field == "Enabled":
            return found.get("State") in {"Enabled", "Enabling", "Creating"}
        return found.get(self.field)

    def write(self, bench: Bench, value: Value) -> None:
        update: dict[str, Any] = {self.field: value}
        with translated("event source mapping"):
            bench.aws.functions().update_event_source_mapping(
                UUID=bench.physical(MAPPING), **update
            )


def source(name: str, language: str) -> str:
    """The source text of an incident's code in one language."""
    suffix = {"python": "py", "nodejs": "js"}[language]
    path = f"functions/{language}/incidents/{name}.{suffix}"
    return files("sqsctl.lab").joinpath(path).read_text(encoding="utf-8")
