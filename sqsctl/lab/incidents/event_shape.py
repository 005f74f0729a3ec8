"""The tutorial's own consumer: it reads ``event.body``, which no SQS event has.

Step 2 prints this code. Every message fails with a JSON error and is dead-lettered.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Code


class EventShape(Incident):
    name = "event-shape"
    step = "step 2, item 3"
    breaks = "the consumer parses event.body instead of each record's body, as the tutorial has it"
    changes = (Code("consumer", "event_shape"),)
