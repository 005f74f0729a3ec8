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
from sqsctl.lab.incidents.bench import Bench, unfit

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

    def fits(self, bench: Bench) -> None:
        """Raise RefusedError where the setting is not there, or cannot be put to this use."""
        self.read(bench)

    @abstractmethod
    def write(self, bench: Bench, value: Value) -> None:
        """Put a value in place; returns when it is in effect."""


@dataclass(frozen=True)
class Code(Change):
    """A function's package, replaced by ``functions/<language>/incidents/<source>``.

    The language is the function's own, unless one is given.
    """

    function: str
    source: str
    language: str = ""

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"code:{self.function}"

    def read(self, bench: Bench) -> Value:
        return base64.b64encode(bench.code(self.function)).decode()

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - whatever it was
        language = self.language or bench.language(self.function)
        made = bench.packaged(self.function, source(self.source, language), language)
        return base64.b64encode(made).decode()

    def fits(self, bench: Bench) -> None:
        on_latest(bench, self.function)
        bench.language(self.function)

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

    def fits(self, bench: Bench) -> None:
        on_latest(bench, self.function)
        self.read(bench)

    def write(self, bench: Bench, value: Value) -> None:
        bench.configure(self.function, **{self.field: value})


@dataclass(frozen=True)
class AtMost(Setting):
    """A number of a function's configuration that becomes no more than this."""

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - the value is enough
        return min(int(value), int(self.value))


@dataclass(frozen=True)
class Variable(Change):
    """The producer's environment variable that names the queue; None removes it.

    ``value`` may hold ``{}``, which stands for what the variable had.
    """

    value: str | None = None
    key: str = "variable:producer"

    def read(self, bench: Bench) -> Value:
        return self._all(bench).get(bench.variable)

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - the name is enough
        return None if self.value is None else self.value.replace("{}", str(value))

    def write(self, bench: Bench, value: Value) -> None:
        name = bench.variable
        variables = {key: text for key, text in self._all(bench).items() if key != name}
        if value is not None:
            variables[name] = value
        bench.configure("producer", Environment={"Variables": variables})

    @staticmethod
    def _all(bench: Bench) -> dict[str, str]:
        found = bench.configuration("producer").get("Environment") or {}
        return dict(found.get("Variables") or {})


@dataclass(frozen=True)
class Reserved(Change):
    """A function's reserved concurrency; None removes the reservation."""

    function: str
    value: int | None = None

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"reserved:{self.function}"

    def read(self, bench: Bench) -> Value:
        name = bench.function(self.function)
        with translated(f"function {self.function}"):
            answer = bench.aws.functions().get_function_concurrency(FunctionName=name)
        return answer.get("ReservedConcurrentExecutions")

    def write(self, bench: Bench, value: Value) -> None:
        name = bench.function(self.function)
        with translated(f"function {self.function}"):
            if value is None:
                bench.aws.functions().delete_function_concurrency(FunctionName=name)
            else:
                bench.aws.functions().put_function_concurrency(
                    FunctionName=name, ReservedConcurrentExecutions=value
                )


def on_latest(bench: Bench, function: str) -> None:
    """Raise RefusedError where what runs is a version, which nothing changes any more."""
    name = bench.function(function)
    if function == "consumer" and bench.parts.qualifier:
        raise unfit(
            f"the mapping is on {bench.parts.qualifier} of {name}: a version's code and settings "
            "stay as they were published"
        )


def source(name: str, language: str) -> str:
    """The source text of an incident's code in one language."""
    suffix = {"python": "py", "nodejs": "js"}[language]
    path = f"functions/{language}/incidents/{name}.{suffix}"
    return files("sqsctl.lab").joinpath(path).read_text(encoding="utf-8")
