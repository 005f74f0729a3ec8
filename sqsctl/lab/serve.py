"""The lab's server process: the emulator, with its gaps closed, on an inherited socket.

Started by ``lab.server``; not meant to be run by hand. Ends on SIGTERM or SIGINT, and
ends its functions' processes before it does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys

from sqsctl.lab import settings


def main() -> int:
    """Serve until told to end. The exit code is 2 where the process must not run."""
    parser = argparse.ArgumentParser(prog="sqsctl.lab.serve")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket, inherited")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--python", action="store_true", help="functions in Python are expected")
    options = parser.parse_args()
    refusal = _refusal(options.fd)
    if refusal:
        print(f"the lab does not start: {refusal}", file=sys.stderr)  # noqa: T201 - its log
        return 2
    if options.python:
        from sqsctl.lab.fidelity.functions.starting import prepared

        prepared.begin()  # it loads while this process does
    asyncio.run(_serve(options.fd, options.port, options.time_scale))
    return 0


def _refusal(fd: int) -> str:
    """Why this process must not serve; empty if it may."""
    with socket.socket(fileno=os.dup(fd)) as listener:
        host = str(listener.getsockname()[0])
    for address in (host, os.environ.get("MINISTACK_HOST", ""), os.environ.get("BIND_HOST", "")):
        try:
            settings.checked_host(address)
        except Exception as error:  # noqa: BLE001 - said in the log, whatever it is
            return str(error)
    if not os.environ.get("AWS_ACCESS_KEY_ID", "").startswith(settings.KEY_PREFIX):
        return "its environment holds credentials that are not the lab's"
    if not os.environ.get(settings.MARK):
        return f"{settings.MARK} is not set; `sqsctl lab up` starts labs"
    return ""


async def _serve(fd: int, port: int, time_scale: float) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from sqsctl.lab import fidelity
    from sqsctl.lab.fidelity import loop

    config = Config()
    config.bind = [f"fd://{fd}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1.0
    config.accesslog = None
    config.errorlog = None
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    app = fidelity.install(time_scale=time_scale, port=port)
    clock = asyncio.create_task(loop.keep_time())
    try:
        await serve(app, config, shutdown_trigger=ending.wait)
    finally:
        clock.cancel()
        fidelity.shut_down()


if __name__ == "__main__":
    sys.exit(main())
