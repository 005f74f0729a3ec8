"""HTTP APIs answer as AWS does when the function behind them cannot.

Upstream passes Lambda's own 429 and a 502 with the error through, and calls a function
whatever its resource policy says, for as long as it takes. An HTTP API answers 503
Service Unavailable where Lambda throttled the call or the integration timed out (30 s at
most), and 500 Internal Server Error where the function failed or may not be called.
Sources: the tutorial's k6 run (fast 503s) and facts gathered from API Gateway's guide,
"Troubleshooting issues with HTTP API Lambda integrations" (500 and
integrationErrorMessage), "Using Lambda with API Gateway: permissions".
"""

from __future__ import annotations

import asyncio
import contextvars
import fnmatch
import json
from typing import Any

_here: contextvars.ContextVar[bool] = contextvars.ContextVar("in_http_api", default=False)

# Calls whose integration timed out: kept until they end, for asyncio does not.
_left: set[asyncio.Future[Any]] = set()

LONGEST_MS = 30_000
UNAVAILABLE = (503, "Service Unavailable")
FAILED = (500, "Internal Server Error")


def install() -> None:
    """Wrap the HTTP API's Lambda integration and the shared wording of results."""
    from ministack.services import apigateway, lambda_svc

    invoke = apigateway._invoke_lambda_proxy
    worded = lambda_svc.lambda_execute_result_to_api_proxy_response

    async def invoke_lambda_proxy(
        integration: dict[str, Any],
        api_id: str,
        stage: str,
        path: str,
        method: str,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        reference = apigateway._extract_lambda_ref_from_integration_uri(
            integration.get("integrationUri", "")
        )
        caller = f"{api_id}/{stage}/{method}{path}"
        if not permitted(
            reference, caller, kwargs.get("owner_account_id"), kwargs.get("owner_region")
        ):
            return _answer(*FAILED)
        token = _here.set(True)
        try:
            call = asyncio.ensure_future(
                invoke(integration, api_id, stage, path, method, *args, **kwargs)
            )
        finally:
            _here.reset(token)
        limit = float(integration.get("timeoutInMillis") or LONGEST_MS) / 1000
        done, _ = await asyncio.wait({call}, timeout=limit)
        if done:
            return call.result()
        _left.add(call)  # the function runs on, and nobody hears its answer
        call.add_done_callback(_forget)
        return _answer(*UNAVAILABLE)

    def proxy_response(result: dict[str, Any]) -> Any:
        if not _here.get():
            return worded(result)
        if result.get("throttle"):
            return _proxy(*UNAVAILABLE), None
        if result.get("error"):
            return _proxy(*FAILED), None
        response, problem = worded(result)
        if not _well_formed(response):
            return _proxy(*FAILED), None
        return response, problem

    apigateway._invoke_lambda_proxy = invoke_lambda_proxy
    lambda_svc.lambda_execute_result_to_api_proxy_response = proxy_response


def _forget(call: asyncio.Future[Any]) -> None:
    _left.discard(call)
    if not call.cancelled():
        call.exception()  # retrieved, so that asyncio does not complain


def permitted(
    reference: str, caller: str, account: str | None = None, region: str | None = None
) -> bool:
    """Whether a function's resource policy lets API Gateway call it from this route.

    ``caller`` is ``api/stage/METHOD/path``, the last part of the source ARN.
    """
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import lambda_svc

    account, region = account or get_account_id(), region or get_region()
    record, _, name = lambda_svc._get_func_record_for_ref_in_scope(
        reference, account_id=account, region=region
    )
    if record is None:
        return False
    _, qualifier = lambda_svc._resolve_name_and_qualifier(reference)
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    target = f"{arn}:{qualifier}" if qualifier else arn
    statements = (record.get("policy") or {}).get("Statement", ())
    source = f"arn:aws:execute-api:{region}:{account}:{caller}"
    return any(
        _allows(each, source, account) for each in statements if each.get("Resource") == target
    )


def _allows(statement: dict[str, Any], source: str, account: str) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service") if isinstance(principal, dict) else principal
    if statement.get("Effect") != "Allow" or not _within("apigateway.amazonaws.com", services):
        return False
    if not _within("lambda:InvokeFunction", statement.get("Action")):
        return False
    for operator, conditions in (statement.get("Condition") or {}).items():
        for key, expected in conditions.items():
            actual = {"aws:sourcearn": source, "aws:sourceaccount": account}.get(key.lower())
            if actual is None or not _within(actual, expected, exact="Equals" in operator):
                return False
    return True


def _within(value: str, patterns: Any, *, exact: bool = False) -> bool:
    each = patterns if isinstance(patterns, list) else [patterns]
    if exact:
        return value in each
    return any(isinstance(one, str) and fnmatch.fnmatchcase(value, one) for one in each)


def _well_formed(response: Any) -> bool:
    if not isinstance(response, dict):
        return False
    status = response.get("statusCode", 200)
    headers = response.get("headers")
    return str(status).isdigit() and 100 <= int(status) <= 599 and isinstance(headers, dict | None)


def _proxy(status: int, message: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": message}, separators=(",", ":")),
    }


def _answer(status: int, message: str) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return status, {"Content-Type": "application/json"}, body
