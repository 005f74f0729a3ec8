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
        alarms,
        authorization,
        emptying,
        failed_deliveries,
        gateway,
        given_credentials,
        http_api,
        log_classes,
        log_events,
        metrics,
        nested_stacks,
        openapi,
        secure_transport,
        stream_failures,
        templates,
    )
    from sqsctl.lab.fidelity.functions import concurrency, executor, mappings, poller
    from sqsctl.lab.fidelity.sqs import (
        limits as sqs_limits,
    )
    from sqsctl.lab.fidelity.sqs import (
        messages as sqs_messages,
    )
    from sqsctl.lab.fidelity.sqs import (
        move_tasks,
    )
    from sqsctl.lab.fidelity.sqs import (
        requests as sqs_requests,
    )

    executor.install(speed=time_scale)
    log_events.install()
    log_classes.install()
    http_api.install()
    concurrency.install()
    metrics.install()
    alarms.install()
    sqs_messages.install(metrics.queue_metric)
    sqs_limits.install(metrics.queue_metric)
    sqs_requests.install()
    move_tasks.install()
    authorization.install()
    secure_transport.install()
    given_credentials.install()
    nested_stacks.install()
    templates.install()
    openapi.install()
    mappings.install()
    emptying.install(poller.install(speed=time_scale))
    failed_deliveries.install()
    stream_failures.install()
    return gateway.around(app, port)


def shut_down() -> None:
    """End the processes that the functions run in."""
    from sqsctl.lab.fidelity.functions import executor

    executor.pool.abandon()
