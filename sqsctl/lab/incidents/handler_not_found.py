"""A handler setting that names what the code does not export, as after a rename.

Every invocation fails while it is initialised.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Setting


class HandlerNotFound(Incident):
    name = "handler-not-found"
    step = "step 2, item 2"
    breaks = "the consumer's handler setting names a function that its code does not export"
    changes = (Setting("jobsWorker", "Handler", "index.consumer"),)
