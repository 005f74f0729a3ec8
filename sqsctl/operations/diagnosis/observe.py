"""Read everything a diagnosis looks at, all at the same time, into a frozen Stack.

Each fact is a value, or unread with the reason; nothing that is denied, missing, late
or unknown to the endpoint makes it fail. Only credentials that are no good, and an AWS
that cannot be reached at all, are raised. Calls are bounded and paged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqsctl.model.deployed import StackRef
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.paused import PausedMapping
from sqsctl.model.stack import Declared, Fact, Group, Stack
from sqsctl.model.unread import not_asked_for
from sqsctl.operations.diagnosis.reading.collector import Collector
from sqsctl.operations.diagnosis.reading.observation import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqsctl.aws.session import Session

WINDOW = timedelta(hours=3)
CALL_TIMEOUT_S = 20.0

# What has to be read before a fact can be.
_REQUIRES: Mapping[Fact, frozenset[Fact]] = {
    Fact.LOGS: frozenset({Fact.FUNCTIONS}),
    Fact.PACKAGES: frozenset({Fact.FUNCTIONS}),
    Fact.PERMISSIONS: frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS}),
    Fact.NETWORKS: frozenset({Fact.FUNCTIONS}),
    Fact.KEYS: frozenset({Fact.QUEUES, Fact.FUNCTIONS}),
    Fact.NAMED_QUEUES: frozenset({Fact.FUNCTIONS}),
    Fact.DEAD_LETTERS: frozenset({Fact.QUEUES}),
    Fact.DEAD_LETTER_FEEDS: frozenset({Fact.FUNCTIONS, Fact.MAPPINGS}),
    Fact.RECURSION: frozenset({Fact.MAPPINGS}),
    Fact.FUNCTIONS: frozenset({Fact.MAPPINGS}),
}


def observe(
    session: Session,
    ref: StackRef,
    *,
    needs: Collection[Fact] = frozenset(Fact),
    since: datetime | None = None,
    functions: Collection[str] | None = None,
    project_folder: Path | None = None,
    beside: Path | None = None,
    stage: str | None = None,
    timeout_s: float = CALL_TIMEOUT_S,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[tuple[str, ...]], None] | None = None,
) -> Stack:
    """Read the facts in ``needs``; the others are unread, ``not asked for``.

    ``since`` bounds logs and metrics (default: WINDOW ago). ``functions`` (names, or short
    ones) restricts logs and packages. ``project_folder`` is where the project's files are;
    without it the PROJECT facts are not asked for, but the deploy tool of the folder ``beside``,
    whose project may deploy something else. ``timeout_s`` bounds each call;
    ``progress`` is told after each call what is still under way.
    """
    wanted = closure(needs)
    at = now()
    chosen = _chosen(ref, functions)
    no_project = Fact.PROJECT in wanted and project_folder is None
    collector = Collector(
        session,
        ref,
        Wanted(wanted, since or at - WINDOW, at, chosen, tool=no_project),
        timeout_s=timeout_s,
        progress=progress,
    )
    collector.run()
    groups: dict[str, Any] = {fact.value: collector.group(fact) for fact in Fact}
    if Fact.PROJECT in wanted and project_folder is not None:
        groups[Fact.PROJECT.value] = _project(project_folder, stage, ref)
    elif no_project:
        gaps = (not_asked_for("the project's files"), *collector.gaps(Fact.PROJECT))
        groups[Fact.PROJECT.value] = Group(_tool_of(beside, ref) if beside else (), gaps)
    _unknown_consumers(groups, ref)
    _unknown_parts(groups, ref)
    if ref.untold:  # without CloudFormation, ways in are found through producers
        apis = groups[Fact.APIS.value]
        groups[Fact.APIS.value] = Group(apis.items, (*apis.unread, *ref.untold))
    for fact in Fact:
        if fact not in wanted and fact is not Fact.ERRORS:
            groups[fact.value] = Group((), (not_asked_for(_title(fact)),))
    return Stack(
        name=ref.title,
        region=ref.region,
        account=ref.account or session.target.account,
        observed_at=at,
        stack_name=ref.stack_name,
        made_by=collector.made_by,
        paused=_paused(session, groups[Fact.MAPPINGS.value]),
        **groups,
    )


def _paused(session: Session, mappings: Iterable[EventSourceMapping]) -> tuple[PausedMapping, ...]:
    """What this user's own redrives have switched off at this AWS."""
    from sqsctl.aws.lab_state import state_home
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.shared.paused_notes import notes, where_of

    there = {each.uuid: each for each in mappings}
    folder = state_home() / "paused"
    if not there or not folder.is_dir():
        return ()
    place = QueueClient(session).place
    return tuple(
        each
        for note in notes(folder)
        for each in note.mappings
        if each.uuid in there and note.where == where_of(place, there[each.uuid].queue_arn)
    )


# It tells outputs and the account only: no part is missing without it.
_DESCRIBE = "cloudformation:DescribeStacks"

# What is read of functions, once it is known which there are.
_OF_FUNCTIONS = (
    Fact.FUNCTIONS,
    Fact.LOGS,
    Fact.PACKAGES,
    Fact.CONCURRENCY,
    Fact.RECURSION,
    Fact.POLICIES,
    Fact.PERMISSIONS,
    Fact.NETWORKS,
    Fact.KEYS,
    Fact.NAMED_QUEUES,
)


def _unknown_consumers(groups: dict[str, Any], ref: StackRef) -> None:
    """Without CloudFormation only mappings lead to functions: what hides them hides those too."""
    hidden = groups[Fact.MAPPINGS.value].unread if ref.stack_name is None else ()
    for fact in _OF_FUNCTIONS if hidden else ():
        group = groups[fact.value]
        groups[fact.value] = Group(group.items, tuple(dict.fromkeys((*group.unread, *hidden))))


def _unknown_parts(groups: dict[str, Any], ref: StackRef) -> None:
    """Where the stack's resources could not be listed, parts of every kind may be missing."""
    hidden = tuple(each for each in ref.unread if each.action != _DESCRIBE)
    for fact in (
        (Fact.QUEUES, Fact.ALARMS, Fact.MAPPINGS, Fact.APIS, *_OF_FUNCTIONS) if hidden else ()
    ):
        group = groups[fact.value]
        groups[fact.value] = Group(group.items, tuple(dict.fromkeys((*group.unread, *hidden))))


def closure(needs: Collection[Fact]) -> frozenset[Fact]:
    """The facts, and those that have to be read for them."""
    found = frozenset(needs)
    while True:
        more = found.union(*(_REQUIRES.get(each, frozenset()) for each in found))
        if more == found:
            return found
        found = more


def _title(fact: Fact) -> str:
    return fact.value.replace("_", " ")


def _chosen(ref: StackRef, functions: Collection[str] | None) -> frozenset[str] | None:
    if functions is None:
        return None
    return frozenset(
        part.name if (part := ref.function(name)) is not None else name for name in functions
    )


def _tool_of(folder: Path, ref: StackRef) -> tuple[Declared, ...]:
    """The deploy tool of a folder, and Terraform's address of each part that no stack holds."""
    from sqsctl.operations.target.terraform_files import addresses
    from sqsctl.operations.target.tool_files import tools
    from sqsctl.remedies.tools import BESIDE_KEY

    found = tuple(replace(each, key=BESIDE_KEY) for each in tools(folder))
    if ref.stack_name is not None or not any(each.value == "terraform" for each in found):
        return found
    names = [*(each.name for each in ref.queues), *(each.name for each in ref.functions)]
    return (*found, *addresses(folder, names))


def _project(folder: Path, stage: str | None, ref: StackRef) -> Group[Declared]:
    """The project's declarations, functions by their deployed names where they can be told."""
    from sqsctl.operations.target import project_files as project

    found = project.declared(folder, stage=stage, stack_name=ref.stack_name)
    named = tuple(
        replace(each, function=part.name)
        if each.function and (part := ref.function(each.function)) is not None
        else each
        for each in found
    )
    return Group(named, found.unread)
