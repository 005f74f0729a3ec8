"""An event source mapping that somebody switched off: messages pile up, nothing runs."""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.resources import MappingField


class MappingDisabled(Incident):
    name = "mapping-disabled"
    step = "step 2"
    breaks = "the event source mapping between queue and consumer is disabled"
    changes = (MappingField("Enabled", value=False),)
