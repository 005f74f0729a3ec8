"""Whether logs may be read by queries that cost."""

from __future__ import annotations

from typing import Annotated

import typer

InsightsOption = Annotated[
    bool,
    typer.Option(
        "--insights/--no-insights",
        help="Logs that only Logs Insights reads: by queries, which cost by what they scan.",
    ),
]
