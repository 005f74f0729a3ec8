"""What could not be read, and why: apart, so that little has to be loaded for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read.

    ``what`` names it for a person (``log group /aws/lambda/x``), ``reason`` says why
    (``access denied``, ``missing``, ``timed out``, ``not asked for``), ``action`` is
    the IAM action that was missing, where that was the cause. ``on_purpose``: nobody tried to read
    it, as it was not wanted; nothing is hidden by that.
    """

    what: str
    reason: str
    action: str | None = None
    on_purpose: bool = False


def not_asked_for(what: str) -> Unread:
    """A fact that nobody wanted."""
    return Unread(what, "not asked for", on_purpose=True)
