"""Look at a stack, run the checks, and mend what is safe to mend.

``doctor`` reads only. ``mend`` carries out the steps of one safe fix; what is unsafe or
needs a person is refused here, whatever the caller says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.checks.base import Check
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import all_checks
from sqsctl.errors import RefusedError, SqsctlError, UsageError
from sqsctl.model.deployed import StackRef
from sqsctl.model.finding import Diagnosis, Finding
from sqsctl.model.remedy import Call
from sqsctl.model.stack import Fact, Stack, Unread
from sqsctl.operations.diagnosis.observe import observe
from sqsctl.remedies.context import FACTS as REMEDY_FACTS

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

CHECK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was seen and what was concluded from it.

    ``missing_actions`` are the IAM actions that would have told more, sorted.
    """

    stack: Stack
    diagnosis: Diagnosis
    missing_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A step of a fix that was carried out."""

    finding: Finding
    step: Call


def doctor(
    session: Session,
    ref: StackRef,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    since: datetime | None = None,
    functions: Collection[str] | None = None,
    project_folder: Path | None = None,
    beside: Path | None = None,
    stage: str | None = None,
    check_timeout_s: float = CHECK_TIMEOUT_S,
    progress: Callable[[str], None] | None = None,
) -> Diagnosis:
    """The findings on a stack, causes first, and how each check ended. See ``checkup``."""
    return checkup(
        session,
        ref,
        only=only,
        skip=skip,
        since=since,
        functions=functions,
        project_folder=project_folder,
        beside=beside,
        stage=stage,
        check_timeout_s=check_timeout_s,
        progress=progress,
    ).diagnosis


def checkup(
    session: Session,
    ref: StackRef,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    since: datetime | None = None,
    functions: Collection[str] | None = None,
    project_folder: Path | None = None,
    beside: Path | None = None,
    stage: str | None = None,
    check_timeout_s: float = CHECK_TIMEOUT_S,
    progress: Callable[[str], None] | None = None,
) -> Checkup:
    """Read what the chosen checks look at, run them, and keep what was seen.

    ``only`` and ``skip`` are check ids; one that does not exist is a UsageError. ``progress``
    is told what is being read, then which check runs; ``project_folder`` and ``beside`` are
    what ``observe`` takes. A check that takes longer than
    ``check_timeout_s`` is skipped with that reason.
    """
    chosen = chosen_checks(only, skip)
    needs = REMEDY_FACTS.union(*(each.meta.needs | each.meta.uses for each in chosen))

    def reading(under_way: tuple[str, ...]) -> None:
        if progress and under_way:
            more = f" and {len(under_way) - 1} more" if len(under_way) > 1 else ""
            progress(f"reading {under_way[0]}{more}")

    stack = observe(
        session,
        ref,
        needs=needs,
        since=since,
        functions=functions,
        project_folder=project_folder,
        beside=beside,
        stage=stage,
        progress=reading,
    )
    timed = [_Timed(each, check_timeout_s, progress) for each in chosen]
    return Checkup(stack, diagnose(stack, timed), missing_actions(stack, ref))


def chosen_checks(only: Collection[str], skip: Collection[str]) -> tuple[Check, ...]:
    """The checks with these ids. Raises UsageError for an id that no check has, or for none."""
    known = {each.meta.id for each in all_checks()}
    for name in (*only, *skip):
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            raise UsageError(
                f"there is no check {name}",
                hint=f"did you mean {near[0]}?" if near else "`sqsctl doctor --list-checks`",
                code="check_not_found",
            )
    chosen = tuple(
        each
        for each in all_checks()
        if (not only or each.meta.id in only) and each.meta.id not in skip
    )
    if not chosen:
        raise UsageError("no check is left: all that were chosen are skipped, too")
    return chosen


def missing_actions(stack: Stack, ref: StackRef | None = None) -> tuple[str, ...]:
    """The IAM actions whose denial left gaps, in the stack or in finding its parts."""
    gaps: list[Unread] = [gap for fact in Fact for gap in stack.gaps(fact)]
    gaps += (*ref.unread, *ref.untold) if ref else ()
    return tuple(sorted({gap.action for gap in gaps if gap.action}))


def mendable(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """The findings whose fix may be applied by itself, in their order; none of what is over."""
    return tuple(
        each
        for each in diagnosis.findings
        if each.fix.disposition == "safe" and each.fix.calls and not each.past
    )


def mend(session: Session, finding: Finding) -> Iterator[Applied]:
    """Apply one finding's fix, step by step; each step has taken effect when it is yielded.

    Raises RefusedError for a fix that is not safe, SqsctlError where a step fails: the
    steps before it stay.
    """
    from sqsctl.aws.fix_calls import run_step

    if finding.fix.disposition != "safe":
        raise RefusedError(
            f"the fix of {finding.id} is not one to be applied by itself",
            hint=next(iter(finding.fix.commands), finding.fix.summary),
            code="fix_not_safe",
        )
    for step in finding.fix.calls:
        run_step(session, step)
        yield Applied(finding, step)


class CheckTimeoutError(SqsctlError):
    """A check did not come to an end."""


class _Timed(Check):
    """A check on a thread of its own, so that none can keep the others waiting."""

    def __init__(
        self, check: Check, timeout_s: float, progress: Callable[[str], None] | None
    ) -> None:
        self.check = check
        self._timeout_s = timeout_s
        self._progress = progress

    @property
    def meta(self):  # type: ignore[no-untyped-def,override]
        return self.check.meta

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        if self._progress:
            self._progress(f"checking {self.check.meta.id}")
        future: Future[Sequence[Finding]] = Future()

        def work() -> None:
            try:
                future.set_result(tuple(self.check.diagnose(stack)))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            yield from future.result(self._timeout_s)
        except TimeoutError:
            raise CheckTimeoutError(f"it took longer than {self._timeout_s:g} s") from None
