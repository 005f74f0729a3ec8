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

TOOL = "tool"
_SAM_CONFIGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_SAM_TRANSFORM = re.compile(r"AWS::Serverless-\d{4}-\d{2}-\d{2}")
# The first version that a range takes: ``4``, ``^3.38.0``, ``>=3.0.0 <4``, ``~3``.
_MAJOR = re.compile(r"\s*(?:[\^~=v]|>=)?\s*v?(\d{1,2})(?![\d])")
# osls carries version 3 on, under numbers of the same major.
_FRAMEWORKS = ("serverless", "osls")
_CDK_LANGUAGES = (
    (re.compile(r"\b(?:python[\d.]*|uv|poetry|pipenv)\b"), "python"),
    (re.compile(r"\b(?:node|npx|npm|ts-node|tsx|yarn|pnpm|bun|deno)\b"), "typescript"),
)


def tools(folder: Path) -> Iterator[Declared]:
    """``serverless 4``, ``cdk python``, ``sam``, ``terraform``: key ``tool``, with its file.

    A language or version that no file tells is left out of the value. A broken file tells no
    tool; that it is broken is said where its other facts are read.
    """
    for read in (_terraform, _sam, _cdk, _serverless):
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
    said = app if isinstance(app, str) else ""
    language = next((name for word, name in _CDK_LANGUAGES if word.search(said)), "")
    yield Declared(TOOL, f"cdk {language}".strip(), path.name)


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
