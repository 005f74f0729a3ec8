"""What the status codes of a run over HTTP mean, and which check looks into it.

API Gateway hides what happened behind a few codes; together with how long an answer took
they say more (API Gateway developer guide, "Troubleshooting HTTP API Lambda integrations").
A 500 or 502 may be the function's doing or the API's; the function's log decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqsctl.model.transfer import ProduceSummary
from sqsctl.operations.following.log_sightings import Invocations


@dataclass(frozen=True, slots=True)
class Explanation:
    """``count`` answers with ``status``: what it means; the checks of ``doctor`` for it.

    Without ``checks`` the cause may be any that doctor knows.
    """

    status: int
    count: int
    meaning: str
    checks: tuple[str, ...] = ()


_THROTTLED = ("account-concurrency", "reserved-concurrency")
_MEANINGS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    400: ("the producer did not like the body", ()),
    401: ("an authorizer wants credentials", ()),
    403: ("an authorizer, the API's policy or WAF refused it, or a REST API has no such route", ()),
    404: ("no such route or stage: look at the path (sqsctl stack show)", ()),
    413: ("the body is larger than the API takes", ("message-too-large",)),
    429: ("throttled: by the API's own limit, or the function had no free concurrency", _THROTTLED),
    500: ("the function failed, or the API may not call it", ()),
    502: ("the function failed or answered in a form that the API cannot use", ()),
    504: ("the function did not answer in time", ("integration-timeout",)),
}


# The two that may come from the function or from the API before it.
UNDECIDED = frozenset({500, 502})


def explanations(
    summary: ProduceSummary, log: Invocations | None = None
) -> tuple[Explanation, ...]:
    """One for each failing status code that is known, in ascending order; a 503 by its speed.

    ``log`` is what the function behind the API did during the run, None where nobody knows.
    """
    found: list[Explanation] = []
    for status, count in sorted(summary.status_codes.items()):
        if status == 503:
            found += _unavailable(count, summary.slow_status_codes.get(status, 0))
        elif status in UNDECIDED and log is not None:
            found.append(_decided(status, count, log))
        elif status in _MEANINGS:
            meaning, checks = _MEANINGS[status]
            found.append(Explanation(status, count, meaning, checks))
    return tuple(found)


def _decided(status: int, count: int, log: Invocations) -> Explanation:
    if log.checks:
        died = ", ".join(f"{number} × {check}" for check, number in log.checks)
        return Explanation(status, count, f"the function failed: {died}", suspects(log))
    if log.failed:
        return Explanation(status, count, "the function failed")
    if log.ended:
        said = "the function ran and answered so itself, or in a form that the API cannot use"
        return Explanation(status, count, said)
    said = "the function's log shows no call: the API may not call it"
    return Explanation(status, count, said, ("api-permission",))


def suspects(log: Invocations) -> tuple[str, ...]:
    """The checks to ask; none where an error of the code's own may have any cause."""
    checks = tuple(check for check, _ in log.checks)
    return () if "unhandled-error" in checks else checks


def _unavailable(count: int, late: int) -> list[Explanation]:
    slow = min(count, late)
    found: list[Explanation] = []
    if count > slow:
        said = "fast: throttled, the function had no free concurrency"
        found.append(Explanation(503, count - slow, said, _THROTTLED))
    if slow:
        said = (
            "slow: the integration timed out; the function may have gone on, so these may be in "
            "the queue"
        )
        found.append(Explanation(503, slow, said, ("integration-timeout",)))
    return found
