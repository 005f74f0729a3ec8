"""Move messages out of a dead-letter queue, without losing one.

At least once: nothing is deleted before its copy was acknowledged, and everything a
message carries travels along. What may be there twice, after a lost answer or a crash,
is listed by its id. A run that did not come to its end is taken up by the next one on
the same source, through the journal (``operations.journal``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.plurals import counted
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import RedriveProgress, RedriveSummary
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.visibility_hold import Clock, VisibilityHold, steady
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.copy_limit import CopyLimit
from sqsctl.operations.moving.destinations import Destination, Destinations, Elsewhere
from sqsctl.operations.moving.ledger import MAX_COPIES_KEPT, Ledger
from sqsctl.operations.moving.redrive_worker import Edit, RedriveContext, Worker
from sqsctl.operations.moving.unfinished_run import refuse_other_terms
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.counts import remaining
from sqsctl.operations.shared.delivery import BATCH, RetryPolicy
from sqsctl.operations.shared.interfaces import OpensQueues
from sqsctl.operations.shared.rate_limit import Limiter
from sqsctl.operations.shared.retrying import patiently

MAX_CONCURRENCY = 32
_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class Redrive:
    """How to move. ``limit``: at most so many messages; ``rate``: messages per second.

    ``hold_s`` is for how long messages are hidden while in hand (renewed at half), ``wait_s``
    (1-20) the length of a poll. ``resume`` False leaves an unfinished earlier run alone.
    ``command`` is what the user would type to go on, for the hint after a failure; ``terms``
    are the options that an unfinished run must have been begun with to be taken up.
    ``keep_copies``: of so many the ids at the target are told.
    """

    limit: int | None = None
    rate: float | None = None
    concurrency: int = 4
    hold_s: int = 30
    wait_s: int = 2
    resume: bool = True
    command: str = "sqsctl dlq redrive"
    terms: Mapping[str, str] = field(default_factory=dict)
    keep_copies: int = MAX_COPIES_KEPT

    def checked(self) -> Redrive:
        """Itself; raises UsageError where it makes no sense."""
        for name, value in (("limit", self.limit), ("rate", self.rate)):
            if value is not None and value <= 0:
                raise UsageError(f"{name} must be above 0, not {value:g}")
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise UsageError(f"concurrency is 1 to {MAX_CONCURRENCY}, not {self.concurrency}")
        return self


class RedriveStoppedError(SqsctlError):
    """A redrive that something ended. ``summary`` tells how far it came; nothing is lost."""

    def __init__(self, error: SqsctlError, summary: RedriveSummary, command: str) -> None:
        hint = f"then go on with: {command}"
        super().__init__(
            f"{error.message} (stopped after {summary.moved} moved; the journal "
            f"{summary.journal} tells the next run where to go on)",
            hint=f"{error.hint}; {hint}" if error.hint else hint.removeprefix("then "),
            exit=error.exit,
            code=error.code,
            action=error.action,
        )
        self.summary = summary


def redrive(
    queues: OpensQueues,
    source: Queue,
    *,
    journal_folder: Path,
    origins: Sequence[Queue] = (),
    to: Queue | Destination | None = None,
    elsewhere: Elsewhere | None = None,
    options: Redrive | None = None,
    select: Select | None = None,
    edit: Edit | None = None,
    control: Control | None = None,
    progress: Callable[[RedriveProgress], None] | None = None,
    policy: RetryPolicy | None = None,
    clock: Clock = steady,
) -> RedriveSummary:
    """Move the messages of ``source`` that ``select`` wants (all, without one).

    ``to`` takes everything; otherwise each message goes to the queue it was dead-lettered
    from, or to the only one of ``origins``. ``edit`` returns the message as it is to be
    sent; a SqsctlError from it leaves the message where it is. ``progress`` is called about
    ten times a second from the calling thread. A first stop through ``control`` finishes
    what is in flight, hands back the rest and returns a summary with ``interrupted``.

    Raises RedriveStoppedError where an error ended the run, RefusedError where it must not
    start (same queue, other type, another run on this source).
    """
    run = _Run(
        queues=queues,
        source=source,
        options=(options or Redrive()).checked(),
        control=control or Control(),
        policy=policy or RetryPolicy(),
        clock=clock,
    )
    destinations = Destinations(queues, source, to=to, origins=origins, elsewhere=elsewhere)
    return run.run(journal_folder, destinations, select, edit, progress)


class _Run:
    def __init__(
        self,
        *,
        queues: OpensQueues,
        source: Queue,
        options: Redrive,
        control: Control,
        policy: RetryPolicy,
        clock: Clock,
    ) -> None:
        self._queues = queues
        self._source = source
        self._ref = source.ref
        self._identity = journals.identity(queues.place, source)
        self._options = options
        self._control = control
        self._policy = policy
        self._clock = clock
        self._over = threading.Event()
        self._notes: list[str] = []

    def run(
        self,
        folder: Path,
        destinations: Destinations,
        select: Select | None,
        edit: Edit | None,
        progress: Callable[[RedriveProgress], None] | None,
    ) -> RedriveSummary:
        began = time.monotonic()
        options = self._options
        facts = patiently(lambda: self._queues.describe(self._ref), self._control, self._policy)
        total = facts.approximate_total
        unfinished = self._story(folder)
        # A count of 0 may only be late: then one batch is looked for all the same.
        ledger = Ledger(
            bound=total or BATCH,
            limit=options.limit,
            unfinished=unfinished,
            keep_copies=options.keep_copies,
        )
        workers = min(options.concurrency, -(-(options.limit or total or 1) // BATCH))
        port = self._queues.open(self._ref)
        hold = VisibilityHold(port, options.hold_s, clock=self._clock)
        if unfinished:
            ledger.watch_until(hold.now() + unfinished.hold_s)
        with (
            self._journal(folder, unfinished) as journal,
            HandleFile(port, options.hold_s, clock=self._clock) as handles,
        ):
            context = RedriveContext(
                source=port,
                source_arn=self._source.arn,
                fifo=self._source.fifo,
                destinations=destinations,
                ledger=ledger,
                journal=journal,
                hold=hold,
                handles=handles,
                control=self._control,
                limiter=Limiter(options.rate),
                policy=self._policy,
                copies=CopyLimit(
                    workers * BATCH, batch=BATCH, owed=len(unfinished.owed) if unfinished else 0
                ),
                wait_s=options.wait_s,
                select=select,
                edit=edit,
                batch=BATCH if options.rate is None else max(1, min(BATCH, int(options.rate))),
            )
            unreleased = self._work(context, workers, total, progress)
            return self._ended(context, unreleased, time.monotonic() - began)

    def _story(self, folder: Path) -> journals.UnfinishedRun | None:
        unfinished = journals.unfinished(folder, self._identity)
        if unfinished is None:
            return None
        if not self._options.resume:
            journals.abandon(unfinished)
            self._notes.append(f"an unfinished earlier run was left alone: {unfinished.path}")
            return None
        refuse_other_terms(unfinished, self._options.terms)
        return unfinished

    def _journal(self, folder: Path, unfinished: journals.UnfinishedRun | None) -> journals.Journal:
        hold_s = self._options.hold_s
        if unfinished is None:
            return journals.begin(
                folder,
                self._identity,
                hold_s=hold_s,
                terms=self._options.terms,
                command=self._options.command,
            )
        journal = journals.resume(unfinished, hold_s=hold_s)
        self._notes.append(
            f"resuming the run of {unfinished.started_at}: {len(unfinished.owed)} were sent and "
            f"are only to be deleted, {len(unfinished.perhaps)} may have been sent"
        )
        return journal

    def _work(
        self,
        context: RedriveContext,
        workers: int,
        total: int,
        progress: Callable[[RedriveProgress], None] | None,
    ) -> int:
        """Run the workers; returns how many messages could not be handed back at once."""
        keeper = threading.Thread(target=self._keep, args=(context,), name="redrive-hold")
        keeper.start()
        try:
            with ThreadPoolExecutor(workers, "redrive") as pool:
                futures = [pool.submit(Worker(context).run) for _ in range(workers)]
                try:
                    self._watch(set(futures), context, total, progress)
                except BaseException:
                    self._control.stop()
                    raise
        finally:
            self._over.set()
            keeper.join()
            unreleased = context.hold.release() + context.handles.release()
            self._writes(context, context.journal.flush)
        return unreleased

    def _writes(self, context: RedriveContext, write: Callable[[], None]) -> None:
        """An error of the journal ends the run, and leaves its summary whole."""
        try:
            write()
        except SqsctlError as error:
            context.ledger.abort(error)

    def _watch(
        self,
        pending: set[Future[None]],
        context: RedriveContext,
        total: int,
        progress: Callable[[RedriveProgress], None] | None,
    ) -> None:
        while pending:
            try:
                _, pending = wait(pending, timeout=_TICK_S)
            except KeyboardInterrupt:
                if self._control.stopping:
                    raise
                self._control.stop()
            if progress:
                ledger = context.ledger
                progress(
                    RedriveProgress(
                        total, ledger.moved, ledger.failed, ledger.skipped, ledger.resumed
                    )
                )

    def _keep(self, context: RedriveContext) -> None:
        """Renew what is held, for as long as the run goes on."""
        while not self._over.wait(max(0.1, self._options.hold_s / 6)):
            try:
                context.hold.tend()
                context.handles.tend()
            except SqsctlError as error:
                if error.exit is not Exit.UNAVAILABLE:
                    context.ledger.abort(error)
                    return

    def _ended(self, context: RedriveContext, unreleased: int, duration_s: float) -> RedriveSummary:
        ledger = context.ledger
        interrupted = self._control.stopping
        if ledger.error is None and not interrupted:
            gone = ledger.never_came_back()
            self._writes(context, lambda: context.journal.deleted(gone))
        owed = ledger.owed
        if ledger.vanished:
            self._notes.append(
                f"{counted(ledger.vanished, 'message')} that an earlier run sent did not come "
                f"again: deleted or expired since, not moved by this run"
            )
        if unreleased:
            self._notes.append(
                f"{counted(unreleased, 'message comes', 'messages come')} back without help within "
                f"{context.hold.seconds} s"
            )
        error = ledger.error
        if error is not None and not isinstance(error, SqsctlError):
            raise error
        seen_to_its_end = error is None and not interrupted and self._options.limit is None
        if not owed:
            reason = "interrupted" if interrupted else "stopped" if error else "done"
            settled = seen_to_its_end and not ledger.unresolved
            self._writes(context, lambda: context.journal.finish(reason, settled=settled))
        summary = RedriveSummary(
            method="client",
            selected=ledger.selected,
            moved=ledger.moved,
            failed=ledger.failed,
            remaining=remaining(self._queues, self._source),
            possible_duplicates=(*ledger.possible_duplicates, *sorted(owed)),
            journal=str(context.journal.path),
            skipped=ledger.skipped,
            returned=ledger.returned,
            resumed=ledger.resumed,
            vanished=ledger.vanished,
            interrupted=interrupted,
            failures=ledger.failures,
            blocked_groups=tuple({**ledger.blocked, **ledger.hidden}),
            duration_s=duration_s,
            notes=tuple(self._notes),
            copies=tuple(ledger.copies),
            acceptances=tuple(ledger.acceptances),
        )
        if isinstance(ledger.error, SqsctlError):
            error = ledger.error
            raise RedriveStoppedError(error, summary, self._options.command) from error
        return summary
