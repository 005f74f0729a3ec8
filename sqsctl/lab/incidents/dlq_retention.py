"""A dead-letter queue that keeps messages as long as their source: what spent its time there
expires as soon as it is dead-lettered, since the clock does not start anew.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import QueueAttribute


class DlqRetention(Incident):
    name = "dlq-retention"
    step = "step 3, item 3"
    breaks = "the dead-letter queue keeps messages no longer than the queue itself"
    changes = (QueueAttribute("dlq", "MessageRetentionPeriod", "345600"),)
