"""The same load as a k6 script, for those who outgrow one machine.

k6 speaks HTTP: a run over SQS has no counterpart there. What the script sends and which
thresholds it has are this run's; arrival rates become k6's open model.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqsctl.operations.sending.produce import Plan
from sqsctl.operations.sending.thresholds import Threshold

_LATENCY = frozenset({"avg", "min", "med", "max"})
_UNSAFE = re.compile("[\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Load:
    """What goes where. ``poison`` is a share from 0 to 1; ``file`` holds bodies, one a line.

    ``host`` is the Host header where the URL is another server's (a lab), ``headers`` what
    that server wants besides.
    """

    url: str
    plan: Plan
    body: str
    host: str | None = None
    poison: float = 0.0
    poison_body: str = ""
    file: str | None = None
    thresholds: Sequence[Threshold] = field(default_factory=tuple)
    headers: Mapping[str, str] = field(default_factory=dict)


def script(load: Load) -> str:
    """The text of the script: run it with ``k6 run FILE``."""
    headers = {"Content-Type": "application/json", **load.headers}
    if load.host:
        headers["Host"] = load.host
    options = {
        "scenarios": {"produce": _scenario(load.plan)},
        "thresholds": _thresholds(load.thresholds),
        "summaryTrendStats": ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"],
    }
    lines = [
        "// The load of `sqsctl produce`, for k6: https://grafana.com/docs/k6/latest/",
        "import http from 'k6/http';",
        "import { check } from 'k6';",
        "import exec from 'k6/execution';",
        "import { Counter } from 'k6/metrics';",
    ]
    if load.file:
        lines.append("import { SharedArray } from 'k6/data';")
    lines += [
        "",
        f"export const options = {_js(options, indent=2)};",
        "",
        f"const TARGET = {_js(load.url)};",
        f"const PARAMETERS = {_js({'headers': headers})};",
        "const accepted = new Counter('accepted');",
        "const failed = new Counter('failed');",
    ]
    if load.file:
        lines.append(
            "const BODIES = new SharedArray('bodies', () =>\n"
            f"  open({_js(load.file)}).split(/\\r?\\n/).filter((line) => line.trim()));"
        )
    else:
        lines.append(f"const BODY = {_js(load.body)};")
    if load.poison:
        lines.append(f"const POISON = {_js(load.poison_body)};")
    lines += ["", "export default function () {"]
    lines.append("  const n = exec.scenario.iterationInTest + 1;")
    if load.plan.count is not None and load.plan.rate is not None:
        lines.append(f"  if (n > {load.plan.count}) return;")
    source = "BODIES[(n - 1) % BODIES.length]" if load.file else "BODY.split('{{n}}').join(n)"
    if load.poison:
        lines.append("  // A share by chance: which ones --seed chooses only sqsctl knows.")
        lines.append(
            f"  const body = Math.random() < {load.poison:g}"
            f" ? POISON.split('{{{{n}}}}').join(n) : {source};"
        )
    else:
        lines.append(f"  const body = {source};")
    lines += [
        "  const answer = http.post(TARGET, body, PARAMETERS);",
        "  const ok = check(answer, { accepted: (a) => a.status >= 200 && a.status < 300 });",
        "  (ok ? accepted : failed).add(1);",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _scenario(plan: Plan) -> dict[str, Any]:
    """k6's executor for this plan."""
    vus = plan.concurrency
    if plan.rate is not None:
        seconds = plan.duration_s or (plan.count or 1) / plan.rate
        if plan.count is not None:
            seconds = min(seconds, plan.count / plan.rate)
        rate, unit = _arrivals(plan.rate)
        return {
            "executor": "constant-arrival-rate",
            "rate": rate,
            "timeUnit": unit,
            "duration": _seconds(seconds),
            "preAllocatedVUs": vus,
            "maxVUs": max(vus, 64),
        }
    if plan.count is not None:
        longest = plan.duration_s or 86_400
        return {
            "executor": "shared-iterations",
            "vus": min(vus, plan.count),
            "iterations": plan.count,
            "maxDuration": _seconds(longest),
        }
    return {"executor": "constant-vus", "vus": vus, "duration": _seconds(plan.duration_s or 0)}


def _arrivals(per_second: float) -> tuple[int, str]:
    """So many arrivals a time: k6 takes whole numbers."""
    for unit, factor in (("1s", 1), ("1m", 60), ("1h", 3600)):
        number = per_second * factor
        if number >= 1 and math.isclose(number, round(number), rel_tol=1e-9):
            return round(number), unit
    if per_second * 3600 >= 1000:  # rounding changes less than a thousandth
        return round(per_second * 3600), "1h"
    return 1, f"{max(1, round(1000 / per_second))}ms"


def _seconds(seconds: float) -> str:
    """k6 refuses what is shorter than a second."""
    return f"{max(1000, round(seconds * 1000))}ms"


def _thresholds(conditions: Sequence[Threshold]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in conditions:
        if each.metric == "rate":
            name, expression = "accepted", f"rate{each.sign}{each.limit:g}"
        elif each.metric == "failed" and each.percent:
            name, expression = "http_req_failed", f"rate{each.sign}{each.limit / 100:g}"
        elif each.metric == "failed":
            name, expression = "failed", f"count{each.sign}{each.limit:g}"
        else:
            name = "http_req_duration{expected_response:true}"
            value = each.metric if each.metric in _LATENCY else f"p({(each.share or 0):g})"
            expression = f"{value}{each.sign}{each.limit:g}"
        found.setdefault(name, []).append(expression)
    return found


def _js(value: object, indent: int | None = None) -> str:
    """JSON is JavaScript but for two line separators."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
