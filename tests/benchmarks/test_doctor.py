"""Doctor's wall time where every AWS call takes 80 ms: a few round trips, not one a call."""

from __future__ import annotations

import os
import statistics
import subprocess
import time

import pytest

from tests.benchmarks.delay import Slow, slow
from tests.benchmarks.peers import sqsctl
from tests.e2e.stacks import DeployedLab
from tests.e2e.surroundings import encrypt, let_roles_use, producer_in_vpc

DELAY_S = 0.08
ROUND_TRIPS = 6
RUNS = 5

pytestmark = [pytest.mark.benchmark, pytest.mark.lab, pytest.mark.timeout(300)]


def doctor(proxy: Slow, lab: DeployedLab, *, delay_s: float) -> float:
    """Seconds that ``sqsctl doctor`` takes, start-up included."""
    proxy.delay_s = delay_s
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": lab.state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": lab.state.secret_access_key,
    }
    command = [str(sqsctl()), "doctor", "-o", "json", "--endpoint-url", proxy.url]
    began = time.perf_counter()
    ended = subprocess.run(
        [*command, "--region", lab.state.region, "--stack", lab.name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return took


def measured(lab: DeployedLab, what: str) -> tuple[float, int]:
    """Round trips above the time without delay, and the most FilterLogEvents in a second."""
    with slow(lab.state.endpoint) as proxy:
        doctor(proxy, lab, delay_s=0)  # warms the disk cache
        quick = [doctor(proxy, lab, delay_s=0) for _ in range(RUNS)]
        slowly: list[float] = []
        calls = a_second = 0
        for _ in range(RUNS):
            # A run keeps to the quota by itself; two within a second are two programs.
            proxy.calls.clear()
            slowly.append(doctor(proxy, lab, delay_s=DELAY_S))
            calls = len(proxy.calls)
            a_second = max(a_second, proxy.most_in_a_second("FilterLogEvents"))
    trips = (statistics.median(slowly) - statistics.median(quick)) / DELAY_S
    print(
        f"\ndoctor on {what}, {DELAY_S * 1000:.0f} ms a call:"
        f"\n  {calls} calls, {trips:.1f} round trips above the time without delay"
        f"\n  median {statistics.median(slowly):.2f} s against {statistics.median(quick):.2f} s"
        f"\n  FilterLogEvents: at most {a_second} in a second"
    )
    return trips, a_second


def test_doctor_takes_at_most_six_round_trips(lab: DeployedLab) -> None:
    trips, a_second = measured(lab, "the tutorial's stack")
    assert trips <= ROUND_TRIPS
    assert a_second <= 4


def test_a_vpc_and_a_key_are_read_beside_the_rest(lab: DeployedLab) -> None:
    let_roles_use(lab, encrypt(lab))
    with producer_in_vpc(lab) as place:
        place.lead_out()
        trips, _ = measured(lab, "a stack with a VPC and a key")
    assert trips <= ROUND_TRIPS
