"""Throttling as Lambda words it, and the account's limit as something one can set.

Upstream names the function or its own cap in the error, counts a throttle of a direct
invoke twice, and takes the account's limit from its environment at start. On AWS the
limit is a quota: no API of Lambda sets it, so the lab has a control route of its own.
Sources: Lambda API reference, Invoke (TooManyRequestsException with Reason), "Lambda
quotas" (1,000 concurrent executions, less for new accounts).
"""

from __future__ import annotations

from typing import Any

MESSAGE = "Rate Exceeded."


def install() -> None:
    """Word throttles as AWS does."""
    from ministack.services import lambda_svc

    respond = lambda_svc._throttle_response

    def throttle_response(reason_code: str, msg: str, retry_after: int = 1) -> dict[str, Any]:
        del msg
        result: dict[str, Any] = respond(reason_code, MESSAGE, retry_after)
        result["body"]["Type"] = "User"
        return result

    lambda_svc._throttle_response = throttle_response


def account_limit() -> int:
    """How many executions the account may have at once."""
    from ministack.services import lambda_svc

    return int(lambda_svc._ACCOUNT_CONCURRENCY_CAP)


def set_account_limit(limit: int) -> None:
    """Set it. Raises ValueError for less than 1."""
    from ministack.services import lambda_svc

    if limit < 1:
        raise ValueError(f"a limit of {limit} is impossible")
    lambda_svc._ACCOUNT_CONCURRENCY_CAP = limit
