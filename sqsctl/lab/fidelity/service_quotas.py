"""Service Quotas answers for Lambda's concurrent executions, which upstream has no service for.

A request for more is taken down and stays PENDING, as it does on AWS until somebody grants it.
Source: Service Quotas API reference (GetServiceQuota, ListServiceQuotas,
RequestServiceQuotaIncrease, ListRequestedServiceQuotaChangeHistory); Lambda quotas (L-B99A9384).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqsctl.lab.fidelity.functions import concurrency

TARGET = "ServiceQuotasV20190624."
SERVICE, CODE, NAME = "lambda", "L-B99A9384", "Concurrent executions"

_requested: list[dict[str, Any]] = []


class RefusedQuotaError(ValueError):
    """What Service Quotas answers instead; ``args`` are the error's type and its text."""


def answer(action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to an action. Raises RefusedQuotaError."""
    known: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
        "GetServiceQuota": _get,
        "GetAWSDefaultServiceQuota": _get,
        "ListServiceQuotas": _listed,
        "ListAWSDefaultServiceQuotas": _listed,
        "RequestServiceQuotaIncrease": _increase,
        "ListRequestedServiceQuotaChangeHistory": lambda _: {"RequestedQuotas": _requested},
    }
    if action not in known:
        raise RefusedQuotaError("InvalidActionException", f"the lab does not know {action}")
    return known[action](asked)


def forget() -> None:
    """Nothing was ever asked for: the lab is emptied."""
    _requested.clear()


def _quota() -> dict[str, Any]:
    return {
        "ServiceCode": SERVICE,
        "ServiceName": "AWS Lambda",
        "QuotaCode": CODE,
        "QuotaName": NAME,
        "Value": float(concurrency.account_limit()),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _get(asked: Mapping[str, Any]) -> dict[str, Any]:
    if (asked.get("ServiceCode"), asked.get("QuotaCode")) != (SERVICE, CODE):
        raise RefusedQuotaError(
            "NoSuchResourceException", "The request failed because the resource does not exist."
        )
    return {"Quota": _quota()}


def _listed(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"Quotas": [_quota()] if asked.get("ServiceCode") == SERVICE else []}


def _increase(asked: Mapping[str, Any]) -> dict[str, Any]:
    _get(asked)
    wanted = float(asked.get("DesiredValue", 0))
    if wanted <= concurrency.account_limit():
        raise RefusedQuotaError(
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value.",
        )
    made = {
        "Id": uuid.uuid4().hex,
        "ServiceCode": SERVICE,
        "QuotaCode": CODE,
        "QuotaName": NAME,
        "DesiredValue": wanted,
        "Status": "PENDING",
    }
    _requested.append(made)
    return {"RequestedQuota": made}
