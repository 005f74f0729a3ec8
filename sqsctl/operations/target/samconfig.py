"""samconfig: what ``sam deploy`` is told, environment by environment.

Source: AWS SAM developer guide, "AWS SAM CLI configuration file" (tables ENVIRONMENT.COMMAND
.parameters; global holds for every command) and ``sam deploy`` (--parameter-overrides).
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.toml_documents import load_toml
from sqsctl.operations.target.yaml_documents import deep, load_yaml

NAMES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
_COMMANDS = ("deploy", "global", "sync")


@dataclass(frozen=True, slots=True)
class SamConfig:
    """A parsed samconfig."""

    path: Path
    document: Mapping[str, Any]

    @property
    def environments(self) -> tuple[str, ...]:
        """Those that name a stack."""
        return tuple(str(key) for key in self.document if self.text(str(key), "stack_name"))

    def environment(self, stage: str | None) -> str | None:
        """The one named like the stage, else ``default``, else the only one."""
        listed = self.environments
        if stage or "default" in listed:
            return stage or "default"
        return listed[0] if len(listed) == 1 else None

    def text(self, environment: str, key: str) -> str | None:
        found = self._value(environment, key)
        return found if isinstance(found, str) else None

    def overrides(self, environment: str) -> dict[str, str]:
        """The template's parameters that a deploy sets: of a text, a list or a mapping.

        Raises UsageError where the text cannot be read.
        """
        said = self._value(environment, "parameter_overrides")
        try:
            return dict(_pairs(said))
        except ValueError as error:
            raise UsageError(
                f"parameter_overrides in {self.path.name} cannot be read: {error}"
            ) from error

    def _value(self, environment: str, key: str) -> Any:
        values = (
            deep(self.document, environment, command, "parameters", key) for command in _COMMANDS
        )
        return next((each for each in values if each is not None), None)


def read(folder: Path) -> SamConfig | None:
    """The folder's samconfig; None where there is none. Raises UsageError where it is broken."""
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        return None
    text = text_of(path)
    document: Any
    if path.suffix == ".toml":
        try:
            document = load_toml(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path.name} is not valid TOML: {error}", code="toml") from error
    else:
        document = load_yaml(text, path.name)
    return SamConfig(path, document if isinstance(document, Mapping) else {})


def _pairs(said: Any) -> Iterator[tuple[str, str]]:
    if isinstance(said, Mapping):
        yield from ((str(key), str(value)) for key, value in said.items())
        return
    texts = said if isinstance(said, list) else [said] if isinstance(said, str) else []
    for text in texts:
        for word in shlex.split(str(text)):
            if word.startswith("ParameterKey="):
                key, _, value = word.removeprefix("ParameterKey=").partition(",ParameterValue=")
            else:
                key, _, value = word.partition("=")
            if key:
                yield key, value
