"""The option that gives a template's parameters their values."""

from __future__ import annotations

from typing import Annotated

import typer

ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", help="A parameter of the template; repeatable.", metavar="KEY=VALUE"
    ),
]
