"""One worker of a client-side redrive: receive, decide, send, look, delete.

The order of steps is the promise: an intent is on disk before its message is sent, and
only what the target acknowledged is deleted. A worker that ends anywhere in between
leaves a copy, never a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message, Outgoing
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.survey import EMPTY_POLLS
from sqsctl.operations.dead_letters.visibility_hold import VisibilityHold
from sqsctl.operations.moving.copy_limit import CopyLimit
from sqsctl.operations.moving.destinations import Destination, Destinations, addressed
from sqsctl.operations.moving.journal import Journal
from sqsctl.operations.moving.ledger import Ledger, Standing
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy, deliver, pack
from sqsctl.operations.shared.fifo_batches import in_waves
from sqsctl.operations.shared.interfaces import HandsOutMessages, TellsTime
from sqsctl.operations.shared.rate_limit import Limiter
from sqsctl.operations.shared.retrying import received
from sqsctl.operations.shared.validation import MAX_BYTES, problem

BATCH = 10
_IDLE_S = 0.05
_NO_SUCH_HANDLE = "ReceiptHandleIsInvalid"

Edit = Callable[[Message, Outgoing], Outgoing]


@dataclass(frozen=True, slots=True)
class RedriveContext:
    """What all workers of a run share."""

    source: HandsOutMessages
    source_arn: str
    fifo: bool
    destinations: Destinations
    ledger: Ledger
    journal: Journal
    hold: VisibilityHold
    handles: HandleFile
    control: Control
    limiter: Limiter
    policy: RetryPolicy
    copies: CopyLimit
    wait_s: int
    select: Select | None = None
    edit: Edit | None = None
    batch: int = BATCH


@dataclass(frozen=True, slots=True)
class _Item:
    """A message on its way."""

    message: Message
    outgoing: Outgoing
    destination: Destination


class Worker:
    """Works until nothing is left to do, a stop is asked for, or the run is aborted."""

    def __init__(self, context: RedriveContext) -> None:
        self._context = context
        self._empty = 0
        self._arrivals = -1
        self._fallen: set[str] = set()  # FIFO groups with a failed send in this batch

    def run(self) -> None:
        context = self._context
        try:
            while not context.control.stopping and context.ledger.error is None and self._round():
                pass
        except BaseException as error:
            context.ledger.abort(error)
            raise

    def _round(self) -> bool:
        """One batch; False when this worker has nothing more to do."""
        context = self._context
        reserved = context.ledger.reserve(context.batch)
        if not reserved:
            return self._sweep()
        try:
            batch = self._received(reserved)
            if not batch:
                return self._is_not_over()
            self._handle(batch)
        finally:
            context.ledger.settle(reserved)
        return True

    def _received(self, wanted: int) -> tuple[Message, ...]:
        context = self._context
        receive = partial(context.hold.receive, wanted, wait_s=context.wait_s)
        return received(receive, context.control, context.policy)

    def _is_not_over(self) -> bool:
        """Empty is three empty polls in a row, and nothing that may yet come back."""
        ledger = self._context.ledger
        if ledger.arrivals != self._arrivals:
            self._arrivals = ledger.arrivals
            self._empty = 0
        self._empty += 1
        if self._empty < EMPTY_POLLS:
            return True
        return bool(ledger.unsettled) and self._context.hold.now() < ledger.watched_until

    def _sweep(self) -> bool:
        """At the bound: wait for the others, then look for what is sent but not yet gone."""
        context = self._context
        if not context.ledger.idle:
            return context.control.pause(_IDLE_S)
        wanted = context.ledger.sought
        if not wanted or context.hold.now() >= context.ledger.watched_until:
            return False
        batch = self._received(context.batch)
        self._delete([each for each in batch if each.message_id in wanted])
        return True

    def _handle(self, batch: Sequence[Message]) -> None:
        context = self._context
        owed: list[Message] = []
        fresh: list[Message] = []
        for each in batch:
            standing = context.ledger.meet(each)
            if standing is Standing.OWED:
                owed.append(each)
            elif standing is Standing.FRESH:
                fresh.append(each)
        self._delete(owed)
        unwanted = [each for each in fresh if not self._is_selected(each)]
        context.hold.hand_over(unwanted, context.handles)
        items = [
            item
            for each in fresh
            if each not in unwanted and (item := self._decided(each)) is not None
        ]
        self._fallen.clear()
        for wave in in_waves(items, _order):
            self._move(wave)

    def _is_selected(self, message: Message) -> bool:
        context = self._context
        if context.select is None or context.select(message):
            return True
        context.ledger.skip(message.group_id if context.fifo else None)
        return False

    def _decided(self, message: Message) -> _Item | None:
        """The message made ready to go; None where it stays."""
        context = self._context
        group = message.group_id if context.fifo else None
        if group in context.ledger.blocked or not context.ledger.claim():
            context.ledger.forget(message, claimed=False)
            return None
        try:
            return self._prepared(message)
        except SqsctlError as error:
            if error.exit in {Exit.DENIED, Exit.UNAVAILABLE}:
                raise
            self._stays(message, error.message)
            return None

    def _prepared(self, message: Message) -> _Item:
        context = self._context
        if message.damaged:
            raise SqsctlError("its body is not the one that its checksum is of", code="damaged")
        destination = context.destinations.of(message)
        outgoing = destination.outgoing(message)
        if context.edit is not None:
            outgoing = context.edit(message, outgoing)
        outgoing = addressed(message, outgoing, context.source_arn, destination)
        queue = destination.queue
        trouble = problem(outgoing, fifo=queue.fifo, max_bytes=queue.maximum_message_bytes)
        if trouble:
            raise SqsctlError(trouble, code="invalid_message")
        return _Item(message, outgoing, destination)

    def _move(self, wave: Sequence[_Item]) -> None:
        """Send what goes together, then delete exactly what was acknowledged."""
        context = self._context
        stuck = [each for each in wave if each.message.group_id in self._fallen]
        self._let_go(stuck)
        for together in _by_destination([each for each in wave if each not in stuck]):
            start = 0
            for packed in pack([each.outgoing for each in together], max_bytes=MAX_BYTES):
                part = together[start : start + len(packed)]
                start += len(packed)
                if not context.limiter.wait(len(part), context.control) or context.ledger.error:
                    self._let_go(part)
                else:
                    self._send(self._still_held(part))

    def _still_held(self, part: Sequence[_Item]) -> list[_Item]:
        """Those that nobody else can have received meanwhile; the others come again."""
        hold = self._context.hold
        held = [each for each in part if not hold.lapsed(each.message)]
        self._let_go([each for each in part if each not in held])
        return held

    def _let_go(self, part: Iterable[_Item]) -> None:
        for each in part:
            self._context.ledger.forget(each.message, claimed=True)

    def _send(self, part: Sequence[_Item]) -> None:
        if not part:
            return
        context = self._context
        ids = [each.message.message_id for each in part]
        destination = part[0].destination
        if not self._has_room(part):
            return
        try:
            self._sent(part, ids, destination)
        finally:
            context.copies.done()

    def _has_room(self, part: Sequence[_Item]) -> bool:
        """Whether so many copies more may be made; waits for what others are deleting."""
        context = self._context
        while not context.copies.may_send(len(part)):
            if context.copies.error is not None:
                context.ledger.abort(context.copies.error)
            if context.ledger.error is not None or not context.control.pause(_IDLE_S):
                self._let_go(part)
                return False
        return True

    def _sent(self, part: Sequence[_Item], ids: Sequence[str], destination: Destination) -> None:
        context = self._context
        tried_at = _time_at(destination)
        context.journal.intent(ids, tried_at)
        result = deliver(
            destination.port,
            [each.outgoing for each in part],
            control=context.control,
            policy=context.policy,
        )
        later = [each for each in result.rejected if not each.sender_fault]
        context.copies.sent(
            taken=bool(result.accepted),
            absent=len(result.rejected),
            refused=len(later),
            why=f"{later[0].code}: {later[0].message}" if later else "",
        )
        context.copies.left(result.reason)
        pairs = [(ids[each.index], each.message_id) for each in result.accepted]
        doubtful = context.ledger.was_sent(
            pairs,
            [ids[place] for place in result.doubtful],
            tried_at=tried_at,
            now=_time_at(destination),
            fifo=destination.queue.fifo,
            edited=context.edit is not None,
        )
        unwritten = self._written(
            lambda: context.journal.sent(pairs, doubtful),
            lambda: context.journal.unsent(
                context.ledger.was_not_sent(ids[each.index] for each in result.rejected)
            ),
            lambda: context.journal.unknown(ids[place] for place in result.unknown),
        )
        for each in result.rejected:
            self._stays(part[each.index].message, f"{each.code}: {each.message}")
        for place in result.unknown:
            self._stays(
                part[place].message,
                f"nobody can say whether it arrived: {result.reason}",
                doubtful=True,
            )
        # What was acknowledged is deleted first, whatever else is wrong.
        self._delete([part[each.index].message for each in result.accepted])
        if unwritten or result.error:
            raise unwritten or result.error or AssertionError

    def _written(self, *records: Callable[[], None]) -> SqsctlError | None:
        """Write them; the first error, once all were tried."""
        trouble: SqsctlError | None = None
        for write in records:
            try:
                write()
            except SqsctlError as error:
                trouble = trouble or error
        return trouble

    def _stays(self, message: Message, reason: str, *, doubtful: bool = False) -> None:
        self._context.ledger.has_failed(message.message_id, reason, doubtful=doubtful)
        if self._context.fifo and message.group_id is not None:
            self._fallen.add(message.group_id)
            self._context.ledger.block(message.group_id)

    def _delete(self, messages: Sequence[Message]) -> None:
        """Delete what was sent. What cannot be confirmed stays owed and comes again."""
        context = self._context
        for start in range(0, len(messages), BATCH):
            batch = [context.hold.newest(each) for each in messages[start : start + BATCH]]
            gone = self._confirmed(batch)
            for each in gone:
                context.ledger.was_deleted(each.message_id)
            unwritten = self._written(
                partial(context.journal.deleted, [each.message_id for each in gone])
            )
            if unwritten is not None:
                context.ledger.abort(unwritten)
            # The rest is let go as well: only when it comes again can it be deleted.
            context.hold.drop(batch)
            if len(gone) < len(batch):
                context.ledger.watch_until(context.hold.now() + context.hold.seconds)

    def _confirmed(self, batch: Sequence[Message]) -> list[Message]:
        """Those that are gone for certain. A lost answer is asked for again: deleting twice
        does no harm."""
        context = self._context
        left = list(batch)
        gone: list[Message] = []
        asked_before: set[str] = set()
        for attempt in range(1, context.policy.attempts + 1):
            result = context.source.delete(left)
            done = [left[each.index] for each in result.accepted]
            # The first try got through, only its answer was lost.
            done += [
                left[each.index]
                for each in result.rejected
                if each.code.endswith(_NO_SUCH_HANDLE)
                and left[each.index].message_id in asked_before
            ]
            # An answer about a lapsed handle is none that says no.
            answered = [each for each in result.rejected if each.sender_fault]
            if done or any(context.hold.lapsed(left[each.index]) for each in answered):
                context.copies.deleted()
            elif result.rejected:
                context.copies.left(f"{result.rejected[0].code}: {result.rejected[0].message}")
            else:
                context.copies.left(result.unknown_reason)
            # Deleting with a lapsed handle "succeeds" on standard queues and may do nothing.
            gone += [each for each in done if not context.hold.lapsed(each)]
            again = {each.index for each in result.rejected if not each.sender_fault}
            again.update(result.unknown)
            asked_before.update(left[place].message_id for place in result.unknown)
            left = [left[place] for place in sorted(again)]
            if not left or not context.control.pause(context.policy.pause_s(attempt)):
                break
        return gone


def _order(item: _Item) -> str | None:
    """What an item must stay in order with: its group, on FIFO queues."""
    return item.outgoing.group_id if item.destination.queue.fifo else None


def _time_at(destination: Destination) -> float | None:
    """What time it is there; only a queue's server is asked, since only queues deduplicate."""
    port = destination.port
    return port.server_time() if isinstance(port, TellsTime) else None


def _by_destination(items: Sequence[_Item]) -> Iterable[list[_Item]]:
    parts: dict[str, list[_Item]] = {}
    for each in items:
        parts.setdefault(each.destination.queue.arn, []).append(each)
    return parts.values()
