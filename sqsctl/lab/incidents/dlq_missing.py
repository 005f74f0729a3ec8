"""A queue without a RedrivePolicy: a message that always fails is tried until it expires."""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import QueueAttribute


class DlqMissing(Incident):
    name = "dlq-missing"
    step = "step 3, before the DLQ is connected"
    breaks = "the queue has no dead-letter queue any more"
    changes = (QueueAttribute("queue", "RedrivePolicy", ""),)
