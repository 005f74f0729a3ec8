"""A maxReceiveCount of 1: one transient failure is enough for the dead-letter queue."""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import Redrive


class MaxReceiveCountLow(Incident):
    name = "max-receive-count-low"
    step = "step 3, item 3"
    breaks = "a message is dead-lettered after a single failure"
    changes = (Redrive(1),)
