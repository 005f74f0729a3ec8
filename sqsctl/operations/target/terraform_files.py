"""Which resource of the Terraform files makes a queue, a function or a mapping, by its name.

Reads the ``.tf`` files of one folder as text; modules, variables and the state are not read. A
name with an expression in it (``"${var.stage}-jobs"``) fits what only one resource could mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.model.stack import Declared
from sqsctl.operations.target.serverless import text_of
from sqsctl.remedies.tools import ADDRESS_KEY

MAX_FILES = 100
_BLOCK = re.compile(
    r'^resource\s+"(?P<type>\w{1,80})"\s+"(?P<name>[\w-]{1,200})"\s*\{', re.MULTILINE
)
_NAMED = {"aws_sqs_queue": "name", "aws_lambda_function": "function_name"}
_MAPPING = "aws_lambda_event_source_mapping"
_REFERENCE = re.compile(r"\b(aws_(?:sqs_queue|lambda_function)\.[\w-]{1,200})\b")


@dataclass(frozen=True, slots=True)
class _Block:
    type: str
    address: str
    source: str
    body: str

    def argument(self, name: str) -> str:
        """A quoted argument, as it is written; empty where it is none."""
        written = rf'^\s*{name}\s*=\s*"(?P<value>[^"\n]{{1,300}})"\s*$'
        match = re.search(written, self.body, re.MULTILINE)
        return match["value"] if match else ""


def addresses(folder: Path, names: Iterable[str]) -> Iterator[Declared]:
    """The address of each of these queues and functions, and of the mappings between them.

    ``function`` is the name that it bears, for a mapping ``queue to function``.
    """
    blocks = [each for path in _files(folder) for each in _blocks(path)]
    known: dict[str, str] = {}
    for name in names:
        found = _of(name, blocks)
        if found is not None:
            known[found.address] = name
            yield Declared(ADDRESS_KEY, found.address, found.source, name)
    for each in blocks:
        if each.type == _MAPPING:
            ends = [known.get(address, "") for address in _REFERENCE.findall(each.body)]
            ends = sorted(filter(None, ends), key=lambda end: _function_last(end, known))
            if len(ends) == 2:
                yield Declared(ADDRESS_KEY, each.address, each.source, " to ".join(ends))


def _function_last(name: str, known: dict[str, str]) -> bool:
    return any(
        address.startswith("aws_lambda_function.") and bears == name
        for address, bears in known.items()
    )


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*.tf") if each.is_file())[:MAX_FILES]


def _blocks(path: Path) -> Iterator[_Block]:
    text = ""
    with suppress(UsageError):
        text = text_of(path)
    for match in _BLOCK.finditer(text):
        end = text.find("\n}", match.end())
        line = text.count("\n", 0, match.start()) + 1
        yield _Block(
            match["type"],
            f"{match['type']}.{match['name']}",
            f"{path.name}:{line}",
            text[match.end() : end if end >= 0 else len(text)],
        )


def _of(name: str, blocks: Iterable[_Block]) -> _Block | None:
    """The resource that bears the name: as written, else the only one that it fits."""
    fitting = []
    for each in blocks:
        written = each.argument(_NAMED.get(each.type, "")) if each.type in _NAMED else ""
        if written == name:
            return each
        if "${" in written and _pattern(written).fullmatch(name):
            fitting.append(each)
    return fitting[0] if len(fitting) == 1 else None


def _pattern(written: str) -> re.Pattern[str]:
    parts = re.split(r"\$\{[^}]{0,200}\}", written)
    return re.compile(r"[\w.-]{1,80}".join(map(re.escape, parts)))
