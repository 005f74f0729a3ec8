"""A handler setting that names what the code does not export, as after a rename.

Every invocation fails while it is initialised.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench
from sqsctl.lab.incidents.changes import Setting, Value


@dataclass(frozen=True)
class HandlerName(Setting):
    """The handler setting: the same file, another name in it."""

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - the value is enough
        module, _, exported = str(value).rpartition(".")
        return f"{module}.{self.value if exported != self.value else 'handler'}"


class HandlerNotFound(Incident):
    name = "handler-not-found"
    step = "step 2, item 2"
    breaks = "the consumer's handler setting names a function that its code does not export"
    changes = (HandlerName("consumer", "Handler", "consumer"),)
