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


# The words that AWS puts before a name: the kind is said beside it.
_KINDS = ("function:", "rule/", "schedule/default/", "schedule/", "pipe/", "stream/")


def resource_name(arn: str | None) -> str:
    """What people call a thing: the last part of its ARN. A table's name for its stream's ARN."""
    text = arn or ""
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text
    resource = parts[5]
    if parts[2] == "dynamodb" and resource.startswith("table/"):
        return resource.split("/")[1]
    if parts[2] == "kafka":
        return resource.removeprefix("cluster/").partition("/")[0]
    kind = next((each for each in _KINDS if resource.startswith(each)), "")
    return resource.removeprefix(kind)
