"""The API gives up before its function may.

## What it does
Compares the timeout of each function behind an API with the integration's timeout: 30 s at
most on an HTTP API, 29 s by default on a REST API.

## Why it matters
The client gets 503 (HTTP API) or 504 (REST API) while the function goes on and may still
send its message: a client that tries again makes a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Option, Set, Tell, remedy
from sqsctl.model.stack import (
    Api,
    Fact,
    Stack,
)

_LIMIT_MS = {"http": 30_000, "rest": 29_000}
_NEAR = 0.97


class IntegrationTimeout(Check):
    meta = Meta(
        id="integration-timeout",
        title="Functions behind an API may not run longer than it waits",
        severity=Severity.WARNING,
        needs=frozenset({Fact.APIS, Fact.FUNCTIONS}),
        uses=frozenset({Fact.METRICS}),
        reference="https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told: set[tuple[str, str]] = set()
        for api in stack.apis:
            for route in api.routes:
                function = stack.function(route.function_name or "")
                limit = route.timeout_ms or _LIMIT_MS.get(api.kind)
                if function is None or limit is None or (api.id, function.name) in told:
                    continue
                if function.timeout_s * 1000 > limit:
                    told.add((api.id, function.name))
                    yield self._longer(api, function, limit, stack)

    def _longer(self, api: Api, function: Function, limit: int, stack: Stack) -> Finding:
        resource = figures.api_resource(api)
        latency = figures.series(stack, resource, "IntegrationLatency")
        failed = figures.total(figures.series(stack, resource, *figures.FIVE_HUNDREDS)) > 0
        met = figures.peak(latency) >= _NEAR * limit and failed
        measured = (
            (
                figures.evidence(
                    latency, "IntegrationLatency", f"{figures.peak(latency):.0f} ms at most"
                ),
            )
            if met and latency
            else ()
        )
        wanted = max(1, limit // 1000 - 1)
        return self.found(
            f"{function.name} may run {function.timeout_s} s, but API {api.name or api.id} waits "
            f"{limit / 1000:g} s{' and gave up' if met else ''}",
            evidence=(
                of_function(function, "Timeout", f"{function.timeout_s} s"),
                Evidence(f"apigateway GetIntegrations {api.id}", "TimeoutInMillis", f"{limit} ms"),
                *measured,
            ),
            remedy=remedy(
                f"let the function end within {wanted} s, or let the API hand the work to a "
                "queue and answer at once",
                Set(
                    "function",
                    function.name,
                    {"Timeout": wanted},
                    {"Timeout": function.timeout_s},
                ),
                disposition="unsafe",
                when="where its work can be done in that time",
                other=(
                    Option(
                        (
                            Tell(
                                "let the route send the work to a queue and answer at once; a "
                                "consumer does it"
                            ),
                        ),
                        "where the work takes longer",
                    ),
                ),
            ),
            subject=function.name,
            severity=Severity.WARNING if met else Severity.INFO,
            kind=Kind.CAUSE if met else Kind.RISK,
        )
