"""The tutorial's consumer again: it returns from within its loop, and returns a statusCode
of 400 for bad input. Either is success to SQS: the rest of the batch is deleted unseen.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Code
from sqsctl.lab.incidents.resources import MappingField


class BatchSilentLoss(Incident):
    name = "batch-silent-loss"
    step = "step 2, item 3"
    breaks = (
        "the consumer gets batches of 10 and returns after the first record, as the tutorial has it"
    )
    changes = (
        Code("consumer", "batch_silent_loss"),
        MappingField("BatchSize", 10),
        MappingField("MaximumBatchingWindowInSeconds", 1),
    )
