"""Event source mappings on queues: how messages reach their function.

Upstream's poller stays at five batches at once (one on FIFO queues), pauses a whole
mapping for a second after an error, gives a throttled batch up, counts on a reserved
concurrency that the real poller does not know, and receives without the role's
permission. On AWS it starts with five concurrent batches, adds up to 300 a minute while
there is more to do, works on as many groups of a FIFO queue as there are, and retries a
throttled batch until its visibility timeout ends.
Sources: Lambda developer guide, "Configuring scaling behavior for SQS event source
mappings" (5, +300 a minute, 1,000), "Error handling for an SQS event source"; AWS's
example of throttled messages reaching the dead-letter queue in the same guide.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqsctl.lab.fidelity.functions import batches, mapping_metrics
from sqsctl.lab.fidelity.loop import LoopClosedError, on_loop
from sqsctl.lab.fidelity.permissions import role_allows
from sqsctl.lab.fidelity.sqs import messages

STARTS_WITH = 5
GROWS_BY_PER_MINUTE = 300
AT_MOST = 1000
ON_THIS_MACHINE = 100  # environments are processes here; AWS goes up to AT_MOST
IDLE_S = 0.25
BUSY_S = 0.02
PERMISSION_S = 1.0
_RETRY_FROM_S, _RETRY_TO_S = 0.05, 1.0

Message = dict[str, Any]

_LOG = logging.getLogger("sqsctl.lab")


@dataclass
class Progress:
    """What the poller knows of one mapping between two turns."""

    limit: float = STARTS_WITH
    grown_at: float = field(default_factory=time.monotonic)
    in_flight: int = 0
    window_ends: float = 0.0
    waiting: list[Message] = field(default_factory=list)
    permitted: bool = False
    permission_at: float = 0.0


class Poller:
    """One thread that takes batches for every mapping, and one for each batch it took."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._turns = threading.Lock()  # held while batches are taken
        self._progress: dict[str, Progress] = {}
        self._started = False

    def wake(self) -> None:
        """Something may have become receivable."""
        self._wake.set()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """While inside, no batch is taken."""
        with self._turns:
            yield

    def settle(self, seconds: float) -> bool:
        """Wait until no batch is worked on; whether that is so in time."""
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                if not any(each.in_flight for each in self._progress.values()):
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(BUSY_S)

    def start(self) -> None:
        """Begin to poll; does nothing the second time."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="sqsctl-poller", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            busy = False
            known = list(_mappings())
            for account, region, mapping in known:
                try:
                    with self._turns:
                        busy = _within(account, region, partial(self._turn, mapping)) or busy
                except LoopClosedError:
                    return
                except Exception:  # noqa: BLE001 - one mapping's trouble must not stop the others
                    _LOG.exception("the poller met an error")
            self._forget({mapping["UUID"] for _, _, mapping in known})
            if not busy:
                self._wake.wait(self._pause())

    def _forget(self, known: set[str]) -> None:
        with self._lock:
            for gone in [each for each in self._progress if each not in known]:
                if not self._progress[gone].in_flight:
                    del self._progress[gone]

    def _pause(self) -> float:
        with self._lock:
            return BUSY_S if any(each.in_flight for each in self._progress.values()) else IDLE_S

    def _turn(self, mapping: dict[str, Any]) -> bool:
        """Take one batch for a mapping, if there is one; whether there was."""
        with self._lock:
            progress = self._progress.setdefault(mapping["UUID"], Progress())
        found = _parties(mapping)
        if found is None:
            self._release(progress)
            return False
        queue, _, config = found
        if not self._permitted(progress, config, queue):
            return False
        backlog = any(each["visible_at"] <= time.time() for each in list(queue["messages"]))
        if progress.in_flight >= self._limit(progress, mapping, backlog=backlog):
            return False
        if not backlog and not progress.waiting:
            return False
        batch = on_loop(lambda: self._gather(progress, mapping, queue))
        if not batch:
            return False
        with self._lock:
            progress.in_flight += 1
        work = _carried(lambda: self._work(progress, mapping, queue, config, batch))
        threading.Thread(target=work, name="sqsctl-batch", daemon=True).start()
        return True

    def _limit(self, progress: Progress, mapping: dict[str, Any], *, backlog: bool) -> int:
        """How many batches may be worked on at once now."""
        now = time.monotonic()
        passed, progress.grown_at = now - progress.grown_at, now
        if not backlog and progress.in_flight == 0:
            progress.limit = STARTS_WITH
        elif backlog and progress.in_flight >= int(progress.limit):
            progress.limit += passed * self._speed * GROWS_BY_PER_MINUTE / 60
        most = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") or AT_MOST
        return min(int(progress.limit), int(most), ON_THIS_MACHINE)

    def _permitted(self, progress: Progress, config: dict[str, Any], queue: dict[str, Any]) -> bool:
        if time.monotonic() - progress.permission_at > PERMISSION_S:
            arn = queue["attributes"]["QueueArn"]
            progress.permission_at = time.monotonic()
            progress.permitted = all(
                role_allows(config, f"sqs:{action}", arn)
                for action in ("ReceiveMessage", "GetQueueAttributes")
            )
        return progress.permitted

    def _gather(
        self, progress: Progress, mapping: dict[str, Any], queue: dict[str, Any]
    ) -> list[Message]:
        """Receive for a batch: all of it at once, or over the mapping's window."""
        from ministack.services import sqs

        size = int(mapping.get("BatchSize") or 10)
        window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        visibility = int(queue["attributes"].get("VisibilityTimeout", 30))
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        held = progress.waiting
        while len(held) < size:
            got = messages.collect(queue, min(10, size - len(held)), visibility)
            held += got
            if len(got) < 10:
                break
        if not held:
            return []
        now = time.monotonic()
        if window and not progress.window_ends:
            progress.window_ends = now + window
        fits = batches.fitting(held)
        if window and now < progress.window_ends and len(held) < size and fits == len(held):
            return []
        progress.window_ends = 0.0
        batch, progress.waiting = held[:fits], held[fits:]
        return batch

    def _release(self, progress: Progress) -> None:
        """A mapping that was switched off lets go of what it gathered."""
        held, progress.waiting, progress.window_ends = progress.waiting, [], 0.0

        def release() -> None:
            for message in held:
                message["visible_at"] = time.time()

        if held:
            on_loop(release)

    def _work(
        self,
        progress: Progress,
        mapping: dict[str, Any],
        queue: dict[str, Any],
        config: dict[str, Any],
        batch: list[Message],
    ) -> None:
        try:
            _process(mapping, queue, config, batch)
        except LoopClosedError:
            pass
        finally:
            with self._lock:
                progress.in_flight -= 1
            self._wake.set()


def install(*, speed: float) -> Poller:
    """Put our poller in the place of upstream's for queues; streams stay with upstream's."""
    from ministack.services import lambda_svc, sqs

    poller = Poller(speed)
    upstream = sqs.esm_wake

    class Both:
        # Named as the event that upstream sets.
        def set(self) -> None:
            upstream.set()
            poller.wake()

    sqs.esm_wake = Both()
    lambda_svc._poll_sqs = lambda: False
    poller.start()
    return poller


def _process(
    mapping: dict[str, Any],
    queue: dict[str, Any],
    config: dict[str, Any],
    batch: list[Message],
) -> None:
    from ministack.core.responses import get_region
    from ministack.services import lambda_svc

    arn = queue["attributes"]["QueueArn"]
    may_delete = role_allows(config, "sqs:DeleteMessage", arn)
    records = [batches.record(message, arn, get_region()) for message in batch]
    kept = lambda_svc._apply_filter_criteria(records, mapping)
    wanted = {each["messageId"] for each in kept}
    dropped = [each["receiptHandle"] for each in records if each["messageId"] not in wanted]
    if dropped and may_delete:
        on_loop(lambda: _delete(queue, dropped))
    if not kept:
        mapping_metrics.count(
            mapping, polled=len(records), kept=0, failed=0, deleted=len(dropped) * may_delete
        )
        return
    result = _invoked(mapping, kept, ends=min(message["visible_at"] for message in batch))
    if result is None:
        return  # throttled until the messages were visible again, or switched off meanwhile
    partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
    back = batches.failed(result, kept, partial=partial)
    done = [each["receiptHandle"] for each in kept if each["messageId"] not in back]
    if done and may_delete:
        on_loop(lambda: _delete(queue, done))
    mapping_metrics.count(
        mapping,
        polled=len(records),
        kept=len(kept),
        failed=len(kept) - len(done),
        deleted=(len(dropped) + len(done)) * may_delete,
    )


def _invoked(
    mapping: dict[str, Any], records: list[dict[str, Any]], ends: float
) -> dict[str, Any] | None:
    """Invoke, and again while Lambda throttles; None once the batch's visibility ended."""
    from ministack.services import lambda_svc

    pause = _RETRY_FROM_S
    while (found := _parties(mapping)) is not None:
        result: dict[str, Any] = lambda_svc._execute_function(found[1], {"Records": records})
        if not result.get("throttle"):
            return result
        if time.time() + pause >= ends:
            break
        time.sleep(pause)
        pause = min(pause * 2, _RETRY_TO_S)
    return None


def _delete(queue: dict[str, Any], receipts: list[str]) -> None:
    from ministack.services import sqs

    for receipt in receipts:
        try:
            messages.delete(queue, receipt)
        except sqs._Err:
            continue  # it expired: the message is somebody else's again


def _parties(
    mapping: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
    """The queue and the function that a mapping connects; None while it is off or they are gone."""
    from ministack.services import lambda_svc, sqs

    if lambda_svc._esms.get(mapping["UUID"]) is None or not _enabled(mapping):
        return None  # switched off or deleted, perhaps with everything else
    queue = sqs._queue_by_arn(mapping.get("EventSourceArn", ""))
    record, config = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    if queue is None or record is None or config is None:
        return None
    return queue, lambda_svc._execution_record_for_config(record, config), config


def _enabled(mapping: dict[str, Any]) -> bool:
    value = mapping.get("Enabled", True)
    return value.lower() != "false" if isinstance(value, str) else bool(value)


def _mappings() -> Iterator[tuple[str, str, dict[str, Any]]]:
    from ministack.services import lambda_svc

    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":sqs:" in mapping.get("EventSourceArn", ""):
            yield account, region, mapping


def _within(account: str, region: str, function: Callable[[], bool]) -> bool:
    """Call it as a request of that account and region."""
    from ministack.core.responses import _request_account_id, _request_region

    def scoped() -> bool:
        _request_account_id.set(account)
        _request_region.set(region)
        return function()

    return contextvars.copy_context().run(scoped)


def _carried(function: Callable[[], None]) -> Callable[[], None]:
    """The function, to be run in another thread within this one's context."""
    context = contextvars.copy_context()
    return lambda: context.run(function)
