"""A proxy's requests to a lab: signed anew, for its address and whatever was changed in them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_OLD = frozenset({"authorization", "host", "x-amz-date", "content-length"})


def resigned(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, host: str
) -> dict[str, str]:
    """The headers to send to ``host``; unsigned requests stay unsigned."""
    given = {name: value for name, value in headers.items() if name.lower() not in _OLD}
    scope = _SCOPE.search(headers.get("Authorization", ""))
    keys = os.environ.get("TESTS_LAB_KEYS", "")
    if scope is None or not keys:
        old = {name: value for name, value in headers.items() if name.lower() != "host"}
        return {**old, "Host": headers.get("Host", host) if scope is None else host}
    request = AWSRequest(method, f"http://{host}{path}", data=body, headers={**given, "Host": host})
    region, service = scope[1], scope[2]
    SigV4Auth(Credentials(*keys.split(":")), service, region).add_auth(request)
    return dict(request.headers.items())
