"""Calls at the same time, on threads that never keep the program from ending.

The standard library's pool joins its threads at exit: one hanging call would hold up
Ctrl-C by its whole read timeout. These threads are daemons, and leaving the pool
abandons what is still under way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

WORKERS = 32


class Pool:
    """Up to ``workers`` calls at once. Threads are started as they are needed."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call; what it returns or raises is in the future."""
        future: Future[R] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = call(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            self._jobs.put(job)
            if not self._idle.acquire(blocking=False) and self._threads < self._workers:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
            self._idle.release()

    def close(self) -> None:
        """Let the threads end when they have nothing left to do; wait for none."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._jobs.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def concurrently(call: Callable[[T], R], items: Sequence[T], workers: int = WORKERS) -> list[R]:
    """Call for each item, several at a time; results in the order of the items.

    The first error, in that order, is raised; calls behind it are abandoned.
    """
    if len(items) < 2:
        return [call(each) for each in items]
    with Pool(min(workers, len(items))) as pool:
        futures: list[Future[Any]] = [pool.submit(call, each) for each in items]
        return [each.result() for each in futures]
