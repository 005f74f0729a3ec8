"""Requests to a lab's own routes, signed with its keys: health, reset, controls."""

from __future__ import annotations

from sqsctl.aws.lab_state import LabState

SERVICE = "sqsctl"


def signed_headers(state: LabState, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a signed request to ``path`` on the lab, Host included."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    where = state.endpoint.partition("//")[2]
    request = AWSRequest(method, f"http://{where}{path}", data=body, headers={"Host": where})
    keys = Credentials(state.access_key_id, state.secret_access_key)
    SigV4Auth(keys, SERVICE, state.region).add_auth(request)
    return dict(request.headers.items())
