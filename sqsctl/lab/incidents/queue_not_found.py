"""A producer that sends to a queue which was renamed or deleted since.

Its role still allows sending there, so that AWS says that the queue does not exist.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Variable
from sqsctl.lab.incidents.resources import RoleAction


class QueueNotFound(Incident):
    name = "queue-not-found"
    step = "step 2, item 2"
    breaks = "the producer's environment names a queue that is not there any more"
    changes = (
        Variable("{}-old"),
        RoleAction("sqs:SendMessage", on="-old"),
    )
