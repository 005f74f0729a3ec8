"""A producer without the resource policy that lets the HTTP API call it: 500 for each request,
and nothing in any log.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import ApiPermission


class ApiPermissionRemoved(Incident):
    name = "api-permission"
    step = "step 2, item 5"
    breaks = "the HTTP API may not call the producer any more"
    changes = (ApiPermission("producer"),)
