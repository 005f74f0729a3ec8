"""Log text to attempts and failures: pure, total, linear in its input.

``events_from_text`` takes what a person pasted, ``read`` what either gave, ``unwrapped``
joins what a copy broke over lines.
Nothing here raises, whatever the text holds.
"""

from __future__ import annotations

from sqsctl.logtext.paste import events_from_text
from sqsctl.logtext.reader import Reading, merge, read
from sqsctl.logtext.wrapped import unwrapped

__all__ = ["Reading", "events_from_text", "merge", "read", "unwrapped"]
