"""Bodies without their wrappings, and those that lie in S3 where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run.context import Run

if TYPE_CHECKING:
    from sqsctl.operations.dead_letters.readable_bodies import Decoded

FetchOption = Annotated[
    bool,
    typer.Option(
        "--fetch",
        help="Read bodies that SQS's extended client put into S3 (s3:GetObject), 4 MB at most.",
    ),
]


def opener(run: Run, *, fetch: bool) -> Callable[[str], Decoded | None]:
    """Takes the wrappings off a body. ``fetch``: S3 is asked for what a pointer points to."""
    from sqsctl.operations.dead_letters.stored_bodies import opened

    return lambda body: opened(body, run.session() if fetch else None)
