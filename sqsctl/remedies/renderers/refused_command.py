"""A call that the AWS CLI or an SDK made and AWS refused: it is made again with other values."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from sqsctl.model.intents import REMOVED, QueueArn
from sqsctl.model.remedy import Sentence, Step
from sqsctl.remedies.cli import kebab, option
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import removed_within
from sqsctl.remedies.renderers.base import Renderer
from sqsctl.remedies.settings import Setting


class RefusedCommand(Renderer):
    name = "the same command"
    file = "the refused command"
    language = "sh"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        del context
        lines: list[str] = []
        for each in found:
            if each.kind == "queue":
                lines += _attributes(each.properties)
                continue
            lines += [_line(key, value) for key, value in each.properties.items()]
        return lines

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        return (Sentence("run the command again with that"),)


def _line(key: str, value: object) -> str:
    if value is REMOVED:
        return f"# leave out: --{kebab(key)}"
    if removed := removed_within(value):
        return f"# leave out of --{kebab(key)}: {', '.join(removed)}"
    return _quoted(tuple(option(key, value.arn if isinstance(value, QueueArn) else value)))


def _attributes(properties: Mapping[str, object]) -> list[str]:
    """A queue's attributes are one option."""
    told = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in properties.items()
        if value is not REMOVED
    }
    lines = [f"# leave out of --attributes: {key}" for key in properties if key not in told]
    return [*([_quoted(tuple(option("Attributes", told)))] if told else []), *lines]


def _quoted(words: Sequence[str]) -> str:
    return shlex.join(words)
