"""S3, as far as a deploy onto an emulator needs it: a bucket, objects in it."""

from __future__ import annotations

from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated


class Buckets:
    """The buckets of one endpoint; paths, not host names, name them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.region = session.target.region

    def ensure(self, bucket: str) -> None:
        """Create the bucket where it is not there yet."""
        client = self._client()
        with translated(f"bucket {bucket}"):
            if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
                place = {"LocationConstraint": self.region}
                client.create_bucket(
                    Bucket=bucket,
                    **({} if self.region == "us-east-1" else {"CreateBucketConfiguration": place}),
                )

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object."""
        with translated(f"bucket {bucket}"):
            self._client().put_object(Bucket=bucket, Key=key, Body=body)

    def url(self, bucket: str, key: str) -> str:
        """Where the endpoint itself finds an object."""
        return f"{self._session.target.endpoint}/{bucket}/{key}"

    def _client(self) -> Any:
        return self._session.client("s3")
