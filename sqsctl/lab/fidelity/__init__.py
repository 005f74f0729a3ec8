"""Where the emulator answers otherwise than AWS does, and the lab depends on it.

One module closes one gap and names its source. ``install`` applies them all to the
emulator's modules and returns the ASGI application to serve; ``shut_down`` ends what
they started. ``remaining`` lists the differences that a user of the lab may meet.
"""

from __future__ import annotations

from typing import Any


def install(*, time_scale: float = 1.0, port: int = 0) -> Any:
    """Close every gap in this process and return the application.

    ``time_scale`` says how many times faster than AWS the poller scales and updates of
    functions take effect; ``port`` is where the application will be served.
    """
    from ministack.app import app

    from sqsctl.lab.fidelity import (
        authorization,
        concurrency,
        executor,
        gateway,
        http_api,
        log_events,
        mappings,
        metrics,
        move_tasks,
        nested_stacks,
        poller,
        sqs_limits,
        sqs_messages,
        sqs_requests,
        templates,
    )

    executor.install(speed=time_scale)
    log_events.install()
    http_api.install()
    concurrency.install()
    metrics.install()
    sqs_messages.install(metrics.queue_metric)
    sqs_limits.install(metrics.queue_metric)
    sqs_requests.install()
    move_tasks.install()
    authorization.install()
    nested_stacks.install()
    templates.install()
    mappings.install()
    poller.install(speed=time_scale)
    return gateway.around(app, port)


def shut_down() -> None:
    """End the processes that the functions run in."""
    from sqsctl.lab.fidelity import executor

    executor.pool.kill()
