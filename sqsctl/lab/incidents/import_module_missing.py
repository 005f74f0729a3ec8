"""A consumer that imports a module which is in neither its package nor the runtime.

The tutorial's issue log has it for Node.js. Every invocation fails before the handler
runs; each message is tried until it is dead-lettered.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Code


class ImportModuleMissing(Incident):
    name = "import-module-missing"
    step = "issue log 1"
    breaks = "the consumer's new version imports a module that was not packaged with it"
    changes = (Code("consumer", "import_module_missing"),)
