"""Commands that a person is told to type, as they have to be typed here.

What this command line was given to find its AWS (a profile, a region, an endpoint, the lab) goes
along with every ``sqsctl`` command; the environment and sqsctl.toml are there for the next one,
too. The AWS CLI knows no sqsctl.toml: it is told the profile and the endpoint; on the lab it is run
by ``sqsctl lab aws``, which tells it the keys, too.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqsctl.cli.run.context import Run
    from sqsctl.model.finding import Diagnosis, Finding
    from sqsctl.model.remedy import Fix, Step, Way

_AWS = re.compile(r"(?<![\w./-])aws (?=(?!configure )[a-z][a-z0-9-]+ )")
_NOT_AGAIN = frozenset({"--no-resume", "--dry-run"})
_NAMING = ("profile", "region", "endpoint_url")


def own_options(run: Run) -> tuple[str, ...]:
    """The options of this command line that say which AWS is meant."""
    settings = run.settings
    given = [
        word
        for key in _NAMING
        if settings.kind(key) == "flag"
        for word in (f"--{key.replace('_', '-')}", settings.text(key) or "")
    ]
    if settings.kind("lab") == "flag":
        given.append("--lab" if settings.flag("lab") else "--no-lab")
    return tuple(given)


def aim(run: Run, queue: str) -> tuple[str, ...]:
    """The options that make another command look at the same queue's stack, or the queue."""
    stack = run.target.stack if run.target else None
    return (*(("--stack", stack) if stack else ("--queue", queue)), *own_options(run))


def here(run: Run, queue: str, *words: str) -> str:
    """Another ``sqsctl`` command, on what this one works on."""
    return shlex.join(("sqsctl", *words, *aim(run, queue)))


def again(run: Run, queue: str) -> str:
    """This command line once more: the selection, the destination and the target with it.

    Without what would keep it from going on, and with what was chosen at a question or stands
    in a file, since another folder may have another one.
    """
    words = [each for each in run.words if each not in _NOT_AGAIN]
    dash = words.index("--") if "--" in words else len(words)
    settings = run.settings
    more: list[str] = []
    if settings.kind("stack") != "flag" and settings.kind("queue") != "flag":
        stack = run.target.stack if run.target else None
        more += ["--stack", stack] if stack else ["--queue", queue]
    given = run.globals.lab
    if given is not None and not {"--lab", "--no-lab"}.intersection(words):
        more.append("--lab" if given else "--no-lab")
    return shlex.join(["sqsctl", *words[:dash], *more, *words[dash:]])


def as_typed(diagnosis: Diagnosis, run: Run) -> Diagnosis:
    """The diagnosis, the commands of its fixes with what they need here."""
    findings = tuple(replace(each, fix=_fix_here(each.fix, run)) for each in diagnosis.findings)
    stack = run.target.stack if run.target else None
    return replace(diagnosis, findings=tuple(_healable(each, stack, run) for each in findings))


def _healable(finding: Finding, stack: str | None, run: Run) -> Finding:
    """The finding, with the lab's own way as the last where the lab was broken on purpose."""
    from sqsctl.model.remedy import Command, Way

    if finding.past or run.resolved().target.kind != "lab":
        return finding
    words = run.program.healing(run.lab_name, stack).get(finding.id)
    if words is None:
        return finding
    heal = Command(("sqsctl", *words))
    way = Way("on the lab, where it was broken on purpose", (heal,))
    return replace(finding, fix=replace(finding.fix, ways=(*finding.fix.ways, way)))


def _lab_named(run: Run) -> tuple[str, ...]:
    from sqsctl.aws.lab_state import DEFAULT_LAB

    return () if run.lab_name == DEFAULT_LAB else ("--name", run.lab_name)


def _fix_here(fix: Fix, run: Run) -> Fix:
    def here(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_step_here(each, run) for each in steps)

    return replace(
        fix,
        commands=tuple(command_here(each, run) for each in fix.commands),
        ways=tuple(
            replace(each, steps=_deployed(here(each.steps), run))
            for each in _effective(fix.ways, run)
        ),
        verify=here(fix.verify),
        afterwards=here(fix.afterwards),
        undo=here(fix.undo),
    )


def _effective(ways: tuple[Way, ...], run: Run) -> tuple[Way, ...]:
    """The ways that lead somewhere here.

    On the lab a template is deployed as it was written: what another file of a tool says, and
    what the tool would install, is not heard.
    """
    from sqsctl.operations.packaged.find import TEMPLATES, as_written

    if run.resolved().target.kind != "lab" or not as_written(Path()):
        return ways
    heard = tuple(
        way
        for way in ways
        if not any(each.deploys for each in way.commands)
        or all(each.replaces or each.file in TEMPLATES for each in way.edits)
    )
    return heard or ways


def _deployed(steps: tuple[Step, ...], run: Run) -> tuple[Step, ...]:
    """The steps; on the lab a project is deployed onto the lab, not by its own tool."""
    from sqsctl.model.remedy import Command
    from sqsctl.operations.packaged.find import as_written

    if run.resolved().target.kind != "lab":
        return steps
    package = () if as_written(Path()) else ("--package",)
    argv = ("sqsctl", "lab", "deploy", *package, *_lab_named(run))
    kept: list[Step] = []
    for each in steps:
        if not isinstance(each, Command) or not each.deploys:
            kept.append(each)
        elif not any(isinstance(step, Command) and step.deploys for step in kept):
            kept.append(replace(each, argv=argv))
    return tuple(kept)


def _step_here(step: Step, run: Run) -> Step:
    from sqsctl.model.remedy import Command

    if not isinstance(step, Command):
        return step
    return replace(step, argv=tuple(shlex.split(command_here(step.line, run))))


def command_here(command: str, run: Run) -> str:
    """One command with what it needs to meet the AWS that was looked at."""
    if command.startswith("sqsctl "):
        return " ".join((command, *map(shlex.quote, own_options(run))))
    if not _AWS.search(command):
        return command
    target = run.resolved().target
    if target.kind == "lab":
        named = "".join(f"{shlex.quote(each)} " for each in _lab_named(run))
        return _AWS.sub(lambda _: f"sqsctl lab aws {named}", command)
    profile = run.settings.text("profile")
    more = ["--endpoint-url", target.endpoint] if target.endpoint else []
    # Where an endpoint is given, the AWS CLI wants a region for services that have none, too.
    if target.endpoint and " --region " not in command:
        more += ["--region", target.region]
    if profile:
        more += ["--profile", profile]
    said = "".join(f"{shlex.quote(each)} " for each in more)
    return _AWS.sub(lambda _: f"aws {said}", command)
