"""A queue that hides a message for less time than its consumer works on it.

Step 3, item 6 lowers the visibility timeout on the queue, where nothing checks it
against the function's. The consumer is still at a message when the queue hands it out
again: it is handled twice, and dead-lettered though nothing failed.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Code, Setting
from sqsctl.lab.incidents.resources import QueueAttribute


class VisibilityBelowTimeout(Incident):
    name = "visibility-below-timeout"
    step = "step 3, item 6"
    breaks = "the queue hides a message for 1 s, the consumer works for 3 s and may for 6 s"
    changes = (
        Setting("consumer", "Timeout", 6),
        Code("consumer", "works_three_seconds"),
        QueueAttribute("queue", "VisibilityTimeout", "1"),
    )
