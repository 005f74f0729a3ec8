"""An old version of the code runs.

## What it does
Looks at mappings and routes that go to a version or alias, and compares the code behind it
with what was deployed last ($LATEST), by its hash.

## Why it matters
A version is frozen: deploying does not change it, and neither does a changed environment
variable. The mended code is there, its log shows nothing, and the old faults go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function, of_mapping
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
    PublishedVersion,
)
from sqsctl.model.intents import Do, Look, Remedy, Tell, call, remedy
from sqsctl.model.stack import (
    Api,
    Fact,
    Route,
    Stack,
)


class StaleVersion(Check):
    meta = Meta(
        id="stale-version",
        title="What was deployed last is what runs",
        severity=Severity.WARNING,
        kind=Kind.CAUSE,
        needs=frozenset({Fact.FUNCTIONS, Fact.MAPPINGS}),
        uses=frozenset({Fact.APIS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for mapping in stack.mappings:
            function = stack.function(mapping.function_name)
            if function and mapping.qualifier and mapping.qualifier != "$LATEST":
                place = of_mapping(mapping, "FunctionArn", mapping.function_arn)
                change: Do | Look = Do(
                    call(
                        "lambda",
                        "update_event_source_mapping",
                        UUID=mapping.uuid,
                        FunctionName=function.name,
                    )
                )
                queue = mapping.queue_arn.rsplit(":", 1)[-1]
                yield from self._behind(function, mapping.qualifier, queue, place, change)
        for api in stack.apis:
            for route in api.routes:
                function = stack.function(route.function_name or "")
                if function and route.qualifier and route.qualifier != "$LATEST":
                    what = f"{route.method} {route.path}"
                    place = Evidence(
                        f"apigateway GetIntegrations {api.id}", what, route.function_arn or ""
                    )
                    change = _repoint(api, route, function)
                    yield from self._behind(function, route.qualifier, what, place, change)

    def _behind(
        self,
        function: Function,
        qualifier: str,
        what: str,
        place: Evidence,
        change: Do | Look,
    ) -> Iterator[Finding]:
        known = next((each for each in function.qualified if each.qualifier == qualifier), None)
        numbered = qualifier.isdigit()
        if known is None or known.code_sha256 is None or function.code_sha256 is None:
            if numbered:
                yield self._unsure(function, qualifier, what, place, change)
            return
        if known.code_sha256 == function.code_sha256:
            return
        yield self.found(
            f"{what} runs {function.name}:{qualifier}"
            f"{'' if numbered else f' (version {known.version})'}, not the code that was "
            "deployed last",
            evidence=(
                place,
                of_function(function, f"CodeSha256 of {qualifier}", known.code_sha256),
                of_function(function, "CodeSha256 of $LATEST", function.code_sha256),
                *_dates(function, known),
            ),
            remedy=_moved(function, qualifier, numbered, change),
            subject=function.name,
            confidence=Confidence.HIGH if numbered else Confidence.MEDIUM,
        )

    def _unsure(
        self, function: Function, qualifier: str, what: str, place: Evidence, change: Do | Look
    ) -> Finding:
        return self.found(
            f"{what} runs the frozen version {qualifier} of {function.name}: deployments do not "
            "change it",
            evidence=(place,),
            remedy=remedy("let it go to the function itself, or to an alias", change),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )


def _repoint(api: Api, route: Route, function: Function) -> Do | Look:
    """Let an HTTP API's integration go to the function itself; for other APIs, where to look."""
    if api.kind == "http" and route.integration_id:
        return Do(
            call(
                "apigatewayv2",
                "update_integration",
                ApiId=api.id,
                IntegrationId=route.integration_id,
                IntegrationUri=function.arn,
            )
        )
    if api.kind == "rest":
        return Look(call("apigateway", "get_resources", restApiId=api.id, embed=["methods"]))
    if api.kind == "url":
        return Look(call("lambda", "get_function_url_config", FunctionName=function.name))
    return Look(call("apigatewayv2", "get_integrations", ApiId=api.id))


def _dates(function: Function, known: PublishedVersion) -> Iterator[Evidence]:
    if known.last_modified and function.last_modified:
        yield of_function(
            function,
            f"LastModified of {known.qualifier} / $LATEST",
            f"{known.last_modified:%Y-%m-%d %H:%M}Z / {function.last_modified:%Y-%m-%d %H:%M}Z",
        )


def _moved(function: Function, qualifier: str, numbered: bool, change: Do | Look) -> Remedy:
    if numbered:
        return remedy(
            "let it go to the function itself, or to an alias that deployments move",
            change,
            disposition="unsafe",
        )
    return remedy(
        f"publish a version and move alias {qualifier} to it",
        Do(call("lambda", "publish_version", FunctionName=function.name)),
        Tell("take the Version of its answer for VERSION"),
        Do(
            call(
                "lambda",
                "update_alias",
                FunctionName=function.name,
                Name=qualifier,
                FunctionVersion="VERSION",
            )
        ),
        disposition="unsafe",
    )
