"""No garbage collection while the parser's nodes are alive.

tree-sitter is C code, and so are its nodes and the lists that it keeps of them. Processes were seen
to die while CPython's collector walked such lists (py-tree-sitter's issue 435), and no ``except``
catches that. So the collector rests while a program is read, and when it goes on no node is left:
they are in no cycle but those that ``Program.forget`` opens. One program is read at a time, for
the parser is one.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE = threading.Lock()


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the collector; afterwards it is as it was."""
    with _ONE:
        was = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was:
                gc.enable()
