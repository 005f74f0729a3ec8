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
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import (
    Api,
    Fact,
    Route,
    Stack,
)
from sqsctl.remedies.shell import aws


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
                fix = aws(
                    stack,
                    "lambda",
                    "update-event-source-mapping",
                    "--uuid",
                    mapping.uuid,
                    "--function-name",
                    function.name,
                )
                queue = mapping.queue_arn.rsplit(":", 1)[-1]
                yield from self._behind(function, mapping.qualifier, queue, place, fix, stack)
        for api in stack.apis:
            for route in api.routes:
                function = stack.function(route.function_name or "")
                if function and route.qualifier and route.qualifier != "$LATEST":
                    what = f"{route.method} {route.path}"
                    place = Evidence(
                        f"apigateway GetIntegrations {api.id}", what, route.function_arn or ""
                    )
                    fix = _repoint(api, route, function, stack)
                    yield from self._behind(function, route.qualifier, what, place, fix, stack)

    def _behind(
        self,
        function: Function,
        qualifier: str,
        what: str,
        place: Evidence,
        command: str,
        stack: Stack,
    ) -> Iterator[Finding]:
        known = next((each for each in function.qualified if each.qualifier == qualifier), None)
        numbered = qualifier.isdigit()
        if known is None or known.code_sha256 is None or function.code_sha256 is None:
            if numbered:
                yield self._unsure(function, qualifier, what, place, command)
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
            fix=_fix(function, qualifier, numbered, command, stack),
            subject=function.name,
            confidence=Confidence.HIGH if numbered else Confidence.MEDIUM,
        )

    def _unsure(
        self, function: Function, qualifier: str, what: str, place: Evidence, command: str
    ) -> Finding:
        return self.found(
            f"{what} runs the frozen version {qualifier} of {function.name}: deployments do not "
            "change it",
            evidence=(place,),
            fix=Fix("let it go to the function itself, or to an alias", commands=(command,)),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )


def _repoint(api: Api, route: Route, function: Function, stack: Stack) -> str:
    """Let an HTTP API's integration go to the function itself; for other APIs, where to look."""
    if api.kind == "http" and route.integration_id:
        words = ("--api-id", api.id, "--integration-id", route.integration_id)
        uri = function.arn
        return aws(stack, "apigatewayv2", "update-integration", *words, "--integration-uri", uri)
    if api.kind == "rest":
        return aws(
            stack, "apigateway", "get-resources", "--rest-api-id", api.id, "--embed", "methods"
        )
    if api.kind == "url":
        return aws(stack, "lambda", "get-function-url-config", "--function-name", function.name)
    return aws(stack, "apigatewayv2", "get-integrations", "--api-id", api.id)


def _dates(function: Function, known: PublishedVersion) -> Iterator[Evidence]:
    if known.last_modified and function.last_modified:
        yield of_function(
            function,
            f"LastModified of {known.qualifier} / $LATEST",
            f"{known.last_modified:%Y-%m-%d %H:%M}Z / {function.last_modified:%Y-%m-%d %H:%M}Z",
        )


def _fix(function: Function, qualifier: str, numbered: bool, command: str, stack: Stack) -> Fix:
    if numbered:
        return Fix(
            "let it go to the function itself, or to an alias that deployments move",
            disposition="unsafe",
            commands=(command,),
        )
    return Fix(
        f"publish a version and move alias {qualifier} to it",
        disposition="unsafe",
        commands=(
            aws(stack, "lambda", "publish-version", "--function-name", function.name),
            aws(
                stack,
                "lambda",
                "update-alias",
                "--function-name",
                function.name,
                "--name",
                qualifier,
                "--function-version",
                "VERSION",
            ),
        ),
    )
