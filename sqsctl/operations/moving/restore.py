"""Send an exported file's messages into a queue, once, also after an interrupt.

A journal remembers which messages were sent; the same file into the same queue goes on where
it stopped, and what another file gave that queue is left out and counted. Messages of which
nobody knows are sent again and listed. Order within a FIFO group is kept. The file is never
changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.dead_letters import RestoreSummary
from sqsctl.model.message import Outgoing
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.moving import archive
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.destinations import deduplication_id
from sqsctl.operations.moving.ledger import swallowed
from sqsctl.operations.moving.restored_before import Earlier, earlier, source
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import BATCH, RetryPolicy, deliver, pack
from sqsctl.operations.shared.fifo_batches import in_waves
from sqsctl.operations.shared.id_set import IdSet
from sqsctl.operations.shared.interfaces import SendsMessages, TellsTime
from sqsctl.operations.shared.rate_limit import Limiter
from sqsctl.operations.shared.validation import MAX_BYTES, problem

_FAILURES_KEPT = 1000
_CHUNK = 50  # lines handed to a worker at a time


@dataclass(frozen=True, slots=True)
class Restore:
    """How to send: ``rate`` messages per second at most, ``concurrency`` requests at a time
    (one on FIFO queues, whose order would suffer). Without ``resume`` everything is sent,
    whatever earlier runs sent. ``place`` tells one server from another,
    ``command`` is what to type to go on."""

    rate: float | None = None
    concurrency: int = 4
    resume: bool = True
    allow_partial: bool = False
    place: str = ""
    command: str = "sqsctl dlq restore"


def restore(
    path: Path,
    target: SendsMessages,
    facts: Queue,
    *,
    journal_folder: Path,
    options: Restore | None = None,
    select: Select | None = None,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
    policy: RetryPolicy | None = None,
) -> RestoreSummary:
    """Send the messages of the archive at ``path`` that ``select`` wants to a queue.

    ``facts`` describes the queue. ``progress`` gets how many lines are done and how many there
    are. A partial file is refused unless ``allow_partial``; then what can be read is sent and
    the summary says ``partial``. Raises UsageError where the file is no archive, RefusedError
    where queue types differ.
    """
    options = options or Restore()
    verdict = archive.check(path)
    refuse(path, verdict, facts, allow_partial=options.allow_partial)
    run = _Run(path, verdict, target, facts, options, control or Control(), policy)
    return run.run(journal_folder, select, progress)


def restored_before(path: Path, facts: Queue, *, journal_folder: Path, place: str = "") -> int:
    """How many messages of an archive ``restore`` would leave out."""
    told = earlier(journal_folder, place, facts)
    return len({each.message.message_id for each in archive.entries(path)} & told.sent.keys())


def refuse(
    path: Path, verdict: archive.Verdict, facts: Queue, *, allow_partial: bool = False
) -> None:
    """Raise what ``restore`` raises of a checked archive before it sends anything."""
    if verdict.fifo != facts.fifo:
        one, other = ("FIFO", "standard") if verdict.fifo else ("standard", "FIFO")
        raise RefusedError(
            f"{path} comes from a {one} queue, {facts.name} is a {other} queue",
            code="type_mismatch",
        )
    if verdict.problem and not allow_partial:
        raise RefusedError(
            f"{path} is not whole: {verdict.problem}",
            hint="`again --allow-partial` sends what can be read",
            code="partial_archive",
        )


class _Run:
    def __init__(
        self,
        path: Path,
        verdict: archive.Verdict,
        target: SendsMessages,
        facts: Queue,
        options: Restore,
        control: Control,
        policy: RetryPolicy | None,
    ) -> None:
        self._path = path
        self._verdict = verdict
        self._target = target
        self._facts = facts
        self._options = options
        self._control = control
        self._policy = policy or RetryPolicy()
        self._limiter = Limiter(options.rate)
        self._lock = threading.Lock()
        self._sent = 0
        self._skipped = 0
        self._failed = 0
        self._passed = 0
        self._failures: list[tuple[int, str]] = []
        self._before: dict[str, int] = {}  # earlier restores, and how many of these they sent
        self._earlier = Earlier()
        self._doubted: dict[str, None] = {}
        self._error: SqsctlError | None = None
        self._fallen: set[str] = set()  # FIFO groups with a line that was not sent

    def run(
        self,
        folder: Path,
        select: Select | None,
        progress: Callable[[int, int], None] | None,
    ) -> RestoreSummary:
        key = source(self._verdict.sha256, self._options.place, self._facts)
        unfinished = journals.unfinished(folder, key) if self._options.resume else None
        if self._options.resume:
            mine = unfinished.path if unfinished else None
            self._earlier = earlier(folder, self._options.place, self._facts, mine)
        terms = {"file": str(self._path)}
        with (
            journals.resume(unfinished, hold_s=0)
            if unfinished
            else journals.begin(folder, key, hold_s=0, terms=terms, command=self._options.command)
        ) as journal:
            self._send_all(journal, unfinished, select, progress)
            if self._error is None and not self._control.stopping:
                # With a line left over the next run sends that line alone.
                journal.finish("done", settled=not self._failed)
        if self._error is not None:
            raise self._stopped(journal.path, self._error)
        return self._summary(journal.path)

    def _send_all(
        self,
        journal: journals.Journal,
        unfinished: journals.UnfinishedRun | None,
        select: Select | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        workers = 1 if self._facts.fifo else self._options.concurrency
        chunks = self._chunks(unfinished, select)
        with ThreadPoolExecutor(workers, "restore") as pool:
            pending: set[Future[None]] = set()
            while not self._control.stopping and self._error is None:
                for chunk in islice(chunks, workers + 1 - len(pending)):
                    pending.add(pool.submit(self._send_chunk, journal, unfinished, chunk))
                if not pending:
                    break
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for each in done:
                    each.result()
                if progress:
                    progress(self._passed, self._verdict.messages)
            for each in pending:
                each.result()
        if progress:
            progress(self._passed, self._verdict.messages)

    def _chunks(
        self, unfinished: journals.UnfinishedRun | None, select: Select | None
    ) -> Iterator[list[archive.Entry]]:
        """What is to be sent, a chunk at a time; what an earlier run sent is counted."""
        chunk: list[archive.Entry] = []
        known = IdSet()  # an export names each message once; a file that was changed may not
        for entry in archive.entries(self._path):
            key = entry.message.message_id
            if not known.add(key):
                self._failed_line(entry, "its message id stands in the file before: not sent again")
            elif unfinished is not None and key in unfinished.sent:
                with self._lock:
                    self._skipped += 1
                    self._passed += 1
                    if key in unfinished.doubtful:
                        self._doubted[key] = None
            elif select is None or select(entry.message):
                if key in self._earlier.sent:
                    self._leave_out(key)
                else:
                    chunk.append(entry)
            else:
                with self._lock:
                    self._passed += 1
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _leave_out(self, key: str) -> None:
        """Another restore sent it."""
        run = self._earlier.sent[key]
        with self._lock:
            self._before[run] = self._before.get(run, 0) + 1
            self._passed += 1
            if key in self._earlier.doubtful:
                self._doubted[key] = None

    def _send_chunk(
        self,
        journal: journals.Journal,
        unfinished: journals.UnfinishedRun | None,
        chunk: Sequence[archive.Entry],
    ) -> None:
        sound = [(each, out) for each in chunk if (out := self._prepared(each)) is not None]
        fifo = self._facts.fifo
        for wave in in_waves(sound, lambda item: item[1].group_id if fifo else None, BATCH):
            left = [item for item in wave if item[1].group_id not in self._fallen]
            for item in wave:
                if item not in left:
                    self._fails(item[0], "an earlier message of its group was not sent")
            for packed in _packed(left):
                stop = not self._limiter.wait(len(packed), self._control)
                if stop or self._error is not None:
                    return
                self._send(journal, unfinished, packed)

    def _prepared(self, entry: archive.Entry) -> Outgoing | None:
        outgoing = entry.message.to_outgoing()
        unique = (
            deduplication_id(self._facts.arn, entry.message.message_id, outgoing)
            if self._facts.fifo
            else None
        )
        outgoing = replace(outgoing, deduplication_id=unique)
        trouble = problem(
            outgoing, fifo=self._facts.fifo, max_bytes=self._facts.maximum_message_bytes
        )
        if trouble:
            self._fails(entry, trouble)
            return None
        return outgoing

    def _send(
        self,
        journal: journals.Journal,
        unfinished: journals.UnfinishedRun | None,
        packed: Sequence[tuple[archive.Entry, Outgoing]],
    ) -> None:
        keys = [entry.message.message_id for entry, _ in packed]
        # When another file's run tried it, and whether as the same message, nobody knows.
        before: dict[str, float | None] = dict.fromkeys(self._earlier.perhaps & set(keys))
        before |= unfinished.perhaps if unfinished else {}
        tried_at = self._server_time()
        journal.intent(keys, tried_at)
        result = deliver(
            self._target,
            [outgoing for _, outgoing in packed],
            control=self._control,
            policy=self._policy,
        )
        now = self._server_time()
        doubtful = [
            place
            for place in (each.index for each in result.accepted)
            if (place in result.doubtful or keys[place] in before)
            and not (self._facts.fifo and swallowed(before.get(keys[place], tried_at), now))
        ]
        journal.sent(
            [(keys[each.index], each.message_id) for each in result.accepted],
            [keys[place] for place in doubtful],
        )
        journal.unsent(
            keys[each.index] for each in result.rejected if keys[each.index] not in before
        )
        journal.unknown(keys[place] for place in result.unknown)
        with self._lock:
            self._sent += len(result.accepted)
            self._passed += len(result.accepted)
            for place in doubtful:
                self._doubted[packed[place][0].message.message_id] = None
            if result.error is not None:
                self._error = self._error or result.error
        for refused in result.rejected:
            self._fails(packed[refused.index][0], f"{refused.code}: {refused.message}")
        for place in result.unknown:
            entry = packed[place][0]
            self._fails(entry, f"nobody can say whether it arrived: {result.reason}")
            with self._lock:
                self._doubted[entry.message.message_id] = None

    def _server_time(self) -> float | None:
        return self._target.server_time() if isinstance(self._target, TellsTime) else None

    def _fails(self, entry: archive.Entry, reason: str) -> None:
        if self._facts.fifo and entry.message.group_id is not None:
            with self._lock:
                self._fallen.add(entry.message.group_id)
        self._failed_line(entry, reason)

    def _failed_line(self, entry: archive.Entry, reason: str) -> None:
        with self._lock:
            self._failed += 1
            self._passed += 1
            if len(self._failures) < _FAILURES_KEPT:
                self._failures.append((entry.line, reason))

    def _summary(self, journal: Path) -> RestoreSummary:
        return RestoreSummary(
            path=str(self._path),
            lines=self._verdict.messages,
            sent=self._sent,
            skipped=self._skipped,
            restored_before=sum(self._before.values()),
            restored_by=tuple(self._before),
            failed=self._failed,
            possible_duplicates=tuple(self._doubted),
            failures=tuple(sorted(self._failures)),
            partial=bool(self._verdict.problem),
            partial_reason=self._verdict.problem,
            interrupted=self._control.stopping,
            journal=str(journal),
        )

    def _stopped(self, journal: Path, error: SqsctlError) -> SqsctlError:
        again = f"go on with: {self._options.command}"
        return SqsctlError(
            f"{error.message} (stopped after {self._sent} sent; the journal {journal} "
            "remembers them)",
            hint=f"{error.hint}; {again}" if error.hint else again,
            exit=error.exit,
            code=error.code,
            action=error.action,
        )


def _packed(
    items: Sequence[tuple[archive.Entry, Outgoing]],
) -> Iterator[Sequence[tuple[archive.Entry, Outgoing]]]:
    start = 0
    for batch in pack([outgoing for _, outgoing in items], max_bytes=MAX_BYTES):
        yield items[start : start + len(batch)]
        start += len(batch)
