"""Which stack the working folder's project deploys to, and why that cannot be told.

serverless.yml comes first, then samconfig, then a synthesised CDK app. Where serverless.yml is
code, or its names hang on what only a deploy knows, the state that the last package left in
.serverless tells. Nothing is executed, nothing outside the folder is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqsctl.operations.target import samconfig, serverless
from sqsctl.operations.target.yaml_documents import deep, load_json, load_yaml

STATE = Path(".serverless") / "serverless-state.json"

_COMPOSE = ("serverless-compose.yml", "serverless-compose.yaml")
_CODE = tuple(f"serverless.{ending}" for ending in ("ts", "js", "mjs", "cjs", "mts", "cts"))
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_MANIFEST = Path("cdk.out") / "manifest.json"
_MAX_ASSEMBLIES = 20


@dataclass(frozen=True, slots=True)
class ProjectStack:
    """The stack, by the file ``source``; or ``problem``: why a project is here and it is unknown.

    ``others`` are the stacks that the same file names besides. ``region`` is what the project
    says, where it does.
    """

    name: str | None = None
    source: str | None = None
    region: str | None = None
    problem: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CdkStack:
    """A stack of a synthesised CDK app, and the file that holds its template."""

    name: str
    template: Path


def stack(
    folder: Path, *, stage: str | None = None, environment: Mapping[str, str] | None = None
) -> ProjectStack:
    """What the folder's files say. Raises UsageError where one that should tell is broken.

    ``environment`` is what ``${env:}`` may take names from; without it there is nothing.
    """
    here = environment or {}
    found = _serverless(folder, stage, here)
    for read in (_sam, _cdk):
        if found.name or found.problem:
            return found
        found = read(folder, stage)
    return found


def stage_of(
    folder: Path,
    name: str,
    *,
    stage: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[bool, str | None]:
    """Whether the folder's project deploys to this very stack, and the stage it does so with.

    A stage that the environment alone tells is told, too: the other files are read without it.
    """
    here = environment or {}
    told = stack(folder, stage=stage, environment=here)
    if name in {told.name, *told.others}:
        return True, stage or _stage_by_environment(folder, here)
    if stage is None and (project := serverless.read(folder, environment=here)) is not None:
        service = project.service
        if service and name.startswith(f"{service}-"):
            guess = name.removeprefix(f"{service}-")
            if stack(folder, stage=guess, environment=here).name == name:
                return True, guess
    return False, stage


def _stage_by_environment(folder: Path, environment: Mapping[str, str]) -> str | None:
    bare, project = (serverless.read(folder, environment=each) for each in ({}, environment))
    if bare is None or project is None or bare.stage is not None:
        return None
    return project.stage


def code_file(folder: Path) -> Path | None:
    """A serverless.ts, .js or the like: code, which is not run."""
    return next((folder / name for name in _CODE if (folder / name).is_file()), None)


def packaged(folder: Path, *, stage: str | None = None) -> serverless.ServerlessFile | None:
    """The project as the last package resolved it; None without one, or of another stage."""
    path = folder / STATE
    if not path.is_file():
        return None
    document = deep(load_json(path), "service")
    if not isinstance(document, Mapping):
        return None
    kept = serverless.ServerlessFile(path, document, None, None, {})
    return kept if stage in {None, kept.stage} else None


def cdk_stacks(folder: Path) -> tuple[CdkStack, ...]:
    """The stacks of a synthesised CDK app, those of its stages included."""
    manifest = folder / _MANIFEST
    return tuple(_in_assembly(manifest, _MAX_ASSEMBLIES)) if manifest.is_file() else ()


def _valid(name: str | None) -> str | None:
    return name if name and _STACK_NAME.fullmatch(name) else None


# -- Serverless Framework ---------------------------------------------------------------------


def _serverless(folder: Path, stage: str | None, environment: Mapping[str, str]) -> ProjectStack:
    project = serverless.read(folder, stage=stage, environment=environment)
    if project is not None:
        name = _valid(project.stack_name)
        if name:
            return ProjectStack(name, project.path.name, project.region)
        refused = [f"${{env:{name}}} ({why})" for name, why in project.refused.items()]
        why = (
            f"the stack's name in {project.path.name} takes {', '.join(refused)}, which "
            "is not filled in"
            if refused
            else f"the stack's name in {project.path.name} hangs on what only a deploy knows"
        )
        return _as_packaged(folder, stage, why)
    code = code_file(folder)
    if code is not None:
        return _as_packaged(folder, stage, f"{code.name} is code, which sqsctl does not run")
    compose = next((name for name in _COMPOSE if (folder / name).is_file()), None)
    if compose is not None:
        services = deep(load_yaml(serverless.text_of(folder / compose), compose), "services")
        paths = sorted(
            str(path)
            for each in (services.values() if isinstance(services, Mapping) else ())
            if isinstance(path := deep(each, "path"), str)
        )
        where = f": {', '.join(paths)}" if paths else ""
        return ProjectStack(
            problem=f"{compose} holds several services: go into the folder of one{where}"
        )
    return ProjectStack()


def _as_packaged(folder: Path, stage: str | None, why: str) -> ProjectStack:
    kept = packaged(folder, stage=stage)
    name = _valid(kept.stack_name) if kept else None
    if kept is not None and name:
        return ProjectStack(name, str(STATE), kept.region)
    return ProjectStack(problem=f"{why}: --stack names the stack")


# -- SAM --------------------------------------------------------------------------------------


def _sam(folder: Path, stage: str | None) -> ProjectStack:
    """samconfig: the environment named like the stage, else ``default``, else the only one."""
    config = samconfig.read(folder)
    if config is None:
        return ProjectStack()
    found = {
        each: (name, config.text(each, "region"))
        for each in config.environments
        if (name := _valid(config.text(each, "stack_name")))
    }
    if not found:
        return ProjectStack()
    wanted = config.environment(stage)
    listed = ", ".join(sorted(found))
    file = config.path.name
    if wanted is None:
        problem = f"{file} has several environments ({listed}): --stage names one"
        return ProjectStack(problem=problem, others=tuple(name for name, _ in found.values()))
    if wanted not in found:
        return ProjectStack(problem=f"{file} has no environment {wanted}: it has {listed}")
    name, region = found[wanted]
    others = tuple(each for each, _ in found.values() if each != name)
    return ProjectStack(name, file, region, others=others)


# -- CDK --------------------------------------------------------------------------------------


def _cdk(folder: Path, stage: str | None) -> ProjectStack:
    """The only stack of a synthesised CDK app, or of the stage that was named."""
    names = [each.name for each in cdk_stacks(folder)]
    if not names:
        if (folder / "cdk.json").is_file() and not (folder / _MANIFEST).is_file():
            return ProjectStack(
                problem="cdk.json is here and cdk.out is not: cdk synth tells the stacks' names, "
                "--stack names one"
            )
        return ProjectStack()
    chosen = [each for each in names if stage is None or stage in each.split("-")]
    if len(chosen) == 1:
        others = tuple(each for each in names if each != chosen[0])
        return ProjectStack(chosen[0], str(_MANIFEST), others=others)
    shown = ", ".join((chosen or names)[:10])
    return ProjectStack(
        problem=f"cdk.out holds {len(names)} stacks ({shown}): --stack names one",
        others=tuple(names),
    )


def _in_assembly(manifest: Path, left: int) -> Iterator[CdkStack]:
    artifacts = deep(load_json(manifest), "artifacts")
    for key, each in artifacts.items() if isinstance(artifacts, Mapping) else ():
        kind = deep(each, "type")
        if kind == "aws:cloudformation:stack":
            name = _valid(str(deep(each, "properties", "stackName") or key))
            file = deep(each, "properties", "templateFile")
            if name:
                inside = isinstance(file, str) and Path(file).name == file
                yield CdkStack(name, manifest.parent / (str(file) if inside else "none"))
        elif kind == "cdk:cloud-assembly" and left:
            inner = deep(each, "properties", "directoryName")
            if isinstance(inner, str) and Path(inner).name == inner:
                nested = manifest.parent / inner / manifest.name
                if nested.is_file():
                    yield from _in_assembly(nested, left - 1)
