"""A producer without QUEUE_URL: the tutorial's serverless.yml sets it, a copy may forget it.

Every request is answered with an error; no message reaches the queue.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Variable


class EnvVarMissing(Incident):
    name = "env-var-missing"
    step = "step 2, item 2"
    breaks = "the producer has lost the environment variable that names the queue"
    changes = (Variable(),)
