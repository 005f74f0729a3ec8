"""A redrive in a process of its own, to be killed, stopped and interrupted.

    python -m tests.faults.victim ENDPOINT SOURCE TARGET JOURNALS [WORKERS]

Prints its summary as one JSON line; exits as the program would.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import Exit
from sqsctl.model.transfer import RedriveSummary
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError, redrive
from sqsctl.operations.shared.control import Control, interruptible
from tests.faults.bench import HOLD_S, POLICY, session_on


def main(endpoint: str, source: str, target: str, journals: str, workers: str = "2") -> int:
    client = QueueClient(session_on(endpoint))
    with interruptible(Control()) as control:
        try:
            summary = redrive(
                client,
                client.describe(client.resolve(source)),
                to=client.describe(client.resolve(target)),
                journal_folder=Path(journals),
                options=Redrive(concurrency=int(workers), hold_s=HOLD_S, wait_s=0),
                policy=POLICY,
                control=control,
            )
        except RedriveStoppedError as error:
            _print(error.summary)
            return error.exit
    _print(summary)
    return control.exit if summary.interrupted else Exit.OK


def _print(summary: RedriveSummary) -> None:
    print(json.dumps(asdict(summary)), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
