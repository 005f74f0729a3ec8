"""Stopping: politely at first, at once the second time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sqsctl.aws.requests import patience
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.queues import QueueRef
from sqsctl.operations.shared.control import Control, interruptible
from sqsctl.operations.shared.counts import remaining
from sqsctl.operations.shared.delivery import RetryPolicy
from sqsctl.operations.shared.rate_limit import Limiter
from sqsctl.operations.shared.retrying import patiently
from tests.operations.fakes import FakeSqs, expired, unavailable

QUICK = RetryPolicy(attempts=4, base_s=0.0005, cap_s=0.001)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, Exit.INTERRUPTED),
        (signal.SIGTERM, Exit.TERMINATED),
        (signal.SIGHUP, Exit.TERMINATED),
    ],
)
def test_a_first_signal_asks_politely(number: signal.Signals, code: Exit) -> None:
    told: list[str] = []
    before = signal.getsignal(number)
    with interruptible(Control(), lambda: told.append("stopping")) as control:
        os.kill(os.getpid(), number)
        assert not control.pause(5)
        assert patience.hurried(), "no server is waited for any more"
    assert not patience.hurried()
    assert control.stopping
    assert (control.exit, told) == (code, ["stopping"])
    assert signal.getsignal(number) == before


def test_what_the_program_was_started_to_ignore_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(Control()) as control:
            os.kill(os.getpid(), signal.SIGHUP)
        assert not control.stopping
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_fails_after_a_signal_has_the_signals_exit_code() -> None:
    def fails(*, signalled: bool) -> None:
        with interruptible(Control()):
            if signalled:
                os.kill(os.getpid(), signal.SIGTERM)
            raise unavailable()

    for signalled, code in ((True, Exit.TERMINATED), (False, Exit.UNAVAILABLE)):
        with pytest.raises(SqsctlError) as caught:
            fails(signalled=signalled)
        assert caught.value.exit is code


@pytest.mark.parametrize(("second", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_a_second_signal_ends_the_process(second: str, code: int) -> None:
    program = (
        "import os, signal\n"
        "from sqsctl.operations.shared.control import Control, interruptible\n"
        "with interruptible(Control()):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        f"    os.kill(os.getpid(), signal.{second})\n"
        "    print('still here')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (ended.returncode, ended.stdout) == (code, "")


def test_threads_leave_the_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with interruptible(Control()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_patience_ends_with_a_success_or_the_attempts() -> None:
    answers = [unavailable(), unavailable()]

    def call() -> str:
        if answers:
            raise answers.pop()
        return "done"

    assert patiently(call, Control(), QUICK) == "done"
    tries: list[int] = []

    def never() -> str:
        tries.append(1)
        raise unavailable()

    with pytest.raises(SqsctlError):
        patiently(never, Control(), QUICK)
    assert len(tries) == 4


@pytest.mark.parametrize("stopped", [True, False])
def test_patience_is_for_unavailability_and_until_a_stop(stopped: bool) -> None:
    tries: list[int] = []
    control = Control()
    if stopped:
        control.stop()

    def call() -> str:
        tries.append(1)
        raise unavailable() if stopped else expired()

    with pytest.raises(SqsctlError):
        patiently(call, control, QUICK)
    assert len(tries) == 1


def test_a_rate_is_shared() -> None:
    limiter, control = Limiter(200), Control()
    began = time.monotonic()
    threads = [
        threading.Thread(target=lambda: [limiter.wait(5, control) for _ in range(4)])
        for _ in range(3)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    # 60 messages at 200 a second; the first batch goes at once.
    assert time.monotonic() - began >= 0.27


def test_a_stop_ends_the_wait() -> None:
    limiter, control = Limiter(0.001), Control()
    assert limiter.wait(1, control)
    control.stop()
    assert not limiter.wait(1, control)
    assert not Limiter(None).wait(1, control)


def test_what_remains_may_be_unknown() -> None:
    sqs = FakeSqs()
    sqs.create("q").put("a")
    facts = sqs.facts("q")
    assert remaining(sqs, facts) == 1
    sqs.denied.add("q")
    assert remaining(sqs, facts) is None
    assert sqs.resolve("q") == QueueRef("q", facts.url, facts.arn)
