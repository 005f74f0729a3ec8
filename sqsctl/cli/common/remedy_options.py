"""How much of the remedies is shown."""

from __future__ import annotations

from typing import Annotated

import typer

AllWaysOption = Annotated[
    bool,
    typer.Option(
        "--all-ways", help="Show every way to mend it with its steps, not only the first one."
    ),
]
