"""Read TOML that somebody else wrote: bounded before it is parsed.

tomllib walks a dotted key from its first part for every part of it, so that a key of a
megabyte keeps it busy for hours; nested brackets end in a RecursionError.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_CHARACTERS = 300_000
MAX_DEPTH = 20

_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
# It starts where a part starts, and gives nothing back: one pass over the text.
_DEEP_KEY = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_DEPTH},}}")


def load_toml(text: str) -> dict[str, Any]:
    """The document. Raises tomllib.TOMLDecodeError, also for what is deeper than honest files."""
    if len(text) > MAX_CHARACTERS:
        raise tomllib.TOMLDecodeError(f"it is too large to be read ({len(text):,} characters)")
    if _DEEP_KEY.search(text):
        raise tomllib.TOMLDecodeError(f"it has a key of more than {MAX_DEPTH} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("it is nested too deep to be read") from error
    except ValueError as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            raise
        raise tomllib.TOMLDecodeError("a number in it is too long") from error
