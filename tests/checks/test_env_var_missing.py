"""A variable that is missing: the one that is set and may be meant is named."""

from __future__ import annotations

import pytest

from sqsctl.checks.base import examine
from sqsctl.checks.registry import by_id
from tests.checks.build import PRODUCER, ago, function, invocation, of_events, stack
from tests.checks.zoo_logs import python_error

READ = (
    "KeyError: '{}'\nTraceback (most recent call last):\n"
    '  File "/var/task/worker.py", line 5, in handler\n    table = os.environ["{}"]\n'
)


@pytest.mark.parametrize(
    ("read", "known", "said"),
    [
        ("LEDGER_TABLE_NAME", ["LEDGER_TABLE"], "LEDGER_TABLE"),
        ("QUEUE", ["JOBS_QUEUE", "STAGE"], "JOBS_QUEUE"),
        ("JOBS_QUEU_URL", ["JOBS_QUEUE_URL"], "JOBS_QUEUE_URL"),
        ("URL", ["API_URL", "QUEUE_URL"], ""),  # either may be meant
        ("TABLE", ["STAGE", "LOG_LEVEL"], ""),
        ("TABLE", [], ""),
    ],
)
def test_one_that_is_like_it_is_named(read: str, known: list[str], said: str) -> None:
    text = python_error(READ.format(read, read))
    environment = dict.fromkeys(known)
    where = stack(
        functions=(function(environment=environment), function(PRODUCER)),
        logs=(of_events(invocation(7, text, at=ago(60))),),
    )
    (found,) = examine(by_id()["env-var-missing"], where)[1]
    told = f", or let the code read {said}, which is set," if said else ""
    assert found.fix.summary == f"set {read} in the function's environment{told} and deploy"
