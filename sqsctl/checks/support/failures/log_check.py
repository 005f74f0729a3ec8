"""A check whose cause shows in log text: recognise one failure, report all that are alike."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import ClassVar, Generic, TypeVar

from sqsctl.checks.base import Check
from sqsctl.checks.support import evidence
from sqsctl.checks.support.deploys.errors import of_a_deploy
from sqsctl.checks.support.deploys.places import placed
from sqsctl.checks.support.failures.caught_errors import caught
from sqsctl.checks.support.failures.disproved import doubt
from sqsctl.checks.support.failures.failure_cases import Case, cases
from sqsctl.checks.support.failures.freshness import mended
from sqsctl.checks.support.failures.languages import from_image, language
from sqsctl.checks.support.failures.swallowed_errors import swallowed
from sqsctl.logtext.entry import WORDED
from sqsctl.logtext.error_chains import causes_in
from sqsctl.logtext.errors import SeenError, error_in
from sqsctl.logtext.handled_errors import goes_on
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.logline import Failure
from sqsctl.model.stack import Fact, FunctionLogs, Stack

S = TypeVar("S", bound=Hashable)

NEEDS = frozenset({Fact.LOGS})
# Whether messages that failed are left: those that depend on the message are not over then, and
# what code caught made them come back.
MESSAGES: frozenset[Fact] = frozenset({Fact.QUEUES, Fact.DEAD_LETTERS})
USES: frozenset[Fact] = (
    frozenset({Fact.ERRORS, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.PACKAGES, Fact.METRICS}) | MESSAGES
)

# Of checks that also count what a function behind an API caught and answered with.
USES_SWALLOWED = USES | {Fact.APIS}


# Checks from this precedence on take what no other one knows by its sign.
GENERAL = 70
_AROUND = 200  # lines of a deploy's output that are searched for its tool
_READ = 4_000  # characters of a line that is looked through

# What an error led to, by the check that tells it.
_OUTCOMES = {"timeout": "function-timeout", "exit": "runtime-exit"}


@dataclass(frozen=True, slots=True)
class Seen(Generic[S]):
    """All failures of one function that show the same sign; the newest first."""

    sign: S
    function: str
    cases: tuple[Case, ...]
    logs: FunctionLogs | None

    @property
    def newest(self) -> Case:
        return self.cases[0]

    @property
    def count(self) -> int:
        return sum(each.failure.occurrences for each in self.cases)

    @property
    def confidence(self) -> Confidence:
        return max(each.failure.confidence for each in self.cases)

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """When the first and the last of them happened; None where one has no time."""
        moments = [
            at
            for each in self.cases
            for at in (each.failure.first_at or each.failure.timestamp, each.failure.timestamp)
        ]
        known = [at for at in moments if at]
        whole = bool(known) and len(known) == len(moments)
        return (min(known), max(known)) if whole else (None, None)

    @property
    def who(self) -> str:
        """The function, for a sentence."""
        return self.function or "the function"

    @property
    def runtime(self) -> str | None:
        return self.newest.runtime

    def evidence(self, most: int = 3) -> tuple[Evidence, ...]:
        """The log lines, the newest first."""
        return tuple(evidence.of_failure(each.failure, self.logs) for each in self.cases[:most])


class LogCheck(Check, Generic[S]):
    """Base of the checks that log text alone can establish.

    ``precedence``: of several checks that recognise the same failure the one with the
    least number has it. A special kind stands below 50, a general one above.
    ``by_message``: whether the failure depends on the message, so that other messages'
    success does not prove it mended. What a batch consumer caught counts for checks that declare
    what tells whether it made messages come back. ``minds_swallowed``: whether an error counts
    that a function behind an API caught and answered its client with.
    """

    precedence: ClassVar[int] = 50
    by_message: ClassVar[bool] = False
    minds_swallowed: ClassVar[bool] = False

    @abstractmethod
    def recognise(self, case: Case) -> S | None:
        """What this failure shows, None where it is not this check's."""

    @abstractmethod
    def report(self, seen: Seen[S], stack: Stack) -> Finding:
        """The finding for failures with the same sign."""

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for seen in self.seen(stack):
            finding = _told(self.report(seen, stack), seen)
            if outcome := _OUTCOMES.get(seen.newest.failure.led_to):
                finding = replace(finding, explains=(*finding.explains, outcome))
            if all(each.failure.led_to == "records" for each in seen.cases):
                finding = _logged_by_the_code(finding)
            elif Fact.METRICS in self.meta.uses | self.meta.needs:
                finding = _doubted(finding, seen, stack)
            over = self.over(seen, stack)
            first, last = seen.span
            finding = replace(finding, since=first, until=last if over else None)
            yield past(finding, over) if over else finding

    def over(self, seen: Seen[S], stack: Stack) -> str:
        """Why these failures are history; empty while they are not."""
        failures = [each.failure for each in seen.cases]
        return mended(stack, seen.logs, failures, by_message=self.by_message)

    def seen(self, stack: Stack) -> Iterator[Seen[S]]:
        """This check's failures, grouped by function and sign."""
        grouped: dict[tuple[str, S], list[tuple[Case, FunctionLogs | None]]] = {}
        for found_case, logs in self._cases(stack):
            case = rooted(found_case)
            if owner(case) != self.meta.id:
                continue
            sign = self.recognise(case)
            if sign is not None:
                grouped.setdefault((case.function, sign), []).append((case, logs))
        for (function, sign), found in grouped.items():
            found.sort(key=lambda pair: _age_key(pair[0].failure.timestamp), reverse=True)
            yield Seen(sign, function, tuple(case for case, _ in found), found[0][1])

    def _cases(self, stack: Stack) -> Iterator[tuple[Case, FunctionLogs | None]]:
        # Words of AWS alone need no code to be recognised: packages are read for those that do.
        yield from cases(stack, with_sources=Fact.PACKAGES in self.meta.uses)
        if self.meta.uses >= MESSAGES:
            yield from caught(stack)
        if self.minds_swallowed:
            yield from swallowed(stack)


def _told(finding: Finding, seen: Seen[S]) -> Finding:
    """The finding, its remedy with what the failure itself tells of its place."""
    asked = finding.remedy
    if asked is None:
        return finding
    text = seen.newest.everything
    phase = asked.phase or ("deploy" if of_a_deploy(text) else "")
    if phase == "deploy":
        lines = seen.logs.events[:_AROUND] if seen.logs else ()
        around = "\n".join(each.message for each in lines)
        asked = placed(asked, text, around)
    known = replace(
        asked,
        function=asked.function or seen.function,
        runtime=asked.runtime or seen.runtime or "",
        language=asked.language or language(seen.newest),
        phase=phase,
        image=from_image(seen.newest) if asked.image is None else asked.image,
    )
    return replace(finding, remedy=known)


def _logged_by_the_code(finding: Finding) -> Finding:
    """The finding for what code caught: it explains what came back, and is no more than likely."""
    return replace(
        finding,
        title=f"{finding.title} — logged by the code, which reported the records as failed",
        confidence=min(finding.confidence, Confidence.MEDIUM),
    )


def _doubted(finding: Finding, seen: Seen[S], stack: Stack) -> Finding:
    """The finding, no more than likely where a program may have printed what it rests on."""
    why = doubt([each.failure for each in seen.cases], seen.logs, stack)
    if not why:
        return finding
    source = evidence.of_failure(seen.newest.failure, seen.logs).source
    return replace(
        finding,
        evidence=(*finding.evidence, Evidence(source, "only these lines say so", why)),
        confidence=min(finding.confidence, Confidence.MEDIUM),
    )


def past(finding: Finding, reason: str) -> Finding:
    """The finding as history: it was so, and is mended."""
    return replace(
        finding,
        severity=Severity.INFO,
        title=f"{finding.title} — mended since: {reason}",
        past=True,
    )


def _age_key(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def owner(case: Case) -> str | None:
    """The id of the check that a failure belongs to: each failure has one cause."""
    return _owner(rooted(case))[0]


@lru_cache(maxsize=4096)
def rooted(case: Case) -> Case:
    """The failure as the error that a check knows by its sign.

    That is the error itself, else the nearest of the causes that its text tells, else what the
    code logged as an error right before it threw another one.
    """
    if _owner(case)[1] < GENERAL:
        return case
    failure = case.failure
    for kind, message in failure.causes:
        inner = replace(case, failure=replace(failure, error_type=kind, message=message))
        if _owner(inner)[1] < GENERAL:
            return inner
    logged = _logged_before(failure)
    if logged is not None:
        inner = replace(case, failure=logged)
        if _owner(rooted(inner))[1] < GENERAL:
            return rooted(inner)
    return case


def _logged_before(failure: Failure) -> Failure | None:
    """The last error that the same invocation logged before, unless its line says it went on."""
    if not failure.context or failure.logged:
        return None
    line = failure.context[-1]
    error = error_in(line) or _behind_words(line)
    if error is None or goes_on(line) or not error.type:
        return None
    return replace(
        failure,
        error_type=error.type,
        message=error.message,
        trace=error.trace,
        line=line,
        confidence=min(failure.confidence, Confidence.MEDIUM),
        context=failure.context[:-1],
        causes=tuple((each.type, each.message) for each in causes_in(line)),
    )


# `could not save 7: An error occurred (…) when calling …`, `DB failed Error: connect ECONN…`.
_BEHIND_WORDS = re.compile(
    r"[\s:(\"'](?P<type>(?:[A-Za-z_]\w{0,80}\.){0,6}(?:[A-Z]\w{0,80})?(?:Error|Exception)): "
    r"(?P<msg>\S.*)"
    r"|(?P<module>Cannot find (?:module|package) '[^'\n]{1,300}'\s*\nRequire stack:[\s\S]*)"
    r"|[\s:(\"'](?P<aws>An error occurred \([\w.]{1,80}\) when calling the .*)"
)


def _behind_words(line: str) -> SeenError | None:
    """The error that a line tells behind words of the code's own."""
    match = _BEHIND_WORDS.search(line[:_READ])
    if match is None:
        # What only AWS, an SDK or the system writes tells an error without a type, too.
        return SeenError("Error", line) if WORDED.search(line[:_READ]) else None
    if match.group("module"):
        return SeenError("Error", match.group("module"))
    if match.group("aws"):
        return SeenError("ClientError", match.group("aws"))
    return SeenError(match.group("type"), match.group("msg"), tuple(line.split("\n")[1:]))


@lru_cache(maxsize=4096)
def _owner(case: Case) -> tuple[str | None, int]:
    """The first check that recognises the failure as it is, and its precedence."""
    for check in log_checks():
        if check.recognise(case) is not None:
            return check.meta.id, check.precedence
    return None, GENERAL


@cache
def log_checks() -> tuple[LogCheck[Hashable], ...]:
    """Every check that reads log text, the most special first."""
    from sqsctl.checks.registry import all_checks

    found = [each for each in all_checks() if isinstance(each, LogCheck)]
    return tuple(sorted(found, key=lambda each: (each.precedence, each.meta.id)))
