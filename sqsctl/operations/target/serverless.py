"""What a serverless.yml says, as far as it can be told without running anything.

``${self:}``, ``${opt:}``, ``${param:}``, ``${sls:stage}`` and ``${file():}`` of YAML and JSON
inside the project are resolved, with their defaults; ``cf``, ``ssm``, ``s3``, ``aws``,
``construct`` and JavaScript files are unknown, and so is every value that depends on them.
``${env:}`` is filled in where it makes the name of the service, the stage or the stack, and
only by what may go into a name (``environment_names``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.model.stack import Declared
from sqsctl.operations.target import environment_names
from sqsctl.operations.target.yaml_documents import MAX_BYTES, Located, inside_only, load_yaml

NAMES = ("serverless.yml", "serverless.yaml", "serverless.json")
DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"

_MAX_STEPS = 200
_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_FILE = re.compile(r"file\(([^()]+)\)(?::(.+))?")
_NAMES_OF_THE_STACK = frozenset({"service", "service.name", "provider.stage", "provider.stackName"})


class _Unknown:
    """A value that only a deploy could tell."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True)
class ServerlessFile:
    """A parsed serverless.yml and what its variables are resolved with.

    ``refused`` tells which variables of the environment were not filled in, and why.
    """

    path: Path
    document: Mapping[str, Any]
    stage_option: str | None
    region_option: str | None
    environment: Mapping[str, str]
    refused: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def stage(self) -> str | None:
        """The stage that a deploy would use; None where unknown."""
        if self.stage_option:
            return self.stage_option
        return self._name(_at(self.document, "provider.stage", DEFAULT_STAGE))

    @property
    def region(self) -> str | None:
        if self.region_option:
            return self.region_option
        return _text(self.resolved(_at(self.document, "provider.region", DEFAULT_REGION)))

    @property
    def service(self) -> str | None:
        named = self.document.get("service")
        if isinstance(named, Mapping):
            named = named.get("name")
        return self._name(named)

    @property
    def stack_name(self) -> str | None:
        """The CloudFormation stack's name; None where it cannot be told."""
        own = _at(self.document, "provider.stackName", None)
        if own is not None:
            return self._name(own)
        service, stage = self.service, self.stage
        return f"{service}-{stage}" if service and stage else None

    def resolved(self, value: Any) -> Any:
        """A value with its variables filled in, those of the environment apart, or UNKNOWN."""
        return _Resolver(self).value(value)

    def _name(self, value: Any) -> str | None:
        """The same for what makes the stack's name: variables of the environment, too."""
        return _text(_Resolver(self, for_a_name=True).value(value))

    def declared(self) -> Iterator[Declared]:
        """Runtime, handler, timeout and architecture, per function and for all."""
        provider = self.document.get("provider")
        if isinstance(provider, Mapping):
            yield from self._facts(provider, None)
        for name, function, _ in self._functions():
            yield from self._facts(function, name)

    def _functions(self) -> Iterator[tuple[str, Mapping[str, Any], str]]:
        """Deployed name, declaration and key of every function, Lift's workers included."""
        stack = self.stack_name
        stem = f"{self.service}-{self.stage}" if self.service and self.stage else None
        listed = self.document.get("functions")
        for group in listed if isinstance(listed, list) else [listed]:
            for key, function in _mappings(self.resolved_reference(group)):
                own = _text(self.resolved(function.get("name"))) if "name" in function else None
                yield own or (f"{stem}-{key}" if stem else key), function, key
        for key, construct in _mappings(self.document.get("constructs")):
            worker = construct.get("worker")
            if construct.get("type") != "queue" or not isinstance(worker, Mapping):
                continue
            own = _text(self.resolved(worker.get("name"))) if "name" in worker else None
            name = own or (f"{stem or stack}-{key}Worker" if stem or stack else f"{key}Worker")
            yield name, worker, f"{key}Worker"

    def resolved_reference(self, value: Any) -> Any:
        """A whole section that is one variable (``functions: ${file(functions.yml)}``)."""
        return self.resolved(value) if isinstance(value, str) else value

    def _facts(self, where: Mapping[str, Any], function: str | None) -> Iterator[Declared]:
        for key, fact in (
            ("runtime", "runtime"),
            ("handler", "handler"),
            ("timeout", "timeout_s"),
            ("architecture", "architecture"),
        ):
            if key not in where:
                continue
            value = _text(self.resolved(where[key]))
            if value is not None:
                line = where.line_of(key) if isinstance(where, Located) else 0
                source = f"{self.path.name}:{line}" if line else self.path.name
                yield Declared(fact, value, source, function)


def read(
    folder: Path,
    *,
    stage: str | None = None,
    region: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> ServerlessFile | None:
    """The folder's serverless.yml; None where there is none.

    Raises UsageError where it is no YAML. A serverless.ts or .js is code: it is not read.
    """
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        return None
    document = load_yaml(text_of(path), path.name)
    if not isinstance(document, Mapping):
        raise UsageError(f"{path.name} holds no mapping", code="yaml")
    return ServerlessFile(path, document, stage, region, environment or {})


def text_of(path: Path) -> str:
    """A project file's text, bounded. Raises UsageError where it cannot be read."""
    try:
        inside_only(path)
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path.name} is too large to be read")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}", code="yaml") from error


class _Resolver:
    """Fills in variables; counts its steps, so that no file keeps it going for ever."""

    def __init__(self, file: ServerlessFile, *, for_a_name: bool = False) -> None:
        self._file = file
        self._for_a_name = for_a_name
        self._steps = 0
        self._open: set[str] = set()
        self._sources: Mapping[str, Callable[[str], Any]] = {
            "self": self._self,
            "opt": self._option,
            "env": self._environment,
            "param": self._parameter,
            "sls": self._framework,
        }

    def value(self, value: Any) -> Any:
        if not isinstance(value, str):
            return UNKNOWN if isinstance(value, Mapping) and _intrinsic(value) else value
        text = value
        while match := _INNERMOST.search(text):
            self._steps += 1
            if self._steps > _MAX_STEPS:
                return UNKNOWN
            found = self._first_known(match[1])
            if found is UNKNOWN or found is None:
                return UNKNOWN
            if match.span() == (0, len(text)):
                return found
            if not isinstance(found, str | int | float | bool):
                return UNKNOWN
            text = f"{text[: match.start()]}{_plain(found)}{text[match.end() :]}"
        return text

    def _first_known(self, expression: str) -> Any:
        """The first of the alternatives that has a value; the last one is the default."""
        for part in _alternatives(expression):
            found = self._one(part.strip())
            if found is UNKNOWN:
                # It might have a value where it is deployed: what follows is no answer.
                return UNKNOWN
            if found is not None:
                return found
        return None

    def _one(self, part: str) -> Any:
        if len(part) >= 2 and part[0] == part[-1] and part[0] in "'\"":
            return part[1:-1]
        if part in {"true", "false"}:
            return part == "true"
        if part == "null":
            return None
        if re.fullmatch(r"-?\d{1,18}", part):
            return int(part)
        if match := _FILE.fullmatch(part):
            return self._from_file(match[1].strip(), match[2])
        source, colon, address = part.partition(":")
        if not colon or source not in self._sources:
            return UNKNOWN
        if part in self._open:
            return UNKNOWN  # it refers to itself
        self._open.add(part)
        try:
            return self._sources[source](address.strip())
        finally:
            self._open.discard(part)

    def _self(self, address: str) -> Any:
        if address == "provider.stage" and self._file.stage_option:
            return self._file.stage_option
        defaults = {"provider.stage": DEFAULT_STAGE, "provider.region": DEFAULT_REGION}
        value = _at(self._file.document, address, defaults.get(address))
        return self._named(value) if address in _NAMES_OF_THE_STACK else self.value(value)

    def _named(self, value: Any) -> Any:
        """A name of the stack, whatever it is asked for."""
        before, self._for_a_name = self._for_a_name, True
        try:
            return self.value(value)
        finally:
            self._for_a_name = before

    def _option(self, address: str) -> Any:
        options = {"stage": self._file.stage_option, "region": self._file.region_option}
        return options.get(address)

    def _environment(self, address: str) -> Any:
        value = self._file.environment.get(address)
        if value is None:
            # It may stand in .env, which holds secrets and is not read.
            return UNKNOWN if self._file.document.get("useDotenv") else None
        if not self._for_a_name:
            return UNKNOWN
        why = environment_names.refusal(address, self._file.environment)
        if why:
            self._file.refused[address] = why
        return UNKNOWN if why else value

    def _parameter(self, address: str) -> Any:
        stage = self._stage()
        for place in (
            f"params.{stage}",
            f"stages.{stage}.params",
            "params.default",
            "stages.default.params",
        ):
            found = _at(self._file.document, f"{place}.{address}", None)
            if found is not None:
                return self.value(found)
        return None

    def _framework(self, address: str) -> Any:
        return self._stage() if address == "stage" else UNKNOWN

    def _stage(self) -> Any:
        if self._file.stage_option:
            return self._file.stage_option
        key = "sls:stage (inner)"
        if key in self._open:
            return UNKNOWN
        self._open.add(key)
        try:
            return self._named(_at(self._file.document, "provider.stage", DEFAULT_STAGE))
        finally:
            self._open.discard(key)

    def _from_file(self, name: str, address: str | None) -> Any:
        root = self._file.path.parent.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root) or path.suffix not in {".yml", ".yaml", ".json"}:
            return UNKNOWN  # outside the project, or code
        if not path.is_file():
            return None
        self._steps += 10
        try:
            document = load_yaml(text_of(path), path.name)
        except UsageError:
            return UNKNOWN
        return self.value(_at(document, address, None) if address else document)


def _alternatives(expression: str) -> list[str]:
    """Split at commas that stand outside quotes and parentheses."""
    parts, depth, quote, start = [], 0, "", 0
    for place, letter in enumerate(expression):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and depth == 0:
            parts.append(expression[start:place])
            start = place + 1
    return [*parts, expression[start:]]


def _at(document: Any, address: str, default: Any) -> Any:
    found = document
    for key in address.split("."):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return default
    return default if found is None else found


def _intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


def _mappings(section: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(section, Mapping):
        for key, value in section.items():
            if isinstance(value, Mapping):
                yield str(key), value


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = _plain(value).strip()
    return text or None


def _plain(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
