"""The KMS keys that a stack's queues are encrypted with, as a policy names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.aws.kms_keys import KeyReader
from sqsctl.aws.parallel import concurrently
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import SqsctlError
from sqsctl.model.deployed import StackRef

if TYPE_CHECKING:
    from sqsctl.aws.session import Session


def keys_of(session: Session, ref: StackRef) -> tuple[str, ...] | None:
    """ARNs of the keys, empty where no queue has one; None where that could not be read."""
    client = QueueClient(session)
    try:
        queues = concurrently(lambda part: client.describe(part.ref), ref.queues)
        return tuple(
            dict.fromkeys(
                _arn(session, each.kms_key_id, each.arn) for each in queues if each.kms_key_id
            )
        )
    except SqsctlError:
        return None  # the policy may be needed to see it


def _arn(session: Session, key: str, queue_arn: str) -> str:
    if key.startswith("arn:") and ":alias/" not in key:
        return key
    if "alias/" in key:
        # IAM knows no aliases: an action on a key is allowed on the key itself.
        found = KeyReader(session).describe(key).arn
        if not found:
            raise SqsctlError(f"key {key} does not exist")
        return found
    partition, region, account = (queue_arn.split(":")[part] for part in (1, 3, 4))
    return f"arn:{partition}:kms:{region}:{account}:key/{key}"
