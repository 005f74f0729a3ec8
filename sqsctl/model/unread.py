"""What could not be read, and why: apart, so that little has to be loaded for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read.

    ``what`` names it for a person (``log group /aws/lambda/x``), ``reason`` says why
    (``access denied``, ``missing``, ``timed out``, ``not asked for``), ``action`` is
    the IAM action that was missing, where that was the cause.
    """

    what: str
    reason: str
    action: str | None = None
