"""Where the emulator answers otherwise than AWS does, and the lab depends on it.

One module closes one gap and names its source. ``install`` applies them all to the
emulator's modules and returns the ASGI application to serve; ``shut_down`` ends what
they started.
"""

from __future__ import annotations

from typing import Any


def install(*, time_scale: float = 1.0) -> Any:
    """Close every gap in this process and return the application.

    ``time_scale`` says how many times faster than AWS periods of minutes pass.
    """
    from ministack.app import app

    from sqsctl.lab.fidelity import executor, http_api, log_events

    executor.install()
    log_events.install()
    http_api.install()
    del time_scale
    return app


def shut_down() -> None:
    """End the processes that the functions run in."""
    from sqsctl.lab.fidelity import executor

    executor.pool.kill()
