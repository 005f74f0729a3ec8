"""The beginning of an object in S3."""

from __future__ import annotations

from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered


def stored_bytes(session: Session, bucket: str, key: str, *, limit: int) -> bytes:
    """The first ``limit`` bytes of an object (s3:GetObject)."""
    client: Any = session.client("s3")
    with offered(f"object s3://{bucket}/{key}"):
        answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{limit - 1}")
        raw: bytes = answer["Body"].read(limit)
    return raw
