"""The lab answers only its owner: every request proves a secret, or is refused.

Upstream takes any access key for its root, checks no root's signature, and serves its own
routes to everybody. Any user of the machine, and any web page, could then run code as the
lab's owner. Here a request has to

- name loopback in its Host header (or an API's or function URL's host): a web page that
  rebinds its own name to 127.0.0.1 sends that name;
- carry no Origin but the address that it is sent to;
- be signed with SigV4, in its header or its query, by the lab's key pair or by credentials
  that the lab itself gave out (a role's session, a user's key); or, for a plain HTTP
  request to an API or a function URL, carry the lab's call key in ``X-Sqsctl-Lab``.

The lab's own routes (``/_sqsctl/``, ``/_ministack/``) want the lab's key pair; upstream's
``/health`` is left to the APIs. Answers to a custom resource's ResponseURL need no more than
its random token, as on AWS.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sqsctl.aws.lab_state import CALL_HEADER, call_key

_CALL_HEADER = CALL_HEADER.lower()
_OWN_ROUTES = re.compile(r"/(?:_ministack|_sqsctl|_localstack)(?:/|$)", re.IGNORECASE)
_BY_TOKEN = re.compile(
    r"/_ministack/cfn-(?:response|signal)/[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
)
_AWS_HOST = re.compile(
    r"[a-z0-9-]+\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
_CREDENTIAL_FIELDS = frozenset(
    {
        "awsaccesskeyid",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)
_FOREIGN, _UNSIGNED = "AccessDenied", "MissingAuthenticationToken"
_HOW = "sign the request with the lab's keys; its owner sees them with sqsctl lab status -o json"


class RefusedCallError(Exception):
    """Why a request is not served, with AWS's code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as its admission looks at it. Header names are in lower case."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @property
    def signed(self) -> bool:
        """Whether it claims to be signed, in whatever way."""
        return self.headers.get("authorization", "").startswith("AWS") or any(
            name.lower() in _CREDENTIAL_FIELDS for name in self.query
        )


def request_of(scope: Mapping[str, Any]) -> Request:
    """What an ASGI scope says, read as the emulator reads it."""
    from ministack.core.sigv4 import decode_header_value

    headers: dict[str, str] = {}
    repeated = set()
    for name, value in scope.get("headers", ()):
        key = name.decode("latin-1").lower()
        text = decode_header_value(value)
        if key in headers:
            repeated.add(key)
            text = f"{headers[key]},{text}"  # as SigV4 signs a header of several lines
        headers[key] = text
    query = parse_qs(
        scope.get("query_string", b"").decode("utf-8", "replace"), keep_blank_values=True
    )
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope.get("method", "GET"),
        scope["path"],
        raw.decode("latin-1"),
        query,
        headers,
        frozenset(repeated),
    )


def check_origin(request: Request, port: int) -> None:
    """Raise RefusedCallError unless the request was meant for this lab, and by no web page."""
    if request.repeated & {"host", "origin", "authorization", _CALL_HEADER}:
        raise RefusedCallError(_FOREIGN, "a header that decides who calls was sent twice")
    if not host_is_here(request.host, port):
        raise RefusedCallError(_FOREIGN, f"this is 127.0.0.1:{port}, not {request.host[:200]}")
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in {
        f"http://{request.host.lower()}",
        f"https://{request.host.lower()}",
    }:
        raise RefusedCallError(_FOREIGN, f"the lab answers no web page, not one of {origin[:200]}")
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise RefusedCallError(_FOREIGN, "the lab answers no web page")


def host_is_here(host: str, port: int) -> bool:
    """Whether a Host header names loopback and the lab's port, or an API's host on AWS."""
    match = re.fullmatch(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?", host.lower())
    if match is None:
        return False
    name, given = match[1], match[2]
    if _AWS_HOST.fullmatch(name):
        return given in {None, str(port)}
    if given != str(port):
        return False
    if name == "localhost" or name.endswith((".localhost", ".127.0.0.1")):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def needs_body(request: Request) -> bool:
    """Whether a signature is to be checked; raises RefusedCallError where the key is unknown.

    Nobody makes the lab keep a large body in memory without naming a key that it knows.
    """
    if not request.signed:
        _check_unsigned(request)
        return False
    _claimed(request)
    return True


def check_signature(request: Request, body: bytes) -> str:
    """The access key that signed the request. Raises RefusedCallError."""
    from ministack.core import sigv4

    signature, secret, presigned = _claimed(request)
    if signature.region_set is not None:
        raise RefusedCallError("IncompleteSignature", "the lab takes signatures of SigV4")
    signed_headers = signature.signed_headers.lower().split(";")
    if "host" not in signed_headers:
        raise RefusedCallError("IncompleteSignature", "'host' must be among the signed headers")
    failure = (
        _expiry(request, signature) if presigned else sigv4.request_time_failure(signature)
    ) or sigv4.header_signature_failure(
        signature,
        secret,
        request.method,
        request.raw_path,
        request.query,
        request.headers,
        body,
        presigned=presigned,
    )
    if failure:
        raise RefusedCallError(*failure)
    key: str = signature.access_key_id
    if _OWN_ROUTES.match(request.path) and key != os.environ["AWS_ACCESS_KEY_ID"]:
        raise RefusedCallError("AccessDenied", "the lab's own routes want the lab's own keys")
    return key


def _check_unsigned(request: Request) -> None:
    if request.method == "PUT" and _BY_TOKEN.fullmatch(request.path):
        return
    if _OWN_ROUTES.match(request.path):
        raise RefusedCallError(
            "MissingAuthenticationToken", f"the lab answers only its owner: {_HOW}"
        )
    shown = request.headers.get(_CALL_HEADER, "")
    if not _calls_code(request):
        raise RefusedCallError(
            "MissingAuthenticationToken", f"the lab answers only its owner: {_HOW}"
        )
    wanted = call_key(os.environ["AWS_SECRET_ACCESS_KEY"])
    if not hmac.compare_digest(shown.encode(), wanted.encode()):
        raise RefusedCallError(
            _UNSIGNED,
            f"the lab answers only its owner: call it with sqsctl, or with the header "
            f"{CALL_HEADER} that sqsctl lab status -o json shows",
        )


def _calls_code(request: Request) -> bool:
    """Whether it is a plain HTTP request to an API, a function URL or a load balancer."""
    from ministack import app

    host = request.host
    if _AWS_HOST.fullmatch(host.partition(":")[0].lower()):
        return True
    return bool(
        app._parse_execute_api_url(host, request.path)
        or app._parse_lambda_url(host, request.path)
        or app._is_potential_alb_request(host, request.path)
    )


def _claimed(request: Request) -> tuple[Any, str, bool]:
    """A signature's parts, the secret of the key that it names, and whether it is presigned."""
    from ministack.core import sigv4

    authorization = request.headers.get("authorization", "")
    in_query = [name for name in request.query if name.lower() in _CREDENTIAL_FIELDS]
    presigned = not authorization.startswith("AWS")
    if presigned:
        parsed = sigv4.parse_query_signature(request.query)
        odd = any(len(request.query[name]) > 1 or not name.startswith("X-") for name in in_query)
    else:
        parsed = sigv4.parse_header_signature(request.headers)
        # Two sets of credentials: the one that is checked must be the one that counts later.
        odd = bool(in_query) or not authorization.startswith("AWS4-HMAC-SHA256 ")
    if odd:
        raise RefusedCallError(
            "IncompleteSignature", "the lab takes one signature, of AWS4-HMAC-SHA256"
        )
    if isinstance(parsed, tuple):
        raise RefusedCallError(*parsed)
    claim = (request.query.get("X-Amz-Credential") or [authorization.partition(",")[0]])[0]
    if not claim.endswith("/aws4_request"):
        raise RefusedCallError("IncompleteSignature", "the scope of the signature is not SigV4's")
    token = (
        (request.query.get("X-Amz-Security-Token") or [""])[0]
        if presigned
        else request.headers.get("x-amz-security-token", "")
    )
    return parsed, _secret(parsed.access_key_id, token), presigned


def _secret(access_key_id: str, token: str) -> str:
    if access_key_id == os.environ["AWS_ACCESS_KEY_ID"]:
        return os.environ["AWS_SECRET_ACCESS_KEY"]
    from ministack.core import iam_evaluator, responses

    if iam_evaluator.is_root_access_key(access_key_id):
        raise _unknown()  # upstream would take these for its root, without a secret
    account = None
    with contextlib.suppress(iam_evaluator.AmbiguousAccessKeyError):
        account = iam_evaluator.find_iam_access_key_account(access_key_id)
    found = iam_evaluator.resolve_credential(
        access_key_id,
        account or responses._account_from_sts_session(access_key_id),
        token,
    )
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise RefusedCallError(found.code, found.message)
    secret: str = found.secret_access_key
    return secret


def _unknown() -> RefusedCallError:
    return RefusedCallError(
        "InvalidClientTokenId",
        "The security token included in the request is invalid: it is not of this lab's keys",
    )


def _expiry(request: Request, signature: Any) -> tuple[str, str] | None:
    from ministack.core import sigv4

    expires = (request.query.get("X-Amz-Expires") or ["900"])[0]
    try:
        gone = sigv4.presigned_request_is_expired(signature.amz_date, expires)
    except ValueError:
        return "IncompleteSignature", "X-Amz-Date or X-Amz-Expires cannot be read"
    return ("AccessDenied", "Request has expired") if gone else None
