"""Every operation, every fault, before and after SQS did the work: nothing is lost.

Some answers are lies that SQS does not tell: to throttle, to name an entry failed or the
credentials expired after doing what was asked; and a network that sends a request twice. A
copy made that way cannot be known to anybody. There the promise is: still nothing lost,
and nothing doubled but what was in that very request.
"""

from __future__ import annotations

import pytest

from sqsctl.errors import SqsctlError
from sqsctl.operations.moving.redrive import RedriveStoppedError
from tests.faults.bench import Bench
from tests.faults.proxy import OPERATIONS, Fault, Kind, When

KINDS: tuple[Kind, ...] = (
    "reset",
    "503",
    "throttle",
    "truncate",
    "delay",
    "double",
    "expired",
    "failed",
    "md5",
)
# What has no entries cannot fail one; what has no body has no checksum.
MEANINGLESS = {
    *((operation, "failed") for operation in ("Receive", "GetAttributes")),
    *((operation, "md5") for operation in ("Delete", "ChangeVisibility", "GetAttributes")),
}
LIES = {("throttle", "after"), ("failed", "after"), ("expired", "after"), ("double", "after")}
CELLS = [
    (operation, kind, when)
    for operation in OPERATIONS
    for kind in KINDS
    for when in ("before", "after")
    if (operation, kind) not in MEANINGLESS
    # A broken answer to nothing is the truncated one.
    and (kind not in {"double", "md5"} or when == "after")
]


@pytest.mark.lab
@pytest.mark.parametrize(("operation", "kind", "when"), CELLS, ids=["-".join(c) for c in CELLS])
def test_a_cell(bench: Bench, operation: str, kind: Kind, when: When) -> None:
    bench.fill(12)
    bench.patience_s = 0.5 if kind == "delay" else 5.0
    called = OPERATIONS[operation]
    bench.proxy.plan(called, Fault(kind, when))
    try:
        # A selection of everything but one: what is not wanted is handed back, so that
        # ChangeMessageVisibility is called too.
        bench.run(select=lambda message: '"n": 5,' not in message.body)
    except RedriveStoppedError as error:
        bench.note(error.summary)
        # Where no copy can be told to be right, nothing is deleted, and few are made.
        unconfirmed = (operation, kind) == ("Send", "md5") and error.code == "deletes_fail"
        assert kind == "expired" or unconfirmed
    except SqsctlError:
        assert operation == "GetAttributes", "nothing else may end a run"
    assert bench.proxy.calls(called) > 0, "the fault was met"
    assert not bench.proxy.faults[called]
    bench.run_to_the_end()
    verdict = bench.judge()
    verdict.assert_nothing_lost()
    if operation == "Send" and (kind, when) in LIES:
        first = next(each for each in bench.proxy.log if each.operation == called)
        asked = {each["MessageBody"] for each in first.document["Entries"]}
        assert verdict.untold <= asked
    else:
        assert verdict.untold == set()
        if operation != "Send":
            assert verdict.doubled == set(), "only sends can double"


@pytest.mark.lab
@pytest.mark.parametrize("kind", ["reset", "truncate", "delay"])
def test_fifo_takes_lost_answers_without_a_duplicate(fifo_bench: Bench, kind: Kind) -> None:
    bench = fifo_bench
    bench.fill(9)
    bench.patience_s = 1.0 if kind == "delay" else 5.0
    bench.proxy.plan("SendMessageBatch", Fault(kind, "after"), None, Fault(kind, "after"))
    bench.run_to_the_end()
    verdict = bench.judge()
    verdict.assert_clean()
    assert verdict.doubled == set()
    assert verdict.told == set()
    for group in range(3):
        mine = [body for body in verdict.order if int(body[6 : body.index(",")]) % 3 == group]
        assert mine == sorted(mine, key=lambda body: int(body[6 : body.index(",")]))


@pytest.mark.lab
def test_duplicates_are_those_in_flight_and_no_more(bench: Bench) -> None:
    bench.fill(25)
    bench.proxy.plan("SendMessageBatch", None, Fault("reset", "after"))
    summary = bench.run()
    verdict = bench.judge()
    verdict.assert_clean()
    assert len(verdict.doubled) == 10
    assert verdict.told == verdict.doubled
    assert (summary.moved, summary.failed) == (25, 0)
