"""The options that say what a message is and which way it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ViaOption = Annotated[
    str | None,
    typer.Option(
        "--via",
        help="http (through the API) or sqs (into the queue).",
        metavar="http|sqs",
        show_default="http where there is an API; sqs with --queue",
    ),
]


PathOption = Annotated[
    str | None,
    typer.Option(
        "--path", help="Another route of the API.", metavar="/PATH", show_default="the producer's"
    ),
]


BodyJsonOption = Annotated[
    str | None,
    typer.Option("--body-json", help="The body; refused if it is not JSON.", metavar="JSON"),
]


BodyFileOption = Annotated[
    Path | None, typer.Option("--body-file", help="A file that holds the body.", metavar="FILE")
]


AttributeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        help="A message attribute: NAME=TEXT, NAME:Number=5, NAME:Binary=BASE64. Repeatable.",
        metavar="NAME=VALUE",
    ),
]


GroupOption = Annotated[
    str | None, typer.Option("--group", help="Message group id (FIFO, or fair queues).")
]


DelayOption = Annotated[
    int | None,
    typer.Option("--delay", min=0, max=900, help="Delivery delay in seconds.", metavar="SECONDS"),
]
