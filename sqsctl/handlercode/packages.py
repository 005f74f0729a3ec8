"""What the code of a queue's consumer does with its batch, by its package."""

from __future__ import annotations

import re

from sqsctl.handlercode.consumer import Consumer, calls_of_queues, consumer
from sqsctl.handlercode.queue_calls import QueueCalls
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Package,
)

_REPORTS = re.compile(r"\bbatchItemFailures\b")
_COMMENT = re.compile(r"/\*.{0,20000}?\*/|(?:^|\s)(?://|#)[^\n]*", re.DOTALL)


def consumer_of(function: Function, package: Package) -> Consumer:
    """What was found in the sources of the package, the handler's own first."""
    return consumer(function.handler or "", package.sources.items())


def queue_calls_of(function: Function, package: Package) -> QueueCalls:
    """What the handler does with queues, by the sources of the package."""
    return calls_of_queues(function.handler or "", package.sources.items())


def reports_somewhere(function: Function, package: Package) -> str:
    """Where the handler's own file names batchItemFailures, if nothing but its text is known.

    A library that was bundled into the file may be what reports.
    """
    module = (function.handler or "").rpartition(".")[0].removeprefix("./")
    stems = {module, module.replace(".", "/")}
    for path, text in sorted(package.sources.items()):
        if path.rpartition(".")[0] not in stems:
            continue
        blanked = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
        match = _REPORTS.search(blanked)
        if match:
            return f"{path}:{blanked.count(chr(10), 0, match.start()) + 1}"
    return ""
