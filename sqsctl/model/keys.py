"""Encryption keys of queues and functions, as KMS describes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

GONE = "Missing"
# Updating: its description changes; it encrypts all the while.
_USABLE = frozenset({"Enabled", "Updating"})


@dataclass(frozen=True, slots=True)
class Key:
    """A key (kms DescribeKey). ``references`` are how queues and functions name it.

    ``state`` is KMS's own word (Enabled, Disabled, PendingDeletion, PendingImport,
    Unavailable, …), GONE where there is no such key. ``manager`` is CUSTOMER or AWS.
    ``policy`` is the key policy's JSON, None where it was not read.
    """

    references: tuple[str, ...]
    arn: str = ""
    state: str = "Enabled"
    manager: str = "CUSTOMER"
    deleted_at: datetime | None = None
    policy: str | None = None

    @property
    def usable(self) -> bool:
        return self.state in _USABLE

    @property
    def customer_managed(self) -> bool:
        return self.manager != "AWS"


def aws_managed(reference: str) -> bool:
    """Whether it is one of AWS's own keys by its name: these are always there, and usable."""
    return "alias/aws/" in reference
