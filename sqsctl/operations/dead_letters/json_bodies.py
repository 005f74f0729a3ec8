"""A body as JSON, if it is any."""

from __future__ import annotations

import json
from typing import Any


class _NotJson:
    """The one value that no JSON parses to."""


NOT_JSON = _NotJson()


def parsed(body: str) -> Any:
    """The body as JSON, or ``NOT_JSON``. Nothing in a body can make this raise."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON
