"""What a function is charged on a machine that does other things, too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.aws.lab_state import LabState
from sqsctl.lab import server
from sqsctl.lab.fidelity.functions.own_time import OwnTime, Scheduled, scheduled
from tests.lab.conftest import Functions

LONG = pytest.mark.long  # a second of a processor that is shared by five
SECONDS = st.floats(min_value=0, max_value=100)

BURN = "import os; os.sched_setaffinity(0, {0}); print(flush=True)\nwhile True: pass"
BURNS = """
import os, time
def handler(event, context):
    os.sched_setaffinity(0, {0})
    started, end = time.monotonic(), time.process_time() + 0.35
    while time.process_time() < end:
        pass
    return time.monotonic() - started
"""
SLEEPS = """
import time
def handler(event, context):
    time.sleep(30)
"""
LOOPS = """
import os
def handler(event, context):
    os.sched_setaffinity(0, {0})
    while True:
        pass
"""


def measured(
    wall_s: float, before: dict[str, Scheduled], after: dict[str, Scheduled], late_s: float = 0.0
) -> float:
    times, looks, lateness = iter((100.0, 100.0 + wall_s)), iter((before, after)), iter((7.0,))
    clock = OwnTime(
        1,
        now=lambda: next(times),
        threads=lambda _pid: next(looks),
        lateness=lambda: next(lateness, 7.0 + late_s),
    )
    return clock.used_s()


def test_waiting_for_a_processor_does_not_count() -> None:
    before = {"1": Scheduled(1.0, 5.0)}
    assert measured(3.0, before, {"1": Scheduled(1.5, 7.0)}) == pytest.approx(1.0)


def test_sleeping_counts() -> None:
    assert measured(3.0, {"1": Scheduled(1.0, 5.0)}, {"1": Scheduled(1.0, 5.0)}) == 3.0


def test_threads_wait_beside_each_other() -> None:
    after = {"1": Scheduled(0.0, 1.0), "2": Scheduled(0.0, 2.0)}
    assert measured(3.0, {}, after) == pytest.approx(1.0)


def test_the_labs_own_lateness_does_not_count() -> None:
    assert measured(3.0, {}, {}, late_s=2.0) == pytest.approx(1.0)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_never_less_than_its_processor_time_nor_more_than_all_of_it(
    wall: float, ran: float, waited: float, late: float
) -> None:
    used = measured(wall, {}, {"1": Scheduled(ran, waited)}, late)
    assert min(wall, ran) - 1e-6 <= used <= wall + 1e-6


def test_the_kernel_is_asked_for_every_thread() -> None:
    if sys.platform != "linux":
        pytest.skip("there is no /proc here")
    assert str(os.getpid()) in scheduled(os.getpid())
    assert scheduled(2**22 + 1) == {}


@pytest.fixture
def busy() -> Iterator[None]:
    """Four processes that want the first processor."""
    if sys.platform != "linux":
        pytest.skip("processes are pinned to a processor")
    # Each in a session of its own: some kernels share a processor out by session.
    burning = [
        subprocess.Popen(
            [sys.executable, "-c", BURN], start_new_session=True, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for each in burning:
        assert each.stdout is not None
        each.stdout.readline()
    yield
    for each in burning:
        each.kill()
        each.communicate()


@pytest.mark.lab
@pytest.mark.usefixtures("busy")
def test_a_busy_machine_makes_no_function_time_out(functions: Functions) -> None:
    seen = functions.run(BURNS, Timeout=1)
    assert not seen.failed, seen.text
    assert seen.payload > 1.0, "the machine was not busy"


@pytest.mark.lab
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    "code", [pytest.param(SLEEPS, id="sleeps"), pytest.param(LOOPS, id="loops", marks=LONG)]
)
def test_what_does_time_out_times_out_on_a_busy_machine(functions: Functions, code: str) -> None:
    seen = functions.run(code, Timeout=1)
    assert seen.failed
    assert "Duration: 1000.00 ms" in seen.text
    assert "Status: timeout" in seen.text


@pytest.mark.lab
def test_a_warm_function_has_no_log_before_it_is_called(
    functions: Functions, lab_state: LabState
) -> None:
    name = functions.make("print('loading')\ndef handler(event, context): return 1")
    broken = functions.make("import nowhere_to_be_found")
    assert server.warm(lab_state, [name, broken, "unknown"], 20.0) == (name,)
    groups = functions.session.logs().describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
    assert groups["logGroups"] == []
    seen = functions.call(name)
    kinds = [line.split()[0] for line in seen.messages]
    assert kinds == ["INIT_START", "loading", "START", "END", "REPORT"]
    assert "Init Duration:" in seen.messages[-1]
    assert len(set(seen.streams)) == 1
    assert "Init Duration:" not in functions.call(name).messages[-1]
