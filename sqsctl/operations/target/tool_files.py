"""Which tool deploys the project, and in which language or version, by its files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.model.stack import Declared
from sqsctl.operations.target import serverless
from sqsctl.operations.target.yaml_documents import deep, load_json, load_yaml
from sqsctl.remedies.tools import TOOL_KEY as TOOL

_SAM_CONFIGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_SAM_TRANSFORM = re.compile(r"AWS::Serverless-\d{4}-\d{2}-\d{2}")
# The first version that a range takes: ``4``, ``^3.38.0``, ``>=3.0.0 <4``, ``~3``.
_MAJOR = re.compile(r"\s*(?:[\^~=v]|>=)?\s*v?(\d{1,2})(?![\d])")
# osls carries version 3 on, under numbers of the same major.
_FRAMEWORKS = ("serverless", "osls")
# What runs a CDK app, and the language that it is written in then.
_CDK_PROGRAMS = re.compile(
    r"\b(?:(?P<python>python[\d.]*|uv|poetry|pipenv)|(?P<java>mvnw?|gradlew?|java|jbang)"
    r"|(?P<csharp>dotnet)|(?P<go>go)"
    r"|(?P<typescript>node|npx|npm|ts-node|tsx|yarn|pnpm|bun|deno))\b"
)
# Files that tell it where cdk.json does not.
_CDK_FILES = (
    ("pom.xml", "java"),
    ("build.gradle*", "java"),
    ("go.mod", "go"),
    ("src/*.sln*", "csharp"),
    ("*.csproj", "csharp"),
    ("tsconfig.json", "typescript"),
    ("requirements.txt", "python"),
)
# Tools that are known by a file or folder of theirs alone.
_MARKS = (
    ("Pulumi.yaml", "pulumi"),
    ("Pulumi.yml", "pulumi"),
    ("sst.config.ts", "sst"),
    ("sst.config.js", "sst"),
    ("copilot/.workspace", "copilot"),
    ("amplify/backend.ts", "amplify"),
    ("amplify/backend/backend-config.json", "amplify"),
)


def tools(folder: Path) -> Iterator[Declared]:
    """``serverless 4``, ``cdk python``, ``sam``, ``pulumi``: key ``tool``, with its file.

    A language or version that no file tells is left out of the value. A broken file tells no
    tool; that it is broken is said where its other facts are read.
    """
    for read in (_terraform, _sam, _cdk, _serverless, _marked):
        with suppress(UsageError):
            yield from read(folder)


def _terraform(folder: Path) -> Iterator[Declared]:
    found = sorted(each.name for each in folder.glob("*.tf") if each.is_file())
    if found:
        yield Declared(TOOL, "terraform", found[0])


def _sam(folder: Path) -> Iterator[Declared]:
    for name in _SAM_CONFIGS:
        if (folder / name).is_file():
            yield Declared(TOOL, "sam", name)
            return
    path = next((folder / name for name in _TEMPLATES if (folder / name).is_file()), None)
    if path is None:
        return
    said = deep(load_yaml(serverless.text_of(path), path.name), "Transform")
    listed = said if isinstance(said, list) else [said]
    if any(isinstance(each, str) and _SAM_TRANSFORM.fullmatch(each) for each in listed):
        yield Declared(TOOL, "sam", path.name)


def _cdk(folder: Path) -> Iterator[Declared]:
    path = folder / "cdk.json"
    if not path.is_file():
        return
    app = deep(load_json(path), "app")
    match = _CDK_PROGRAMS.search(app) if isinstance(app, str) else None
    language = (match.lastgroup if match else None) or next(
        (name for pattern, name in _CDK_FILES if any(folder.glob(pattern))), ""
    )
    yield Declared(TOOL, f"cdk {language}".strip(), path.name)


def _marked(folder: Path) -> Iterator[Declared]:
    found = {name: mark for mark, name in reversed(_MARKS) if (folder / mark).is_file()}
    yield from (Declared(TOOL, name, mark) for name, mark in found.items())


def _serverless(folder: Path) -> Iterator[Declared]:
    """The version that serverless.yml asks for, else the one that package.json installs."""
    path = next((folder / name for name in serverless.NAMES if (folder / name).is_file()), None)
    asked = None
    if path is not None:
        document = load_yaml(serverless.text_of(path), path.name)
        asked = _major(deep(document, "frameworkVersion"))
        if asked:
            yield Declared(TOOL, f"serverless {asked}", path.name)
            return
    package = folder / "package.json"
    if package.is_file():
        document = load_json(package)
        for group in ("devDependencies", "dependencies"):
            wanted = deep(document, group)
            for name in _FRAMEWORKS if isinstance(wanted, Mapping) else ():
                if major := _major(wanted.get(name)):
                    yield Declared(TOOL, f"serverless {major}", package.name)
                    return
    if path is not None:
        yield Declared(TOOL, "serverless", path.name)


def _major(wanted: object) -> str:
    """The major version that a range begins with; empty where it names none."""
    text = wanted if isinstance(wanted, str) else str(wanted) if type(wanted) is int else ""
    match = _MAJOR.match(text)
    return match[1] if match else ""
