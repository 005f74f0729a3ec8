"""Doctor on a packaged project, with no AWS and no lab: what would be wrong once deployed."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqsctl.checks.rank import diagnose
from sqsctl.errors import UsageError
from sqsctl.model.finding import CheckOutcome, Evidence, Finding
from sqsctl.model.stack import Declared, Group
from sqsctl.operations.diagnosis.doctor import Checkup, chosen_checks
from sqsctl.operations.diagnosis.template_stack import stack_of
from sqsctl.operations.packaged.onto_lab import transformed_stack
from sqsctl.operations.packaged.order import in_order
from sqsctl.operations.packaged.own_files.places import place
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target import project_files

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding is in the project's own file; ``line`` counts from 1."""

    id: str
    subject: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What doctor says of one packaged stack, where, and the checks that need a run."""

    checkup: Checkup
    places: tuple[Place, ...]
    need_a_run: tuple[str, ...]


def before_deploy(
    packaged: Sequence[PackagedStack],
    *,
    folder: Path | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    stage: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Forecast:
    """Build the snapshot of the stacks of one project, and run the checks.

    ``folder`` is where the project's files are. Raises what reading the packages raises.
    """
    region = next(filter(None, (each.region for each in packaged)), DEFAULT_REGION)
    with _of_known_kinds(packaged[0].file):
        stack, names = stack_of(
            [transformed_stack(each, region) for each in in_order(packaged)],
            region,
            parameters=parameters,
            project=_declared(folder, stage, packaged[0].name),
        )
    written = {each.name: each for each in packaged}
    diagnosis = diagnose(stack, chosen_checks(only, skip))
    waiting = tuple(each.id for each in diagnosis.checks if each.outcome is CheckOutcome.SKIPPED)
    places: list[Place] = []
    findings: list[Finding] = []
    for finding in diagnosis.findings:
        owner, key = names.get(finding.subject or "", (packaged[0], ""))
        told = _place(written.get(owner.name, owner), key, finding)
        if told is None:
            findings.append(finding)
        else:
            places.append(told)
            where = Evidence(f"{told.file}:{told.line}", "resource", told.subject)
            findings.append(replace(finding, evidence=(*finding.evidence, where)))
    ran = tuple(each for each in diagnosis.checks if each.id not in waiting)
    kept = replace(diagnosis, findings=tuple(findings), checks=ran, unseen=())
    return Forecast(Checkup(stack, kept), tuple(places), waiting)


def _declared(folder: Path | None, stage: str | None, stack: str) -> Group[Declared]:
    if folder is None:
        return Group()
    return project_files.declared(folder, stage=stage, stack_name=stack)


def _place(packaged: PackagedStack, key: str, finding: Finding) -> Place | None:
    """The line of the property that a finding is about, else of its resource."""
    found = place(packaged, key, [each.fact for each in finding.evidence])
    if found is None:
        return None
    return Place(finding.id, finding.subject or key, str(found[0]), found[1])


@contextlib.contextmanager
def _of_known_kinds(file: Path) -> Iterator[None]:
    """A text where a number belongs is the template's fault: CloudFormation refuses it, too."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise UsageError(
            f"{file.name} holds a value of another kind than CloudFormation takes: {error}",
            code="template_value",
        ) from error
