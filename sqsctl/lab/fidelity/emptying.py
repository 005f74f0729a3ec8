"""Emptying the lab ends what runs on it first.

Upstream forgets functions and queues while invocations go on: what those log and delete afterwards
lies in the emptied lab. Here no batch is taken meanwhile, every environment ends without
another line, and whoever waits for one is told before anything is wiped.
"""

from __future__ import annotations

from sqsctl.lab.fidelity import service_quotas
from sqsctl.lab.fidelity.functions.executor import pool
from sqsctl.lab.fidelity.functions.poller import Poller

SETTLES_S = 5.0


def install(poller: Poller) -> None:
    """Wrap upstream's reset."""
    from ministack import app

    wipe = app._reset_all_state

    def reset_all_state() -> None:
        with poller.paused():
            pool.abandon()
            poller.settle(SETTLES_S)
            wipe()
            service_quotas.forget()

    app._reset_all_state = reset_all_state
