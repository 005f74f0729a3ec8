"""A role without sqs:SendMessage: the producer answers each request with the denial."""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import RoleAction


class AccessDenied(Incident):
    name = "access-denied"
    step = "step 2"
    breaks = "the functions' role may not send to the queue any more"
    changes = (RoleAction("sqs:SendMessage"),)
