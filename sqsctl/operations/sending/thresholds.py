"""Conditions on a run, as k6 words them: ``p(95)<500``, ``failed<1%``, ``rate>=100``.

Metrics: ``avg min med max p(N)`` of the accepted requests in milliseconds (``ms`` and ``s``
may be written), ``failed`` as a share (``1%``) or a number of messages, ``rate`` in accepted
messages a second. A latency condition on a run without an accepted request is crossed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from sqsctl.errors import UsageError
from sqsctl.model.transfer import ProduceSummary, ThresholdResult
from sqsctl.operations.sending.latency import quantile

_FORM = re.compile(
    r"\s*(?P<metric>avg|min|med|max|failed|rate|p\((?P<share>\d{1,2}(?:\.\d+)?)\))\s*"
    r"(?P<sign><=|>=|<|>|==|!=)\s*"
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|%|/s)?\s*"
)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_UNITS = {"failed": {"%", None}, "rate": {"/s", None}}
_DURATION = {"ms", "s", None}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One parsed condition; ``limit`` is in ms, messages, percent or messages a second."""

    expression: str
    metric: str
    share: float | None
    sign: str
    limit: float
    percent: bool

    def judge(self, summary: ProduceSummary) -> ThresholdResult:
        value = self._value(summary)
        ok = value is not None and _SIGNS[self.sign](value, self.limit)
        return ThresholdResult(self.expression, ok, value)

    def _value(self, summary: ProduceSummary) -> float | None:
        if self.metric == "rate":
            return summary.rate_per_s
        if self.metric == "failed":
            failed = summary.rejected + summary.unknown
            total = failed + summary.accepted
            if not self.percent:
                return float(failed)
            return 100.0 * failed / total if total else 0.0
        if self.share is not None:
            return quantile(summary.latency, self.share / 100)
        value: float | None = getattr(summary.latency, self.metric)
        return value


def parse(expression: str) -> Threshold:
    """Raises UsageError where the text is no condition."""
    match = _FORM.fullmatch(expression)
    if not match or match["unit"] not in _UNITS.get(match["metric"], _DURATION):
        raise UsageError(
            f"{expression!r} is not a threshold",
            hint="avg, min, med, max or p(N) in ms or s, failed as a number or in %, rate a "
            "second; with < <= > >= == !=: p(95)<500, avg<0.2s, failed<1%, rate>=100",
        )
    limit = float(match["number"]) * (1000 if match["unit"] == "s" else 1)
    share = float(match["share"]) if match["share"] else None
    return Threshold(expression, match["metric"], share, match["sign"], limit, match["unit"] == "%")
