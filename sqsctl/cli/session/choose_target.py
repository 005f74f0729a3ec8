"""What the session works on: a running lab, a stack that was found, or a lab to be started.

What flags, environment, settings file or the working folder's project name is taken
without a question, and so is the only thing there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sqsctl.cli.run.command_line import perform
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.screen.prompt import MANY, Choice, pick
from sqsctl.cli.session.state import back
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from sqsctl.aws.lab_state import LabState
    from sqsctl.cli.run.globals import Globals
    from sqsctl.operations.target.targeting import Resolved

QUIT = "quit"


@dataclass(frozen=True)
class Place:
    """A line of the list; ``take`` makes it the target, False is a step back."""

    title: str
    take: Callable[[], bool]


def first(run: Run) -> bool:
    """Settle the target when the session starts; False if the person left instead."""
    from sqsctl.operations.target.targeting import NothingFoundError, resolve
    from sqsctl.operations.target.trust import UntrustedFileError

    settings = run.settings
    named = settings.text("stack") or settings.text("queue") or project_stack(run)
    try:
        resolved = resolve(settings, lab_name=run.lab_name)
    except NothingFoundError:
        run.output.notice("no AWS credentials were found, and no lab is running")
        return choose(run)
    except UntrustedFileError as error:
        run.ask_trust(error)
        return first(run)
    except SqsctlError as error:
        if error.exit is Exit.USAGE and error.code != "region_missing":
            raise  # a broken file or option: nothing that is chosen here would mend it
        return choose(run)  # which says what is wrong
    if resolved.ambiguous:
        return choose(run)
    if named or resolved.lab is not None:
        return True
    try:
        found = _stacks(run, resolved)
    except (SqsctlError, KeyboardInterrupt):
        found = []
    if len(found) == 1:
        run.retarget(replace(run.globals, stack=found[0]))
        return True
    return choose(run)


def choose(run: Run) -> bool:
    """Ask what to work on until something can be; False if the person left instead."""
    told: set[str] = set()  # nobody has to read it again each time
    while True:
        places = _places(run, told)
        chosen = run.prompter.select(
            "Work on what?",
            [
                *(Choice(each.title, str(number)) for number, each in enumerate(places)),
                Choice("quit", QUIT),
            ],
        )
        if chosen is None or chosen == QUIT:
            return False
        with back(run):
            if places[int(chosen)].take():
                return True


def _places(run: Run, told: set[str]) -> list[Place]:
    from sqsctl.aws.lab_state import running_lab

    lab = running_lab(run.lab_name)
    found: list[Place] = []
    if lab is not None:
        found += _on_lab(run, lab)
    found += _on_aws(run, lab, told)
    if lab is None:
        found.append(
            Place("start the lab: a local AWS, no account needed", partial(_start_lab, run))
        )
    found.append(Place("a stack or a queue by its name…", partial(_by_name, run)))
    return found


def _on_lab(run: Run, lab: LabState) -> list[Place]:
    from sqsctl.operations.target.targeting import resolve

    names = [lab.stack]
    before = run.globals
    run.retarget(_only(run, lab=True))
    with back(run):
        resolved = resolve(run.settings, lab_name=run.lab_name)
        names += [each for each in _stacks(run, resolved) if each != lab.stack]
    run.retarget(before)
    return [Place(f"lab · {name}", partial(_take_lab, run, name)) for name in names[:MANY]]


def _on_aws(run: Run, lab: LabState | None, told: set[str]) -> list[Place]:
    """Stacks where the environment or a profile leads, and the profiles there are."""
    from sqsctl.aws.session import profiles
    from sqsctl.cli.screen.output import target_line
    from sqsctl.operations.target.targeting import NothingFoundError, resolve

    found: list[Place] = []
    not_lab = False if lab is not None else None
    before = run.globals
    run.retarget(replace(before, lab=not_lab, stack=None, queue=None))
    known: list[str] = []
    try:
        known = list(profiles())
        resolved = resolve(run.settings, lab_name=run.lab_name)
        where = target_line(replace(resolved.target, stack=None))
        found += [
            Place(f"{where} · {name}", partial(_take_stack, run, name, not_lab))
            for name in _stacks(run, resolved)[: MANY * 4]
        ]
        if not found:
            run.output.notice(f"no stack with a queue and a function was found on {where}")
    except NothingFoundError:
        pass
    except KeyboardInterrupt:
        run.output.notice("not all stacks were looked for")
    except SqsctlError as error:
        if error.message not in told:
            told.add(error.message)
            run.output.complain(error)
        if error.code == "region_missing":
            found.append(Place("another region…", partial(_by_region, run, not_lab)))
    finally:
        run.retarget(before)
    used = run.settings.text("profile")
    others = [each for each in known if each != used]
    if others:
        found.append(Place("another AWS profile…", partial(_by_profile, run, others, not_lab)))
    return found


def _stacks(run: Run, resolved: Resolved) -> list[str]:
    from sqsctl.operations.stacks import discover

    with run.progress("looking for stacks"):
        return [each.name for each in discover.stacks(resolved.session)]


def _take_lab(run: Run, stack: str) -> bool:
    """Work on the lab; the options that say so are given only where they are needed."""
    from sqsctl.operations.target.targeting import resolve

    run.retarget(_only(run, lab=None))
    try:
        by_itself = resolve(run.settings, lab_name=run.lab_name).lab is not None
    except SqsctlError:
        by_itself = False  # what names another AWS is broken: that is no concern of the lab's
    run.retarget(_only(run, lab=None if by_itself else True))
    lab = run.resolved().lab
    named = run.settings.text("stack") or project_stack(run)
    if stack != (named or (lab.stack if lab else None)):
        run.retarget(replace(run.globals, stack=stack))
    return True


def _take_stack(run: Run, stack: str, lab: bool | None) -> bool:
    run.retarget(replace(run.globals, stack=stack, queue=None, lab=lab))
    return True


def project_stack(run: Run) -> str | None:
    """The stack that the working folder's project deploys."""
    from sqsctl.operations.target import project_files

    settings = run.settings
    return project_files.stack_name(
        working_folder(),
        stage=settings.text("stage"),
        environment=settings.names_from(os.environ),
    )


def _only(run: Run, *, lab: bool | None) -> Globals:
    """The options as given, without those that name another AWS than the lab."""
    return replace(
        run.globals,
        lab=lab,
        profile=None,
        endpoint_url=None,
        region=None,
        stack=None,
        stage=None,
        queue=None,
    )


def _start_lab(run: Run) -> bool:
    from sqsctl.aws.lab_state import running_lab

    done = perform(run, ["lab", "up"], target=False)
    lab = running_lab(run.lab_name)
    if done.code is not Exit.OK or lab is None:
        return False
    return _take_lab(run, lab.stack)


def _by_name(run: Run) -> bool:
    kind = run.prompter.select(
        "What is it?",
        [
            Choice("a CloudFormation stack", "stack"),
            Choice("a queue: name, URL or ARN; no stack is needed", "queue"),
        ],
    )
    if kind is None:
        return False
    name = run.prompter.text(f"Name of the {kind}", suggestions=_names(run, kind))
    if not name:
        return False
    before = run.globals
    stack, queue = (name, None) if kind == "stack" else (None, name)
    run.retarget(replace(before, stack=stack, queue=queue))
    try:
        run.stack()
    except SqsctlError:
        run.retarget(before)
        raise
    return True


def _names(run: Run, kind: str) -> list[str]:
    """What may be meant; where it cannot be listed it has to be typed."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.target.targeting import resolve

    try:
        resolved = resolve(run.settings, lab_name=run.lab_name)
        if kind == "stack":
            return _stacks(run, resolved)
        with run.progress("looking for queues"):
            return [each.name for each in QueueClient(resolved.session).every()]
    except SqsctlError:
        return []


def _by_region(run: Run, lab: bool | None) -> bool:
    from sqsctl.aws.session import regions

    region = run.prompter.text("Region", suggestions=regions())
    if not region:
        return False
    run.retarget(replace(run.globals, region=region, lab=lab))
    return False  # asked again, with what is found there


def _by_profile(run: Run, names: list[str], lab: bool | None) -> bool:
    profile = pick(run.prompter, "Which profile?", names)
    if profile is None:
        return False
    before = run.globals
    run.retarget(replace(before, profile=profile, lab=lab, stack=None, queue=None))
    try:
        found = _stacks(run, run.resolved())
    except SqsctlError:
        run.retarget(before)
        raise
    if not found:
        run.retarget(before)
        run.output.notice(f"profile {profile} shows no stack with a queue and a function here")
        return False
    stack = found[0] if len(found) == 1 else pick(run.prompter, "Which stack?", found)
    if stack is None:
        run.retarget(before)
        return False
    run.retarget(replace(run.globals, stack=stack))
    return True
