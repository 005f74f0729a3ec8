"""Read log events: which invocations there were, which failed, and of what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.blocks import blocks
from sqsctl.checks.reading.entries import Entry, Mark, understand
from sqsctl.checks.reading.errors import SeenError
from sqsctl.checks.reading.limits import KEPT_LINES, TRACE_LINES
from sqsctl.checks.reading.trials import Ending, StreamStory, Trial, ending, tell
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import Attempt, Failure, LogEvent, Phase

_MESSAGE_IDS = 64
_LINE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What log text says.

    ``attempts`` are the invocations in order of their appearance. ``failures`` are the
    errors that ended one, or an init, the same error once with its ``occurrences``.
    ``survived`` are errors that code logged and lived through: never a finding.
    """

    attempts: tuple[Attempt, ...] = ()
    failures: tuple[Failure, ...] = ()
    survived: tuple[Failure, ...] = ()


def read(events: Iterable[LogEvent]) -> Reading:
    """Read events of one or more streams, each in its order. Never raises."""
    streams: dict[tuple[str, str], list[LogEvent]] = {}
    excerpt = True
    for event in events:
        streams.setdefault((event.group, event.stream), []).append(event)
        excerpt = excerpt and not event.group
    attempts: list[Attempt] = []
    failures: list[Failure] = []
    survived: list[Failure] = []
    for (_, stream), own in streams.items():
        story = tell([understand(block) for block in blocks(own)])
        reader = _StreamReader(story, stream, excerpt=excerpt)
        reader.run()
        attempts += reader.attempts
        failures += reader.failures
        survived += reader.survived
    return Reading(tuple(attempts), tuple(merge(failures)), tuple(survived))


class _StreamReader:
    """One stream's story as attempts and failures."""

    def __init__(self, story: StreamStory, stream: str, *, excerpt: bool) -> None:
        self.story = story
        self.stream = stream
        self.excerpt = excerpt
        self.attempts: list[Attempt] = []
        self.failures: list[Failure] = []
        self.survived: list[Failure] = []

    def run(self) -> None:
        for index, trial in enumerate(self.story.trials):
            self._trial(trial, last=index == len(self.story.trials) - 1)
        for entry in _without_echo(self.story.inits):
            if entry.error:
                self.failures.append(self._failure(Ending(entry, entry.error, init=True), None))
        self._loose(self.story.loose, open_end=not self.story.structured)
        ended = any(not each.logged for each in self.failures)
        if self.excerpt and not (self.story.structured or ended or self.survived):
            self._sentences(self.story.loose)

    def _trial(self, trial: Trial, *, last: bool) -> None:
        end = ending(trial)
        failure = self._failure(end, trial) if end else None
        logged = [each for each in trial.marked(Mark.ERROR) if each.error]
        if failure:
            self.failures.append(failure)
        elif trial.complete or not last:
            self.survived += [self._logged(each, trial.request_id) for each in logged]
        else:
            self._loose(trial.entries, open_end=True)
        if trial.start or trial.report or trial.end or failure:
            self.attempts.append(self._attempt(trial, failure))

    def _loose(self, entries: list[Entry], *, open_end: bool) -> None:
        """Errors of code's own lines, of which nothing says how the invocation ended."""
        for index, entry in enumerate(entries):
            if entry.mark is not Mark.ERROR or not entry.error:
                continue
            seen = self._logged(entry)
            counts = self.excerpt and open_end and not _handled(entry, entries[index + 1 :])
            (self.failures if counts else self.survived).append(seen)

    def _sentences(self, entries: list[Entry]) -> None:
        """An excerpt without anything better: lines without a level that tell of a failure."""
        for entry in entries:
            text = entry.text[:_LINE_CHARACTERS]
            if entry.error or entry.level or not _FAILS.search(text) or _NEGATED.search(text):
                continue
            if not _DEALT_WITH.search(text) or _GAVE_UP.search(text):
                told = replace(self._logged(entry), confidence=Confidence.LOW)
                self.failures.append(told)

    def _failure(self, end: Ending, trial: Trial | None) -> Failure:
        entry, error = end.entry, end.error
        around = self.story.structured or (trial is not None and trial.complete)
        init = end.init or (entry.no_request and not _during(trial))
        report = trial.report if trial else None
        sure = Confidence.HIGH if end.sure else Confidence.MEDIUM
        return Failure(
            error_type=error.type,
            message=error.message,
            phase=Phase.INIT if init else (Phase.INVOKE if trial else Phase.UNKNOWN),
            request_id=(trial.request_id or None) if trial else entry.request_id,
            timestamp=entry.at,
            trace=error.trace[:TRACE_LINES],
            stream=self.stream,
            runtime=self.story.runtime,
            line=entry.text[:_LINE_CHARACTERS],
            confidence=sure if around else Confidence.MEDIUM,
            first_at=entry.at,
            context=end.context,
            duration_ms=report.duration_ms if report else None,
            memory_size_mb=report.memory_size_mb if report else None,
            max_memory_used_mb=report.max_memory_used_mb if report else None,
        )

    def _logged(self, entry: Entry, request_id: str | None = None) -> Failure:
        error = entry.error or SeenError("", entry.text)
        return Failure(
            error_type=error.type,
            message=error.message,
            phase=Phase.UNKNOWN,
            request_id=entry.request_id or request_id or None,
            timestamp=entry.at,
            trace=error.trace[:TRACE_LINES],
            stream=self.stream,
            runtime=self.story.runtime,
            line=entry.text[:_LINE_CHARACTERS],
            confidence=Confidence.MEDIUM,
            first_at=entry.at,
            logged=not entry.runtime_form,
        )

    def _attempt(self, trial: Trial, failure: Failure | None) -> Attempt:
        report, start = trial.report, trial.start
        entries = [
            *([start] if start else []),
            *trial.entries,
            *(each for each in (trial.end, report) if each),
        ]
        moments = [each.at for each in entries if each.at]
        lines = tuple(event for each in entries for event in each.events)
        return Attempt(
            request_id=trial.request_id,
            started_at=(start.at if start else None) or (min(moments) if moments else None),
            ended_at=_ended_at(trial),
            duration_ms=_first(report, trial.end),
            memory_size_mb=report.memory_size_mb if report else None,
            max_memory_used_mb=report.max_memory_used_mb if report else None,
            init_ms=report.init_ms if report else None,
            status=trial.status,
            version=start.version if start else None,
            stream=self.stream,
            failure=failure,
            lines=lines[:KEPT_LINES],
            message_ids=_message_ids(trial.request_id, trial.entries),
        )


def _during(trial: Trial | None) -> bool:
    """Whether the invocation had begun to run code of its own."""
    return trial is not None and any(
        each.request_id for each in trial.entries if each.mark is Mark.LINE
    )


def _first(report: Entry | None, end: Entry | None) -> float | None:
    for each in (report, end):
        if each and each.duration_ms is not None:
            return each.duration_ms
    return None


def _ended_at(trial: Trial) -> datetime | None:
    return next((each.at for each in (trial.report, trial.end) if each and each.at), None)


def _message_ids(request_id: str, entries: Iterable[Entry]) -> tuple[str, ...]:
    """Ids in an attempt's lines; SQS message ids are among them."""
    found: dict[str, None] = {}
    for entry in entries:
        for match in p.uuid.finditer(entry.text):
            if match.group().lower() != request_id:
                found[match.group()] = None
        if len(found) >= _MESSAGE_IDS:
            break
    return tuple(found)[:_MESSAGE_IDS]


# --- errors that code dealt with -----------------------------------------------------------

_DEALT_WITH = re.compile(
    r"\b(?:retry(?:ing)?|retries|will (?:try|retry)|try(?:ing)? again|attempt \d+"
    r"|fall(?:ing)?[ -]?back"
    r"|recover(?:ed|ing)|handled|ignor(?:ed|ing)|skipp(?:ed|ing)|swallow|caught|expected|suppress"
    r"|gracefully|non[- ]fatal|no problem|continu(?:e|ing))\b",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"giv(?:e|ing) up|gave up|exhausted|max(?:imum)? (?:retries|attempts)"
    r"|after \d+ (?:re)?(?:tries|attempts)"
    r"|reached max retries|no more retries|retries exceeded|unhandled|uncaught|execution expired",
    re.IGNORECASE,
)
_FAILS = re.compile(
    r"\bErr\(|[Ee]rror\b|[Ee]xception\b|\b[Ff]ail(?:ed|ure)\b|\b[Cc]annot\b|\b[Cc]ould not\b"
    r"|\b[Cc]an't\b|\b[Cc]ouldn't\b"
    r"|\b[Uu]nable to\b|\brefused\b|\bdenied\b|\bFAILED\b|_FAILED\b"
)
_NEGATED = re.compile(
    r"\b(?:no|0|zero|without|never|not an?|any|if|when|whenever|unless|in case of|possible)\s+"
    r"(?:\w+\s+){0,2}(?:errors?|exceptions?|failures?|timeouts?|denied|failed)\b",
    re.IGNORECASE,
)
_WENT_WELL = re.compile(
    r"\b(?:succe(?:ss|eded|ssful|ssfully)|recovered|reconnected|completed|finished|ok)\b",
    re.IGNORECASE,
)
_QUIET = frozenset({"TRACE", "DEBUG", "DBUG", "TRCE", "INFO", "NOTICE", "WARN", "WARNING"})


def _handled(entry: Entry, after: list[Entry]) -> bool:
    """Whether the line, or one soon after it, says that the code went on."""
    if entry.error is None:
        return True
    sentence = _sentence(entry)
    if _DEALT_WITH.search(sentence) and not _GAVE_UP.search(sentence):
        return True
    if entry.level in _QUIET and not _is_error_itself(entry):
        return True
    for each in after:
        if each.request_id and entry.request_id and each.request_id != entry.request_id:
            continue
        if each.mark is Mark.LINE and _WENT_WELL.search(each.text[:_LINE_CHARACTERS]):
            return True
    return False


def _sentence(entry: Entry) -> str:
    """What the code said about the error: its line up to the frames."""
    text = entry.text[:_LINE_CHARACTERS]
    return "\n".join(line for line in text.split("\n") if not p.frame.match(line))


def _is_error_itself(entry: Entry) -> bool:
    """``console.log(error)``: the line is the error object, not a sentence about one."""
    if entry.level.startswith(("WARN", "DEBUG", "TRACE")) or entry.error is None:
        return False
    body = p.node_head.sub("", entry.text, count=1).lstrip()
    return bool(entry.error.type) and body.startswith((entry.error.type, "Error:"))


def _without_echo(inits: list[Entry]) -> Iterator[Entry]:
    """Lambda runs a failed init again and logs it again: one failure."""
    before: tuple[str, str] | None = None
    for entry in inits:
        key = _key(entry.error.type, entry.error.message) if entry.error else ("", entry.text)
        if key != before:
            yield entry
        before = key


# --- the same failure again ----------------------------------------------------------------


def merge(failures: Iterable[Failure]) -> list[Failure]:
    """The same error once, its newest sight with the number of all."""
    merged: dict[tuple[str, str], Failure] = {}
    for each in failures:
        key = _key(each.error_type, each.message)
        known = merged.get(key)
        merged[key] = _joined(known, each) if known else each
    return list(merged.values())


def _joined(known: Failure, other: Failure) -> Failure:
    newer, older = (other, known) if _later(other, known) else (known, other)
    firsts = [each.first_at for each in (known, other) if each.first_at]
    best = max(known.confidence, other.confidence)
    return replace(
        newer,
        occurrences=known.occurrences + other.occurrences,
        first_at=min(firsts) if firsts else None,
        confidence=best,
        logged=known.logged and other.logged,
        context=newer.context or older.context,
        runtime=newer.runtime or older.runtime,
    )


def _later(one: Failure, other: Failure) -> bool:
    if one.timestamp is None or other.timestamp is None:
        return other.timestamp is None
    return one.timestamp >= other.timestamp


def _key(kind: str, message: str) -> tuple[str, str]:
    """What makes two errors the same: type and message, ids apart."""
    return kind.removeprefix("Runtime."), p.uuid.sub("<id>", message)[:600]
