"""What the status codes of a run over HTTP mean, and which check looks into it.

API Gateway hides what happened behind a few codes; together with how long an answer took
they say more (API Gateway developer guide, "Troubleshooting HTTP API Lambda integrations").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqsctl.model.transfer import ProduceSummary


@dataclass(frozen=True, slots=True)
class Explanation:
    """``count`` answers with ``status``: what it means; the checks of ``doctor`` for it."""

    status: int
    count: int
    meaning: str
    checks: tuple[str, ...] = ()


_THROTTLED = ("account-concurrency", "reserved-concurrency")
_MEANINGS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    400: ("the producer did not like the body", ()),
    401: ("an authorizer wants credentials", ()),
    403: ("an authorizer, the API's policy or WAF refused it", ()),
    404: ("no such route or stage: look at the path (sqsctl stack show)", ()),
    413: ("the body is larger than the API takes", ("message-too-large",)),
    429: ("throttled: by the API's own limit, or the function had no free concurrency", _THROTTLED),
    500: (
        "the function failed, or the API may not call it",
        ("http-5xx", "api-permission", "unhandled-error"),
    ),
    502: ("the function failed or answered in a form that the API cannot use", ("http-5xx",)),
    504: ("the function did not answer in time", ("integration-timeout",)),
}


def explanations(summary: ProduceSummary) -> tuple[Explanation, ...]:
    """One for each failing status code that is known, in ascending order; a 503 by its speed."""
    found: list[Explanation] = []
    for status, count in sorted(summary.status_codes.items()):
        if status == 503:
            slow = min(count, summary.slow_status_codes.get(status, 0))
            if count > slow:
                found.append(
                    Explanation(
                        status,
                        count - slow,
                        "fast: throttled, the function had no free concurrency",
                        _THROTTLED,
                    )
                )
            if slow:
                found.append(
                    Explanation(
                        status,
                        slow,
                        "after about 30 s: the integration timed out; the function may have gone "
                        "on, so these may be in the queue",
                        ("integration-timeout",),
                    )
                )
        elif status in _MEANINGS:
            meaning, checks = _MEANINGS[status]
            found.append(Explanation(status, count, meaning, checks))
    return tuple(found)
