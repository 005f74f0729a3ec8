"""What a deploy ends with: ways into the stack, functions, queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import lines

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.deployed import Endpoints


def endpoints_shape(endpoints: Endpoints) -> dict[str, Any]:
    """What a deploy ends with: ways in, functions, queues."""
    return {
        "stack": endpoints.stack,
        "endpoints": [
            {"method": each.method, "url": each.url, "function": each.function}
            for each in endpoints.endpoints
        ],
        "functions": [
            {
                "key": each.key,
                "name": each.name,
                "runtime": each.runtime,
                "code_size_bytes": each.code_size_bytes,
            }
            for each in endpoints.functions
        ],
        "queues": [
            {
                "name": each.name,
                "url": each.url,
                "arn": each.arn,
                "dead_letter_queue": each.dead_letter_queue,
            }
            for each in endpoints.queues
        ],
    }


def show_endpoints(console: Console, endpoints: Endpoints) -> None:
    """As serverless deploy prints it."""
    lines(console, [f"stack: {endpoints.stack} ({endpoints.region})"])
    for each in endpoints.endpoints:
        lines(console, [f"endpoint: {each.method} - {each.url}"])
    if endpoints.functions:
        lines(console, ["functions:"])
        lines(
            console,
            [
                f"  {each.key}: {each.name}"
                + (f" ({_size(each.code_size_bytes)})" if each.code_size_bytes else "")
                for each in endpoints.functions
            ],
        )
    for queue in endpoints.queues:
        lines(console, [f"{'dlq' if queue.dead_letter_queue else 'queue'}: {queue.url}"])


def _size(count: int) -> str:
    return f"{count} B" if count < 1024 else f"{count / 1024:.0f} kB"
