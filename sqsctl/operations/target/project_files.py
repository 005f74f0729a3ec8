"""What the files in the working folder say: which stack, and which runtime is meant.

Reads serverless.yml, samconfig.toml, template.yaml, cdk.json, cdk.out, .nvmrc, .node-version,
package.json, .python-version and pyproject.toml of one folder. Nothing is executed, nothing
outside the folder is read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.model.stack import Declared, Group, Unread
from sqsctl.operations.target import serverless
from sqsctl.operations.target.project_stack import cdk_stacks, code_file, packaged, stack, stage_of
from sqsctl.operations.target.toml_documents import load_toml
from sqsctl.operations.target.tool_files import tools
from sqsctl.operations.target.yaml_documents import Located, deep, load_json, load_yaml

__all__ = ["declared", "stack", "stack_name", "stage_of"]

TEMPLATES = ("template.yaml", "template.yml", "template.json")
_FUNCTION_TYPES = frozenset({"AWS::Serverless::Function", "AWS::Lambda::Function"})
_FACTS = {"Runtime": "runtime", "Handler": "handler", "Timeout": "timeout_s"}
_RELEASE = re.compile(r"v?(\d{1,3}(?:\.\d{1,3}){0,2})")
# https://github.com/nodejs/Release: the code names of long-term releases.
_NODE_LTS = {
    "argon": "4",
    "boron": "6",
    "carbon": "8",
    "dubnium": "10",
    "erbium": "12",
    "fermium": "14",
    "gallium": "16",
    "hydrogen": "18",
    "iron": "20",
    "jod": "22",
    "krypton": "24",
}


def stack_name(
    folder: Path, *, stage: str | None = None, environment: Mapping[str, str] | None = None
) -> str | None:
    """The stack that the folder's project deploys to; None where no file tells.

    Raises UsageError where a file that should tell is broken.
    """
    return stack(folder, stage=stage, environment=environment).name


def declared(
    folder: Path,
    *,
    stage: str | None = None,
    stack_name: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Group[Declared]:
    """What the project's files ask for; a broken file is unread, with the reason.

    ``function`` is the deployed name where the files tell it (serverless.yml), else the
    logical id of the template. ``stack_name`` chooses among the stacks of a CDK app. A folder
    without any such file yields nothing.
    """
    here = environment or {}
    readers: tuple[tuple[str, Callable[[], Iterator[Declared]]], ...] = (
        ("the deploy tool's files", lambda: tools(folder)),
        ("serverless.yml", lambda: _from_serverless(folder, stage, here)),
        ("template.yaml", lambda: _from_template(folder)),
        ("cdk.out", lambda: _from_cdk(folder, stack_name)),
        (".nvmrc", lambda: _from_node_version(folder, ".nvmrc")),
        (".node-version", lambda: _from_node_version(folder, ".node-version")),
        ("package.json", lambda: _from_package_json(folder)),
        (".python-version", lambda: _from_python_version(folder)),
        ("pyproject.toml", lambda: _from_pyproject(folder)),
    )
    found: list[Declared] = []
    unread: list[Unread] = []
    for name, reader in readers:
        try:
            found += reader()
        except UsageError as error:
            unread.append(Unread(name, error.message))
    return Group(tuple(found), tuple(unread))


# -- declarations ---------------------------------------------------------------------------


def _from_serverless(
    folder: Path, stage: str | None, environment: Mapping[str, str]
) -> Iterator[Declared]:
    project = serverless.read(folder, stage=stage, environment=environment)
    if project is None and (code := code_file(folder)) is not None:
        # What the last package made of it holds, unless it was edited since.
        kept = packaged(folder, stage=stage)
        if kept is not None and kept.path.stat().st_mtime >= code.stat().st_mtime:
            project = kept
    if project is not None:
        yield from project.declared()


def _from_cdk(folder: Path, stack_name: str | None) -> Iterator[Declared]:
    for each in cdk_stacks(folder):
        if each.name == stack_name and each.template.is_file():
            yield from _facts_of(each.template)


def _from_template(folder: Path) -> Iterator[Declared]:
    path = next((folder / name for name in TEMPLATES if (folder / name).is_file()), None)
    if path is not None:
        yield from _facts_of(path)


def _facts_of(path: Path) -> Iterator[Declared]:
    document = load_yaml(serverless.text_of(path), path.name)
    if not isinstance(document, Mapping) or not isinstance(document.get("Resources"), Mapping):
        return  # some other template.yaml
    defaults = _parameter_defaults(document)
    shared = deep(document, "Globals", "Function")
    if isinstance(shared, Located):
        yield from _template_facts(shared, None, path.name, defaults)
    for logical_id, resource in document["Resources"].items():
        if not isinstance(resource, Mapping) or resource.get("Type") not in _FUNCTION_TYPES:
            continue
        properties = resource.get("Properties")
        if isinstance(properties, Located):
            own = properties.get("FunctionName")
            name = own if isinstance(own, str) else str(logical_id)
            yield from _template_facts(properties, name, path.name, defaults)


def _template_facts(
    properties: Located, function: str | None, file: str, defaults: Mapping[str, str]
) -> Iterator[Declared]:
    for key, fact in _FACTS.items():
        value = _literal(properties.get(key), defaults)
        if value is not None:
            yield Declared(fact, value, f"{file}:{properties.line_of(key)}", function)
    architectures = properties.get("Architectures")
    if isinstance(architectures, list) and len(architectures) == 1:
        value = _literal(architectures[0], defaults)
        if value is not None:
            line = properties.line_of("Architectures")
            yield Declared("architecture", value, f"{file}:{line}", function)


def _parameter_defaults(document: Mapping[str, Any]) -> dict[str, str]:
    parameters = document.get("Parameters")
    found: dict[str, str] = {}
    for name, each in parameters.items() if isinstance(parameters, Mapping) else ():
        value = deep(each, "Default")
        if isinstance(value, str | int) and not isinstance(value, bool):
            found[str(name)] = str(value)
    return found


def _literal(value: Any, defaults: Mapping[str, str]) -> str | None:
    if isinstance(value, Mapping) and set(value) == {"Ref"}:
        return defaults.get(str(value["Ref"]))
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    return None


def _from_node_version(folder: Path, name: str) -> Iterator[Declared]:
    path = folder / name
    if not path.is_file():
        return
    for number, line in enumerate(serverless.text_of(path).splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        release = _NODE_LTS.get(text.removeprefix("lts/").lower()) or _release(text)
        if release:  # "node", "stable" and "lts/*" mean another release every month
            yield Declared("engine", f"node {release}", f"{name}:{number}")
        return


def _from_package_json(folder: Path) -> Iterator[Declared]:
    path = folder / "package.json"
    if not path.is_file():
        return
    wanted = deep(load_json(path), "engines", "node")
    if isinstance(wanted, str) and wanted.strip() and len(wanted) < 200:
        yield Declared("engine", f"node {wanted.strip()}", f"package.json:{_line(path, 'engines')}")


def _from_python_version(folder: Path) -> Iterator[Declared]:
    path = folder / ".python-version"
    if not path.is_file():
        return
    for number, line in enumerate(serverless.text_of(path).splitlines(), 1):
        release = _release(line.partition("#")[0].strip().removeprefix("python-"))
        if release:
            yield Declared("engine", f"python {release}", f".python-version:{number}")
            return


def _from_pyproject(folder: Path) -> Iterator[Declared]:
    path = folder / "pyproject.toml"
    if not path.is_file():
        return
    try:
        document = load_toml(serverless.text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"pyproject.toml is not valid TOML: {error}", code="toml") from error
    for place, key in (
        (("project", "requires-python"), "requires-python"),
        (("tool", "poetry", "dependencies", "python"), "python"),
    ):
        wanted = deep(document, *place)
        if isinstance(wanted, str) and wanted.strip() and len(wanted) < 200:
            line = _line(path, key)
            yield Declared("engine", f"python {wanted.strip()}", f"pyproject.toml:{line}")
            return


# -- small things ---------------------------------------------------------------------------


def _release(text: str) -> str | None:
    match = _RELEASE.fullmatch(text)
    return match[1] if match else None


def _line(path: Path, key: str) -> int:
    """The first line that sets a key: enough to point a person to it."""
    pattern = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*[:=]""")
    for number, line in enumerate(serverless.text_of(path).splitlines(), 1):
        if pattern.match(line):
            return number
    return 1
