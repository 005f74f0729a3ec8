"""The console script, and python -m sqsctl."""

from __future__ import annotations

import gc
import sys


def run() -> None:
    """Run the program and exit. A Ctrl-C while it loads is a Ctrl-C, not a traceback."""
    # Loading modules makes many objects and no garbage: fewer collections, a faster start.
    gc.set_threshold(50_000, 20, 20)
    try:
        from sqsctl.cli.main import main

        code = main()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
