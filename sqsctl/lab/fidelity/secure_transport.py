"""Every call to the lab counts as one over TLS.

Clients of AWS speak TLS, so a queue policy that denies what is not aws:SecureTransport (the CDK's
enforceSSL) lets them all in. The lab listens on loopback without TLS, and would refuse everything.
Source: IAM user guide, "AWS global condition context keys: aws:SecureTransport".
"""

from __future__ import annotations

from typing import Any


def install() -> None:
    """Wrap how upstream resolves the condition key."""
    from ministack.core import iam_evaluator

    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_condition_key
