"""Sort a stream's entries into invocations, and say how each ended.

What ended an invocation is decided by, in this order: the runtime's own error line, the
platform's crash or timeout line, REPORT's status. An error that code logged counts only
where REPORT says that the invocation failed and nothing better is there; else it was
survived.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqsctl.logtext import patterns as p
from sqsctl.logtext.entries import Entry, Mark
from sqsctl.logtext.entry import timed_out_after
from sqsctl.logtext.errors import SeenError
from sqsctl.logtext.handled_errors import tells_of_failure

_LAST_WORDS = 6
_GOOD = frozenset({"success", "ok"})


@dataclass(slots=True)
class Trial:
    """One invocation while its entries come in."""

    request_id: str
    entries: list[Entry] = field(default_factory=list)
    inits: list[Entry] = field(default_factory=list)
    # What stood before START, and between END and REPORT, without a request id of its own.
    before: list[Entry] = field(default_factory=list)
    after: list[Entry] = field(default_factory=list)
    start: Entry | None = None
    end: Entry | None = None
    report: Entry | None = None
    cold: bool = False

    @property
    def cold_start(self) -> bool:
        """Whether the init of its environment belongs to it, and with it what stands before."""
        return self.cold or (self.report is not None and self.report.init_ms is not None)

    @property
    def complete(self) -> bool:
        return self.end is not None or self.report is not None

    @property
    def status(self) -> str | None:
        for each in (self.report, self.end):
            if each and each.status:
                return each.status.lower()
        return None

    @property
    def failed_status(self) -> bool:
        status = self.status
        return status is not None and status not in _GOOD

    @property
    def error_type(self) -> str | None:
        return next((e.error_type for e in (self.report, self.end) if e and e.error_type), None)

    def marked(self, mark: Mark) -> list[Entry]:
        return [each for each in self.entries if each.mark is mark]


@dataclass(slots=True)
class StreamInvocations:
    """A stream's trials in order, and what stood outside of them.

    ``unplaced`` ended an invocation of which nothing else is there: what Invoke returned, an
    error line of a runtime that a copy was cut behind. ``failed_inits`` are the platform's words
    for it, which name the error's type alone.
    """

    trials: list[Trial] = field(default_factory=list)
    loose: list[Entry] = field(default_factory=list)
    inits: list[Entry] = field(default_factory=list)
    unplaced: list[Entry] = field(default_factory=list)
    failed_inits: list[Entry] = field(default_factory=list)
    runtime: str | None = None
    structured: bool = False


def tell(entries: Iterable[Entry]) -> StreamInvocations:
    """Sort one stream's entries."""
    teller = _Teller()
    for entry in entries:
        teller.take(entry)
    return teller.done()


class _Teller:
    """Takes a stream's entries one by one.

    What it relies on: an environment runs one invocation at a time, so what stands between a
    START and its END belongs to that invocation; and an init stands before the START of its
    first invocation, behind INIT_START where there is one.
    """

    def __init__(self) -> None:
        self.story = StreamInvocations()
        self.pending: list[Entry] = []  # errors that ended something that is not seen yet
        self._by_id: dict[str, Trial] = {}
        self._current: Trial | None = None
        self._between: list[Entry] = []  # code's lines since the last mark of the platform
        self._last: Trial | None = None  # whose line was the last, where no mark says it
        self._reported: Trial | None = None  # whose REPORT was the last mark
        self._init_seen = False

    def take(self, entry: Entry) -> None:
        match entry.mark:
            case Mark.LINE | Mark.ERROR | Mark.FATAL:
                self._put(entry)
                return
            case Mark.INIT_START:
                self.story.runtime = entry.runtime or self.story.runtime
                self._let_go()
                self._init_seen = True
            case Mark.START:
                self._start(entry)
            case Mark.END | Mark.REPORT:
                self._end(entry)
            case _:
                if entry.status == "error" and entry.error_type:
                    self.story.failed_inits.append(entry)
        self.story.structured = True
        self._last = None
        if entry.mark is not Mark.REPORT:
            self._reported = None

    def done(self) -> StreamInvocations:
        """The story, once there are no more entries."""
        self._let_go()
        self.story.inits = self.pending
        return self.story

    def _let_go(self) -> None:
        """What stood between is nobody's that is seen here."""
        self.story.loose += self._between
        self._between = []

    def _start(self, entry: Entry) -> None:
        trial = self._open(entry.request_id or "", None)
        trial.start, trial.cold = entry, self._init_seen
        trial.inits = [each for each in self.pending if _of_init(each)]
        self.story.unplaced += [each for each in self.pending if not _of_init(each)]
        trial.before += self._between
        self._current, self.pending, self._between, self._init_seen = trial, [], [], False

    def _end(self, entry: Entry) -> None:
        trial = self._open(entry.request_id or "", self._current)
        if trial.start is None:
            # The copy begins in the middle: what stands above belongs to what ends here.
            trial.entries = [*self.pending, *self._between, *trial.entries]
            self.pending, self._between = [], []
        if entry.mark is Mark.END:
            trial.end = entry
            return
        trial.report = entry
        self._reported = trial
        if self.pending and trial.failed_status:
            trial.inits, self.pending = [*trial.inits, *self.pending], []
        if trial is self._current:
            trial.after += self._between
            self._current, self._between = None, []

    def _put(self, entry: Entry) -> None:
        current = self._current
        if entry.request_id:
            trial = self._open(entry.request_id, None)
            trial.entries.append(entry)
            self._last = None if entry.mark is Mark.FATAL else trial
        elif current is None and self._last is not None:
            self._last.entries.append(entry)
        elif current is not None and (current.end is None or entry.mark is Mark.FATAL):
            current.entries.append(entry)
        elif entry.mark is Mark.FATAL and self._reported and _told_by(self._reported, entry):
            self._reported.entries.append(entry)
        elif entry.mark is Mark.FATAL:
            self.pending.append(entry)
        else:
            self._between.append(entry)

    def _open(self, request_id: str, current: Trial | None) -> Trial:
        """The trial of this request; a START without id (``sls logs``) begins a new one."""
        if not request_id:
            if current is not None:
                return current
            trial = Trial("")
            self.story.trials.append(trial)
            return trial
        if request_id not in self._by_id:
            self._by_id[request_id] = Trial(request_id)
            self.story.trials.append(self._by_id[request_id])
        return self._by_id[request_id]


def _told_by(trial: Trial, entry: Entry) -> bool:
    """Whether a timeout whose id was blanked out is that of the invocation above it: the platform
    wrote REPORT first, and both tell the time that it took."""
    if trial.request_id or entry.error is None or entry.error.type != "Sandbox.Timedout":
        return False
    took = trial.report.duration_ms if trial.report else None
    told = timed_out_after(entry.error)
    return took is None or told is None or abs(took / 1000 - told) < 1


_INIT_TYPES = re.compile(
    r"(?:Runtime\.)?(?:ImportModuleError|HandlerNotFound|MalformedHandlerName|UserCodeSyntaxError"
    r"|MalformedStreamingHandler|InitError|InvalidEntrypoint)$|(?:Init|Extension)\W"
)
_AT_IMPORT = re.compile(r", in <module>|importlib|<frozen |Module\._compile|ModuleJob|/static_init")


def _of_init(entry: Entry) -> bool:
    """Whether the error is one that happens while the function is loaded."""
    if entry.no_request or entry.error is None:
        return True
    loading = any(_AT_IMPORT.search(each) for each in entry.error.trace)
    return loading or _INIT_TYPES.match(entry.error.type) is not None


@dataclass(frozen=True, slots=True)
class Ending:
    """The error that ended a trial, the entry that shows it, and errors logged before."""

    entry: Entry
    error: SeenError
    init: bool = False
    context: tuple[str, ...] = ()
    sure: bool = True
    last_words: tuple[Entry, ...] = ()


# Node.js until 8 logged no more of a failed import; the invocation's answer names the module.
_NAMELESS = re.compile(r"Unable to import module '[^'\n]{1,200}': Error\s*(?:\n|$)")


def ending(trial: Trial) -> Ending | None:
    """What ended the trial; None where nothing says that it failed."""
    logged = [each for each in trial.marked(Mark.ERROR) if each.error]
    context = tuple(each.text for each in logged[-5:])
    fatal = trial.marked(Mark.FATAL)
    crash = next((each for each in fatal if _is_crash(each)), None)
    raised = [each for each in fatal if not _is_crash(each)]
    if raised:
        first = next((each for each in raised if not _NAMELESS.match(each.text)), raised[0])
        end = _ended(first, context, init=first.no_request)
        timed = end.error.type == "Sandbox.Timedout"
        return replace(end, last_words=_last_said(trial, first)) if timed else end
    if crash:
        return _crashed(trial, crash, logged, context)
    if trial.status == "timeout":
        return _timed_out(trial, context)
    if trial.inits and (trial.failed_status or _never_ran(trial)):
        return _ended(trial.inits[-1], context, init=True)
    if trial.failed_status:
        return _by_status(trial, logged, context)
    return _last_word(trial, logged)


def _last_said(trial: Trial, stop: Entry) -> tuple[Entry, ...]:
    """What tells of a failure, behind which code said nothing more until it was stopped.

    A library's own report may go over several lines; which of them names the cause, a check
    has to know.
    """
    last: list[Entry] = []
    for each in (*trial.before, *trial.entries):
        if each is stop:
            break
        if each.mark is Mark.ERROR and each.error:
            if each.level or each.request_id:
                last.clear()
            last.append(each)
        elif each.level or (each.request_id and each.request_id == trial.request_id):
            last.clear()
        elif each.mark is Mark.LINE and tells_of_failure(each.text):
            last.append(each)
    return tuple(last[-_LAST_WORDS:])


def _is_crash(entry: Entry) -> bool:
    """The platform found the process gone: why it went may stand above."""
    if entry.error is None:
        return False
    kind = entry.error.type
    if not kind and p.exited.match(entry.error.message):
        return True
    return kind in {"Runtime.ExitError", "Runtime.NodeJsExit", "Runtime.Unknown"}


def _crashed(
    trial: Trial, crash: Entry, logged: list[Entry], context: tuple[str, ...]
) -> Ending | None:
    error = crash.error or SeenError("Runtime.ExitError", crash.text)
    report = trial.report
    if "signal: killed" in error.message or trial.error_type == "Runtime.OutOfMemory":
        size = report.memory_size_mb if report else None
        used = report.max_memory_used_mb if report else None
        if trial.error_type == "Runtime.OutOfMemory" or (size and used and used >= size):
            return Ending(crash, SeenError("Runtime.OutOfMemory", error.message), False, context)
        return Ending(crash, error, False, context)
    if trial.inits:
        return _ended(trial.inits[-1], (*context, crash.text), init=True)
    if logged and logged[-1].error:
        # The process printed why it dies before it died.
        return Ending(logged[-1], logged[-1].error, False, (*context, crash.text), sure=False)
    return Ending(crash, error, False, context, last_words=_last_said(trial, crash))


def _timed_out(trial: Trial, context: tuple[str, ...]) -> Ending | None:
    entry = trial.report or trial.end
    if entry is None:
        return None
    took = entry.duration_ms
    text = f"Task timed out after {took / 1000:.2f} seconds" if took else "Task timed out"
    error = SeenError("Sandbox.Timedout", text)
    return Ending(entry, error, False, context, last_words=_last_said(trial, entry))


def _by_status(trial: Trial, logged: list[Entry], context: tuple[str, ...]) -> Ending | None:
    entry = trial.report or trial.end
    if entry is None:
        return None
    kind = trial.error_type or ""
    if kind in {"Runtime.OutOfMemory", "Sandbox.Timedout"}:
        return Ending(entry, SeenError(kind, ""), False, context)
    if logged and logged[-1].error:
        return Ending(logged[-1], logged[-1].error, False, context[:-1], sure=True)
    # While the code was loaded, before START, the runtime may have told the same error in full.
    for before in reversed(trial.before):
        if kind and before.error and before.error.type == kind:
            return Ending(before, before.error, init=True, context=context)
    # A type of the platform's own says what happened; a class of the code's may be anybody's.
    own = kind.startswith(("Runtime.", "Sandbox.", "Extension.", "Function."))
    return Ending(entry, SeenError(kind or "Unknown", ""), False, context, sure=own)


def _never_ran(trial: Trial) -> bool:
    """After a failed init: whether the function's code logged nothing in this invocation."""
    return trial.status is None and not trial.entries


def _last_word(trial: Trial, logged: list[Entry]) -> Ending | None:
    """A runtime-like error line that nothing followed, where REPORT carries no status."""
    if trial.status is not None or not logged:
        return None
    last = logged[-1]
    if last.runtime_form and last.error and (not trial.complete or trial.entries[-1] is last):
        return Ending(last, last.error, False, (), sure=trial.complete)
    return None


def _ended(entry: Entry, context: tuple[str, ...], *, init: bool) -> Ending:
    return Ending(entry, entry.error or SeenError("", entry.text), init, context)
