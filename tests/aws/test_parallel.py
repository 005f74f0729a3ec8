"""Calls at the same time, on threads that hold nothing up."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from sqsctl.aws.parallel import Pool, concurrently


def test_results_come_in_the_order_of_the_items() -> None:
    first = threading.Event()

    def call(number: int) -> int:
        if number == 0:
            first.wait(5)  # the first is the last to be done
        elif number == 9:
            first.set()
        return number * 2

    assert concurrently(call, range(10)) == [n * 2 for n in range(10)]


def test_they_really_run_at_the_same_time() -> None:
    meeting = threading.Barrier(8, timeout=5)
    assert len(concurrently(lambda _: meeting.wait(), range(8))) == 8


def test_the_first_error_is_raised() -> None:
    def call(number: int) -> int:
        if number in {3, 5}:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="3"):
        concurrently(call, range(8))


def test_no_more_threads_than_allowed() -> None:
    lock, now, most = threading.Lock(), 0, 0
    gate = threading.Event()

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        gate.wait(0.01)
        with lock:
            now -= 1

    with Pool(3) as pool:
        futures = [pool.submit(call) for _ in range(30)]
        for each in futures:
            each.result(5)
    assert most <= 3


def test_a_closed_pool_takes_no_more_and_finishes_what_it_has() -> None:
    pool = Pool(1)
    futures = [pool.submit(int, n) for n in range(5)]
    pool.close()
    assert [each.result(5) for each in futures] == list(range(5))
    with pytest.raises(RuntimeError):
        pool.submit(int)


def test_a_hanging_call_does_not_keep_the_program_from_ending() -> None:
    code = (
        "import threading\n"
        "from sqsctl.aws.parallel import Pool\n"
        "pool = Pool()\n"
        "started = threading.Event()\n"
        "def hang():\n    started.set()\n    threading.Event().wait()\n"
        "pool.submit(hang)\n"
        "started.wait(5)\n"
        "print('done')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    assert result.stdout == "done\n"
