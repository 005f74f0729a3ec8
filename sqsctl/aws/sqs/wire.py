"""SQS calls without botocore's per-call machinery, for what is called thousands of times.

A boto3 call spends most of its time on validating, resolving endpoints, building the user
agent and walking shapes, all of which are the same for every batch of a run. Here the JSON
is written and read directly, while credentials, signature, HTTP session (proxies, CA
bundles, timeouts), error parsing and exceptions stay botocore's. One attempt per call.
``wire`` returns None where the client is not built as this expects; the caller then uses
the client itself, which does the same, slower.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqsctl.aws.translate import refuse_page

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_CONTENT_TYPE = "application/x-amz-json-1.0"


class Wire:
    """Calls SQS by operation name, as ``SendMessageBatch``. Safe to share between threads."""

    def __init__(self, client: Any) -> None:
        """Raises AttributeError where the client is not built as expected."""
        from botocore.auth import SigV4Auth
        from botocore.parsers import create_parser

        self._send = client._endpoint.http_session.send
        self._credentials = client._request_signer._credentials
        self._region = client._request_signer.region_name
        self._agent = client._user_agent_creator.to_string()
        self._url = f"{client.meta.endpoint_url.rstrip('/')}/"
        self._signed = SigV4Auth
        self._parser: Any = create_parser("json")

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as SQS's JSON has it: binary values are base64 text.

        Raises botocore's exceptions, as the client would.
        """
        from botocore.awsrequest import AWSPreparedRequest, AWSRequest
        from botocore.exceptions import NoCredentialsError

        if self._credentials is None:
            raise NoCredentialsError
        body = json.dumps(parameters, default=_base64, separators=(",", ":")).encode("ascii")
        request = AWSRequest(
            method="POST",
            url=self._url,
            data=body,
            headers={
                "X-Amz-Target": f"AmazonSQS.{operation}",
                "Content-Type": _CONTENT_TYPE,
                "User-Agent": self._agent,
                "X-Amzn-Query-Mode": "true",
            },
        )
        frozen = self._credentials.get_frozen_credentials()
        self._signed(frozen, "sqs", self._region).add_auth(request)
        headers: Any = dict(request.headers.items())
        answer = self._send(AWSPreparedRequest("POST", self._url, headers, body, False))
        refuse_page(answer)
        if answer.status_code >= 300:
            raise self._error(operation, answer)
        return _parsed(answer.content)

    def _error(self, operation: str, answer: Any) -> Exception:
        from botocore.exceptions import ClientError

        parsed = self._parser.parse(
            {
                "headers": answer.headers,
                "status_code": answer.status_code,
                "body": answer.content,
                "context": {"operation_name": operation},
            },
            None,
        )
        return ClientError(parsed, operation)


def wire(client: SQSClient) -> Wire | None:
    """A wire over the client's endpoint and credentials; None where there can be none."""
    config = client.meta.config
    if getattr(config, "use_fips_endpoint", None) or getattr(
        config, "use_dualstack_endpoint", None
    ):
        return None  # their endpoints are made up per call
    if client.meta.service_model.resolved_protocol != "json":
        return None
    try:
        return Wire(client)
    except AttributeError:
        return None


def _base64(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} cannot be sent to SQS")


def _parsed(content: bytes) -> dict[str, Any]:
    """The answer's object. A torn or foreign body is an answer that mentions nothing."""
    from botocore.parsers import ResponseParserError

    if not content:
        return {}
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ResponseParserError(f"not JSON: {content[:80]!r}") from error
    if not isinstance(parsed, dict):
        raise ResponseParserError(f"not a JSON object: {content[:80]!r}")
    return parsed
