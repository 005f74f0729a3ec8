"""Read log events: which invocations there were, which failed, and of what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqsctl.logtext import patterns as p
from sqsctl.logtext.blocks import blocks
from sqsctl.logtext.entries import Entry, Mark, understand
from sqsctl.logtext.error_chains import causes_in
from sqsctl.logtext.errors import SeenError
from sqsctl.logtext.forged_lines import without_forged
from sqsctl.logtext.handled_errors import Successes, handled, teaches, tells_of_failure
from sqsctl.logtext.invocations import Ending, StreamInvocations, Trial, ending, tell
from sqsctl.logtext.limits import KEPT_LINES, TRACE_LINES
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import Attempt, Failure, LogEvent, Phase

_MESSAGE_IDS = 64
_LINE_CHARACTERS = 2_000
_LECTURE_LINES = 3
_ENVELOPES = 2
_SAID = 5
_EXIT = re.compile(r"Runtime\.(?:ExitError|NodeJsExit)$")
_TAUGHT = "LECTURE"
_UNENDED = "neither END nor REPORT of that invocation was seen"
_OF_PLATFORM = frozenset({Mark.START, Mark.END, Mark.REPORT, Mark.INIT_START, Mark.INIT_REPORT})


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


def read(
    events: Iterable[LogEvent], *, excerpt: bool | None = None, tells: bool = False
) -> Reading:
    """Read events of one or more streams, each in its order. Never raises.

    In an ``excerpt`` an error counts though nothing says how its invocation ended; a log that
    was read in full will tell. Where it is not said, events of a log group are such a log.
    ``tells``: the log's earlier REPORTs told errors of the code, so that silence is a good end.
    """
    streams: dict[tuple[str, str], list[LogEvent]] = {}
    named = False
    for event in events:
        streams.setdefault((event.group, event.stream), []).append(event)
        named = named or bool(event.group)
    excerpt = not named if excerpt is None else excerpt
    attempts: list[Attempt] = []
    failures: list[Failure] = []
    survived: list[Failure] = []
    for (_, stream), own in streams.items():
        entries = without_forged(
            (understand(block) for block in blocks(own)), named=bool(stream), tells=tells
        )
        reader = _StreamReader(
            tell(_without_lectures(entries) if excerpt else entries), stream, excerpt=excerpt
        )
        reader.run()
        attempts += reader.attempts
        failures += reader.failures
        survived += reader.survived
    return Reading(tuple(attempts), tuple(merge(failures)), tuple(survived))


class _StreamReader:
    """One stream's story as attempts and failures."""

    def __init__(self, story: StreamInvocations, stream: str, *, excerpt: bool) -> None:
        self.story = story
        self.stream = stream
        self.excerpt = excerpt
        self.attempts: list[Attempt] = []
        self.failures: list[Failure] = []
        self.survived: list[Failure] = []

    def run(self) -> None:
        for trial in self.story.trials:
            self._trial(trial)
        for entry in _without_echo(self.story.inits):
            if entry.error:
                end = Ending(entry, entry.error, init=True, context=self._said_before(entry))
                self.failures.append(self._failure(end, None))
        self._unplaced()
        self._loose(self.story.loose)
        if not self.failures:
            self._failed_inits()
        ended = any(not each.logged for each in self.failures)
        if self.excerpt and not (ended or self.survived):
            self._sentences(self._open_entries())

    def _trial(self, trial: Trial) -> None:
        end = ending(trial)
        failure = self._failure(end, trial) if end else None
        before = trial.before if trial.cold_start else []
        if not trial.cold_start:
            self._loose(trial.before)
        entries = [*before, *trial.entries, *trial.after]
        own = end.init if end else False
        for entry in () if own else _without_echo(trial.inits):
            # The platform ran the init again, and better: it ended something all the same.
            error = entry.error
            if error and not (failure and _key(error.type, error.message) == _key_of(failure)):
                self.failures.append(self._failure(Ending(entry, error, init=True), None))
        if failure:
            self.failures.append(failure)
            if end and end.last_words:
                self.failures.append(self._last_said(end.last_words, trial, failure))
        elif trial.complete:
            logged = [each for each in entries if each.mark is Mark.ERROR and each.error]
            self.survived += [self._logged(each, trial.request_id) for each in logged]
        else:
            self._loose(entries)
        if trial.start or trial.report or trial.end or failure:
            self.attempts.append(self._attempt(trial, failure))

    def _unplaced(self) -> None:
        """Errors that ended an invocation which is not there, unless the log told them, too."""
        known = {_key_of(each) for each in self.failures}
        for entry in self.story.unplaced:
            error = entry.error
            if error and _key(error.type, error.message) not in known:
                told = self._failure(Ending(entry, error), None)
                self.failures.append(replace(told, confidence=Confidence.MEDIUM))

    def _said_before(self, entry: Entry) -> tuple[str, ...]:
        """What was logged as an error before a process was gone that names no reason itself."""
        if entry.error is None or not _EXIT.search(entry.error.type):
            return ()
        logged = [each.text for each in self.story.loose if each.mark is Mark.ERROR and each.error]
        return tuple(logged[-_SAID:])

    def _failed_inits(self) -> None:
        """Where nothing else is left of an init: the type of the error that ended it."""
        for entry in self.story.failed_inits[-1:]:
            error = SeenError(entry.error_type or "", "")
            self.failures.append(self._failure(Ending(entry, error, init=True), None))

    def _open_entries(self) -> list[Entry]:
        """Lines of which no platform line says how their invocation ended."""
        found = list(self.story.loose)
        for trial in self.story.trials:
            if not trial.cold_start:
                found += trial.before
            if not trial.complete:
                found += trial.entries
        return found

    def _loose(self, entries: list[Entry]) -> None:
        """Errors of code's own lines, of which nothing says how the invocation ended."""
        found: list[tuple[Failure, bool]] = []
        after = Successes()
        for entry in reversed(entries):
            if entry.mark is Mark.ERROR and entry.error:
                seen = self._logged(entry)
                if entry.level.startswith("WARN"):
                    seen = replace(seen, confidence=Confidence.LOW)
                found.append((seen, self.excerpt and not handled(entry, after)))
            after.take(entry)
        for seen, counts in reversed(found):
            (self.failures if counts else self.survived).append(seen)

    def _sentences(self, entries: list[Entry]) -> None:
        """An excerpt without anything better: lines without a level that tell of a failure."""
        for entry in entries:
            if not entry.error and not entry.level and tells_of_failure(entry.text):
                told = replace(self._logged(entry), confidence=Confidence.LOW)
                self.failures.append(told)

    def _failure(self, end: Ending, trial: Trial | None) -> Failure:
        entry, error = end.entry, end.error
        # Of an invocation whose end is not seen, or no longer, the line alone says that it failed.
        around = self.story.structured if trial is None else trial.complete
        init = end.init or (entry.no_request and not _during(trial))
        report = trial.report if trial else None
        sure = Confidence.HIGH if end.sure else Confidence.MEDIUM
        unended = trial is not None and not trial.complete and bool(self.stream)
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
            printed=_envelopes(trial) if trial else (),
            causes=_causes(entry, error),
            duration_ms=report.duration_ms if report else None,
            memory_size_mb=report.memory_size_mb if report else None,
            max_memory_used_mb=report.max_memory_used_mb if report else None,
            doubt=_UNENDED if unended else "",
        )

    def _last_said(self, words: tuple[Entry, ...], trial: Trial, failure: Failure) -> Failure:
        """One error: which of the lines names it, a check has to know."""
        named = next((each for each in words if each.error and each.error.type), words[0])
        told = self._logged(named, trial.request_id)
        timed = failure.error_type == "Sandbox.Timedout"
        if len(words) > 1:
            text = "\n".join(each.text for each in words)[:_LINE_CHARACTERS]
            told = replace(told, message=text, line=text)
        return replace(told, led_to="timeout" if timed else "exit")

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
            level=entry.level,
            causes=_causes(entry, error),
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


def _without_lectures(entries: list[Entry]) -> Iterator[Entry]:
    """Errors in a text about errors, which no log gave a time or an id, as mere lines."""
    running = False
    taught = 0
    for entry in entries:
        if entry.mark in _OF_PLATFORM:
            running = entry.mark is Mark.START
        logged = running or entry.at or entry.request_id or entry.mark in _OF_PLATFORM
        if not logged and teaches(entry.text[:_LINE_CHARACTERS]):
            taught = _LECTURE_LINES
        if taught and not logged:
            yield Entry(Mark.LINE, entry.events, entry.text, level=_TAUGHT)
        else:
            yield entry
        taught = max(0, taught - 1)


def _during(trial: Trial | None) -> bool:
    """Whether the invocation had begun to run code of its own."""
    return trial is not None and any(
        each.request_id for each in trial.entries if each.mark is Mark.LINE
    )


# What another service puts around a message, as code prints it.
_ENVELOPE = re.compile(r"s3:TestEvent|\bTopicArn\b")


def _envelopes(trial: Trial) -> tuple[str, ...]:
    found = (each.text for each in trial.entries if _ENVELOPE.search(each.text))
    return tuple(each[:_LINE_CHARACTERS] for each in islice(found, _ENVELOPES))


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


def _causes(entry: Entry, error: SeenError) -> tuple[tuple[str, str], ...]:
    """What the error's text says that it came of."""
    own = (error.type, error.message)
    told = causes_in(entry.text) or causes_in("\n".join(error.trace))
    return tuple(each for each in ((e.type, e.message) for e in told) if each != own)


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
        key = _key_of(each)
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
        led_to=newer.led_to or older.led_to,
        context=newer.context or older.context,
        runtime=newer.runtime or older.runtime,
    )


def _later(one: Failure, other: Failure) -> bool:
    if one.timestamp is None or other.timestamp is None:
        return other.timestamp is None
    return one.timestamp >= other.timestamp


def _key_of(failure: Failure) -> tuple[str, str]:
    return _key(failure.error_type, failure.message)


def _key(kind: str, message: str) -> tuple[str, str]:
    """What makes two errors the same: type and message, ids apart."""
    return kind.removeprefix("Runtime."), p.uuid.sub("<id>", message)[:600]
