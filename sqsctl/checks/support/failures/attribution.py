"""Which cause a run failed of, and which a dead letter died of: decided here, for every command.

A run failed of what its log says and the figures do not disprove, named by the check that
recognises it in the code, settings and mappings of the function.

A dead letter belongs to the failed run whose lines name it. Where none does, it belongs to the
failed run that began when the message was first received, else to the next one after that, else to
the last one before, where no run has succeeded since: only what was so between a message's sending
and its death can have killed it. When it died follows from its queue's redrive policy, so far as
that was the same then; else it is only known to be dead now.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.caught_errors import caught_again, with_caught
from sqsctl.checks.support.failures.disproved import believed
from sqsctl.checks.support.failures.failure_cases import case_of, reading_of
from sqsctl.checks.support.failures.freshness import newest_moment, succeeded
from sqsctl.checks.support.failures.log_check import log_checks, owner
from sqsctl.checks.support.failures.swallowed_errors import swallowed
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.model.stack import DeadLetters, FunctionLogs, Group, Series, Stack

# SQS's clock and the log's may differ by as much.
_SLACK = timedelta(seconds=5)
# A run that began so soon after the first receive is the one that had the message.
_NEAR = timedelta(seconds=60)
# How long a message may wait for its next receive once it is visible again.
_WAIT = timedelta(minutes=5)
# Figures of a queue's depth are late by as much.
_LATE = timedelta(minutes=5)
_DEPTH = "ApproximateNumberOfMessagesVisible"
_DAWN = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Match:
    """A dead letter and the check id of what it died of; cause empty where unknown.

    Confidence: high by message id in the failed invocation's lines, medium by the time of its
    first receive, low by being the only cause between its sending and its death.
    """

    cause: str
    confidence: Confidence
    message_id: str = ""
    at: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A failed run of a consumer, when it began, and the check id of its error (may be empty)."""

    at: datetime | None
    cause: str
    attempt: Attempt
    logs: FunctionLogs


def match(stack: Stack, dead: DeadLetters) -> tuple[Match, ...]:
    """A match for each sample; without samples, one for each cause that can have killed some.

    Those come first of which a run failed right before a dead letter arrived: it lived then. The
    others are in the order of how often they failed. Reads QUEUES, MAPPINGS, FUNCTIONS, LOGS,
    PACKAGES, DEAD_LETTERS and METRICS.
    """
    logs = consumers_logs(stack, dead.queue_arn)
    runs = failed_runs(stack, logs)
    if dead.samples:
        finder = _Finder(stack, dead, runs, _successes(logs))
        return tuple(finder.of(each) for each in dead.samples)
    since, until = killed_between(stack, dead)
    counted: Counter[str] = Counter()
    newest: dict[str, datetime | None] = {}
    for run in runs:
        if run.cause and (run.at is None or (since or _DAWN) <= run.at <= (until or _END)):
            counted[run.cause] += 1
            newest[run.cause] = run.at
    if not counted and since:
        still = _still_failing(runs, _successes(logs), since, until)
        return (Match(still.cause, Confidence.LOW, at=still.at),) if still else ()
    before = [_last_before(runs, at) for at in _arrivals(stack, dead)]
    suspects = Counter(each.cause for each in before if each and each.cause)
    ordered = [each for each, _ in (*suspects.most_common(), *counted.most_common())]
    return tuple(
        Match(each, Confidence.LOW, at=newest[each])
        for each in dict.fromkeys(ordered)
        if each in counted
    )


def _successes(logs: Iterable[FunctionLogs]) -> list[datetime]:
    """When runs began that went well, in order."""
    return sorted(
        at
        for each in logs
        for attempt in reading_of(each)[0]
        if succeeded(attempt) and (at := newest_moment(attempt))
    )


def _still_failing(
    runs: Sequence[FailedRun],
    successes: Sequence[datetime],
    since: datetime,
    until: datetime | None,
) -> FailedRun | None:
    """The last failed run before, where none went well from then to the end: it was still so."""
    run = _last_before(runs, since)
    if run is None or run.at is None or not run.cause:
        return None
    well = bisect_right(successes, run.at)
    ended = well < len(successes) and successes[well] <= (until or _END)
    return None if ended else run


def _last_before(runs: Sequence[FailedRun], moment: datetime) -> FailedRun | None:
    """The newest failed run until then: the dead letter that arrived then had not been sent later
    than its own last run."""
    index = bisect_right([run.at or _DAWN for run in runs], moment)
    return runs[index - 1] if index else None


def killed_between(stack: Stack, dead: DeadLetters) -> tuple[datetime | None, datetime | None]:
    """Between which moments what killed these dead letters was active; None: nothing bounds it.

    The first of them arrived when the oldest one did, the last when the queue's depth rose last.
    """
    born = [_born(each, dead.first_arrived_at) for each in _sources(stack, dead)]
    since = None if None in born else min((each for each in born if each), default=None)
    rose = _rose_last(stack, dead)
    return since, rose + _NEAR if rose else None


def consumers_logs(stack: Stack, dlq_arn: str) -> tuple[FunctionLogs, ...]:
    """Logs of the functions that consume the queues which dead-letter here, without what AWS's
    figures disprove."""
    sources = {each.arn for each in stack.queues if each.dead_letter_target_arn == dlq_arn}
    names = {each.function_name for each in stack.mappings if each.queue_arn in sources}
    return tuple(believed(each, stack) for each in stack.logs if each.function in names)


def cause_of(stack: Stack, failure: Failure, logs: FunctionLogs | None) -> str:
    """The id of the check that names the failure; empty where none does."""
    return owner(case_of(stack, failure, logs)) or ""


def failed_runs(
    stack: Stack, logs: Iterable[FunctionLogs], *, only: str | None = None
) -> tuple[FailedRun, ...]:
    """Runs that ended with an error, or reported a record for one that they logged; by time.

    An error that belongs to no run that is seen (an init's) counts as one of its own. ``only``:
    the run with this request id alone, and such errors.
    """
    found = []
    for each in logs:
        own = set()
        for attempt in with_caught(stack, each):
            if attempt.failure is not None:
                own.add((attempt.failure.error_type, attempt.failure.message))
                if only is not None and attempt.request_id != only:
                    continue
                cause = cause_of(stack, attempt.failure, each)
                at = attempt.started_at or attempt.failure.timestamp
                found.append(FailedRun(at, cause, attempt, each))
        for failure in reading_of(each)[1]:
            if (failure.error_type, failure.message) not in own and not failure.logged:
                cause = cause_of(stack, failure, each)
                alone = Attempt(failure.request_id or "", failure.timestamp, failure=failure)
                found.append(FailedRun(failure.timestamp, cause, alone, each))
    return tuple(sorted(found, key=lambda run: run.at or _DAWN))


def failed_run(stack: Stack, logs: FunctionLogs, request_id: str) -> FailedRun | None:
    """The run with this id, the newest of the log, if an error ended it, or if it is that of a
    function behind an API which answered with an error that it caught.

    Errors that a consumer caught are none of it: see ``returned_run``. Reads APIS, too.
    """
    logs = believed(logs, stack)
    runs = [each for each in failed_runs(stack, (logs,), only=request_id) if not _caught(each)]
    own = [each for each in runs if each.attempt.request_id == request_id]
    if own or runs:
        return (own or runs)[-1]
    minding = {each.meta.id for each in log_checks() if each.minds_swallowed}
    for case, _ in swallowed(replace(stack, logs=Group((logs,)))):
        cause = owner(case)
        if case.failure.request_id == request_id and cause in minding:
            run = Attempt(request_id, case.failure.timestamp, failure=case.failure)
            return FailedRun(case.failure.timestamp, cause, run, logs)
    return None


def returned_run(
    stack: Stack,
    logs: FunctionLogs,
    request_id: str,
    attempts: Iterable[Attempt],
    survived: Iterable[Failure],
) -> FailedRun | None:
    """The run with this id, the newest, if a record of it failed again of an error that it logged.

    ``attempts`` and ``survived`` are what is known of the function's runs so far, with this one: an
    error that a consumer caught is known to have made a message come back when it comes again.
    """
    again = caught_again(stack, logs.function, attempts, survived)
    own = [each for each in again if each.request_id == request_id]
    if not own:
        return None
    run = next((each for each in attempts if each.request_id == request_id), Attempt(request_id))
    told = replace(run, failure=own[-1])
    at = run.started_at or own[-1].timestamp
    return FailedRun(at, cause_of(stack, own[-1], logs), told, logs)


def _caught(run: FailedRun) -> bool:
    return run.attempt.failure is not None and run.attempt.failure.led_to == "records"


class _Finder:
    """Finds what killed the samples of one dead-letter queue, however many there are."""

    def __init__(
        self,
        stack: Stack,
        dead: DeadLetters,
        runs: Sequence[FailedRun],
        successes: Sequence[datetime],
    ) -> None:
        self._stack = stack
        self._successes = successes
        self._sources = _sources(stack, dead)
        self._named: dict[str, FailedRun] = {}
        for run in runs:  # the newest one stays
            for name in run.attempt.message_ids:
                self._named[name] = run
        # A run whose lines name other messages was not about this one.
        self._unnamed = [run for run in runs if run.at and not run.attempt.message_ids]
        self._times = [run.at or _DAWN for run in self._unnamed]
        self._all = [run for run in runs if run.at]
        self._untimed = [run for run in runs if run.at is None]

    def of(self, message: Message) -> Match:
        named = self._named.get(message.message_id)
        if message.message_id and named is not None:
            return self._by_id(message, named)
        first, last = message.first_received_at, self._latest(message)
        if first is not None and (run := self._next(first - _SLACK, last)) and run.cause:
            near = run.at is not None and run.at <= first + _NEAR
            sure = Confidence.MEDIUM if near else Confidence.LOW
            return _matched(message, run, sure)
        causes = {run.cause: run for run in self._between(first or message.sent_at, last)}
        if len(causes) == 1 and (only := next(iter(causes.values()))).cause:
            return _matched(message, only, Confidence.LOW)
        born = first or message.sent_at
        if (
            not causes
            and born
            and (still := _still_failing(self._unnamed, self._successes, born, last))
        ):
            return _matched(message, still, Confidence.LOW)
        return Match("", Confidence.LOW, message.message_id)

    def _by_id(self, message: Message, run: FailedRun) -> Match:
        attempt = run.attempt
        cause = run.cause
        if attempt.failure and attempt.failure.led_to == "records":
            # Of several errors of the run, the one whose line names this message.
            own = {e.request_id: e for e in with_caught(self._stack, run.logs, message.message_id)}
            told = own.get(attempt.request_id, attempt).failure
            cause = cause_of(self._stack, told, run.logs) if told else cause
        at = (attempt.failure.timestamp if attempt.failure else None) or run.at
        evidence = f"request {attempt.request_id}"
        return Match(cause, Confidence.HIGH, message.message_id, at, evidence)

    def _next(self, since: datetime, until: datetime) -> FailedRun | None:
        """The first failed run from then on that names no message, before ``until``."""
        index = bisect_left(self._times, since)
        if index == len(self._unnamed):
            return None
        run = self._unnamed[index]
        return run if run.at is not None and run.at <= until else None

    def _between(self, since: datetime | None, until: datetime) -> list[FailedRun]:
        begin = (since or _DAWN + _SLACK) - _SLACK
        timed = [run for run in self._all if run.at and begin <= run.at <= until]
        return [*timed, *self._untimed]

    def _latest(self, message: Message) -> datetime:
        """When it was dead at the latest: by its queue's redrive policy, else now."""
        now = self._stack.observed_at or _END
        first = message.first_received_at
        origin = message.dead_letter_source_arn
        sources = [each for each in self._sources if not origin or each.arn == origin]
        spans = [_span(each, first) for each in sources]
        if first is None or not spans or None in spans:
            return now
        return min(now, first + max(each for each in spans if each))


def _matched(message: Message, run: FailedRun, sure: Confidence) -> Match:
    failure = run.attempt.failure
    at = (failure.timestamp if failure else None) or run.at
    evidence = f"request {run.attempt.request_id}" if run.attempt.request_id else ""
    return Match(run.cause, sure, message.message_id, at, evidence)


def _sources(stack: Stack, dead: DeadLetters) -> list[Queue]:
    return [each for each in stack.queues if each.dead_letter_target_arn == dead.queue_arn]


def _span(queue: Queue, since: datetime | None) -> timedelta | None:
    """How long a message lives from its first receive on; None where its settings changed."""
    if queue.max_receive_count is None:
        return None
    if since and queue.modified_at and queue.modified_at > since:
        return None
    hidden = timedelta(seconds=queue.visibility_timeout_s)
    return queue.max_receive_count * (hidden + _WAIT)


def _born(queue: Queue, died: datetime | None) -> datetime | None:
    """When a message that died then was first received at the earliest; None where unknown."""
    span = _span(queue, None)
    if died is None or span is None:
        return None
    return died - span if _span(queue, died - span) else None


def _rose_last(stack: Stack, dead: DeadLetters) -> datetime | None:
    """When the last dead letter came at the latest; None where the figures do not tell."""
    depth = figures.series(stack, dead.queue_name, _DEPTH)
    if depth is None or len(depth.points) < 2 or stack.observed_at is None:
        return None
    newest_at, newest = depth.points[-1]
    if dead.count + dead.in_flight > newest or stack.observed_at - newest_at > 2 * _LATE:
        return None
    rises = _rises(depth)
    return max(rises, default=depth.points[0][0]) + timedelta(seconds=depth.period_s)


def _rises(depth: Series) -> list[datetime]:
    """Starts of the periods in which the queue became deeper."""
    pairs = zip(depth.points, depth.points[1:], strict=False)
    return [at for (_, before), (at, value) in pairs if value > before]


def _arrivals(stack: Stack, dead: DeadLetters) -> list[datetime]:
    """When dead letters arrived, so far as figures tell: the oldest, and each that came since."""
    depth = figures.series(stack, dead.queue_name, _DEPTH)
    first = dead.first_arrived_at
    later = [at for at in (_rises(depth) if depth else ()) if first is None or at > first]
    return [*([first] if first else []), *later]
