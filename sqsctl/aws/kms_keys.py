"""Encryption keys: their state and who may use them. The keys themselves never leave KMS."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import SqsctlError
from sqsctl.model.keys import GONE, Key


class KeyReader:
    """The keys of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def describe(self, reference: str) -> Key:
        """A key by its id, ARN or alias; one that does not exist has the state GONE."""
        client: Any = self.session.kms()
        try:
            with offered(f"key {reference}"):
                shape = client.describe_key(KeyId=reference).get("KeyMetadata") or {}
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            return Key((reference,), state=GONE)
        deleted = shape.get("DeletionDate")
        return Key(
            (reference,),
            arn=shape.get("Arn", ""),
            state=shape.get("KeyState") or ("Enabled" if shape.get("Enabled") else "Disabled"),
            manager=shape.get("KeyManager") or "CUSTOMER",
            deleted_at=deleted.astimezone(UTC) if deleted else None,
        )

    def policy(self, arn: str) -> str:
        """Who may use the key: the JSON of its only policy."""
        client: Any = self.session.kms()
        with offered(f"policy of key {arn}"):
            return str(client.get_key_policy(KeyId=arn, PolicyName="default").get("Policy") or "")
