"""What the lab gives out cannot be guessed: credentials of functions, and addresses of code.

Upstream derives the credentials of a function's role from its ARN, so that everybody knows
them, and serves the code of functions and layers at addresses that only look signed. On AWS
both are secrets: here the first are mixed with the lab's own secret, and the second signed.
Sources: Lambda developer guide, "Defined runtime environment variables" (the access keys of
the execution role); Lambda API reference, FunctionCodeLocation ("The presigned URL that you
can use to download the deployment package").
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

_EXPIRES_S = 600


def install() -> None:
    """Wrap where upstream makes both."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    code, layer = lambda_svc._presigned_code_url, lambda_svc._layer_content_url
    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials
    lambda_svc._presigned_code_url = lambda name: signed(code(name))
    lambda_svc._layer_content_url = lambda name, version: signed(layer(name, version))


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """The credentials of a function's role; the same each time, so that any caller finds them."""
    from ministack.core import lambda_runtime
    from ministack.services import sts

    account, _ = lambda_runtime._account_region_from_function_config(config)
    arn, role_arn = str(config.get("FunctionArn", "")), str(config.get("Role", ""))
    role = role_arn.rsplit("/", 1)[-1]
    session = str(config.get("FunctionName", ""))[:64]
    key = f"ASIA{_mixed(f'key:{arn}:{role_arn}')[:16].upper()}"
    secret, token = _mixed(f"secret:{arn}:{role_arn}"), _mixed(f"token:{arn}:{role_arn}")
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "UserId": f"{role}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }


def signed(url: str) -> str:
    """A GET of the URL, presigned with the lab's keys for ten minutes."""
    from ministack.core import sigv4
    from ministack.core.responses import get_region

    parts = urlsplit(url)
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    region = get_region()
    path = quote(parts.path, safe="/~")
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{os.environ['AWS_ACCESS_KEY_ID']}/{at[:8]}/{region}/s3/aws4_request",
        "X-Amz-Date": at,
        "X-Amz-Expires": str(_EXPIRES_S),
        "X-Amz-SignedHeaders": "host",
    }
    canonical = sigv4.build_canonical_query_string(query)
    claimed = sigv4.parse_query_signature({**parse_qs(canonical), "X-Amz-Signature": ["-"]})
    _, to_sign = sigv4.header_signing_documents(
        claimed, "GET", path, query, {"host": parts.netloc}, b"", presigned=True
    )
    signature = sigv4.calculate_signature(
        os.environ["AWS_SECRET_ACCESS_KEY"], at[:8], region, "s3", to_sign
    )
    return f"{parts.scheme}://{parts.netloc}{path}?{canonical}&X-Amz-Signature={signature}"


def _mixed(what: str) -> str:
    secret = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    return hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()
