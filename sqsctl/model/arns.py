"""ARNs, in the partition of the region that they are of."""

from __future__ import annotations

# By what a region's name begins with; all others are of ``aws``.
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
    ("eusc-", "aws-eusc"),
)


def partition_of(said: str) -> str:
    """The partition of a region's name, or of an ARN; ``aws`` where neither tells another."""
    if said.startswith("arn:"):
        return said.split(":")[1] or "aws"
    return next((name for start, name in _PARTITIONS if said.startswith(start)), "aws")


def arn_of(region: str, service: str, account: str, resource: str) -> str:
    """The ARN of a resource of a region."""
    return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"
