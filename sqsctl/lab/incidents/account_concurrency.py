"""An account whose few concurrent executions are all taken by slow consumers.

Step 3's k6 run: new accounts have a limit of 10. Consumers that sleep take all of it,
the producer is throttled and the API answers 503, in milliseconds. Throttled batches are
received again and again, and end in the dead-letter queue without any function having
failed. The consumers stay below their timeout here, so that this is the only cause, and
find enough messages waiting to take every execution there is.
"""

from __future__ import annotations

import json

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench, unfit
from sqsctl.lab.incidents.changes import Code, Setting
from sqsctl.lab.incidents.resources import AccountLimit, MappingField, QueueAttribute

BACKLOG = 60


class AccountConcurrency(Incident):
    name = "account-concurrency"
    step = "step 3, item 5"
    breaks = "the account may run 10 functions at once, the consumers need 5 s each, 60 wait"
    changes = (
        QueueAttribute("queue", "VisibilityTimeout", "6"),
        Setting("consumer", "Timeout", 6),
        Code("consumer", "works_five_seconds"),
        AccountLimit(10),
    )
    account_wide = True

    def check(self, bench: Bench) -> None:
        if bench.fifo:
            raise unfit(f"{bench.queue_name} is FIFO: its groups wait for each other")

    def provoke(self, bench: Bench) -> None:
        batch = int(MappingField("BatchSize", None).read(bench) or 1)
        bench.send([json.dumps({"input": number}) for number in range(BACKLOG * batch)])
