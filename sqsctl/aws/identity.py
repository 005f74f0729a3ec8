"""Who one is on AWS: asked only where the answer helps, since it costs a call."""

from __future__ import annotations

from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import SqsctlError


def account_of(session: Session) -> str | None:
    """The account of the credentials (sts GetCallerIdentity, which needs no permission).

    None on the lab, whose account says nothing, and where nobody answers.
    """
    if session.target.kind == "lab":
        return None
    client: Any = session.sts()
    try:
        with offered("identity"):
            return str(client.get_caller_identity()["Account"])
    except SqsctlError:
        return None
