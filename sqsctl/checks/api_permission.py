"""The API may not invoke its function.

## What it does
Reads each function's resource policy and looks for a statement that lets API Gateway (or
everyone, for a function URL) invoke it for the API's routes. A function URL without IAM needs two:
lambda:InvokeFunctionUrl and, since October 2025 for new URLs and 1 November 2026 for all,
lambda:InvokeFunction. In text it knows the words of API
Gateway's execution log and of its `integrationErrorMessage`.

## Why it matters
The client gets 500 `Internal Server Error` at once, and the function's log stays empty: it
is never reached. Deleting and recreating a function or an alias by hand loses the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sqsctl.checks.base import Meta
from sqsctl.checks.support.access.policies import Statement, like, statements
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import USES, LogCheck, Seen
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.intents import Principal, Set, TakeDenyAway, remedy
from sqsctl.model.stack import Api, Fact, ResourcePolicy, Route, Stack

INVOKE, INVOKE_URL = "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"
_REST = "https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html"
_URLS = "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
_SERVICE = "apigateway.amazonaws.com"
_REFUSED = re.compile(
    r"Invalid permissions on Lambda function"
    r"|doesn't have permissions to call the integration"
)
_SOURCE = frozenset({"aws:sourcearn"})
_STATEMENTS = {INVOKE_URL: "sqsctl-url", INVOKE: "sqsctl-url-invoke"}
# What ties each of the two permissions of a function URL to it.
_URL_CONDITION: dict[str, dict[str, object]] = {
    INVOKE_URL: {"FunctionUrlAuthType": "NONE"},
    INVOKE: {"InvokedViaFunctionUrl": True},
}


class ApiPermission(LogCheck[str]):
    meta = Meta(
        id="api-permission",
        title="Every API may invoke the functions behind its routes",
        severity=Severity.ERROR,
        needs=frozenset({Fact.APIS, Fact.POLICIES}),
        uses=(USES - {Fact.METRICS}) | {Fact.LOGS},
        reference=(
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
            "http-api-develop-integrations-lambda.html"
        ),
    )

    precedence = 20

    def recognise(self, case: Case) -> str | None:
        match = _REFUSED.search(case.everything)
        return match.group() if match else None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        del stack
        return self.found(
            f"API Gateway may not invoke {seen.who}: {seen.sign}",
            evidence=seen.evidence(),
            remedy=remedy(
                "let the API invoke the function",
                Set("permission", seen.function, _permission("sqsctl-api", INVOKE, _SERVICE)),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        yield from super().diagnose(stack)
        for api in stack.apis:
            told: set[tuple[str | None, str | None]] = set()
            for route in api.routes:
                key = (route.function_name, route.qualifier)
                if route.function_name is None or key in told:
                    continue
                policy = _policy(stack, route)
                if policy is None:
                    continue
                if api.kind == "url":
                    if missing := _url_lacks(route, policy):
                        told.add(key)
                        yield self._url(missing, route, policy)
                elif any(_denies(each, api, route, stack) for each in statements(policy.document)):
                    told.add(key)
                    yield self._denied_explicitly(api, route, policy)
                elif not any(
                    _lets(each, api, route, stack) for each in statements(policy.document)
                ):
                    told.add(key)
                    yield self._denied(api, route, policy, stack)

    def _denied_explicitly(self, api: Api, route: Route, policy: ResourcePolicy) -> Finding:
        """A statement that denies wins over every one that allows."""
        name = route.function_name or ""
        return self.found(
            f"the policy of {name} denies API {api.name or api.id} to invoke it: {route.method} "
            f"{route.path} answers 500",
            evidence=(_shown(name, policy),),
            remedy=remedy(
                "take the deny out of the function's policy",
                TakeDenyAway(
                    (INVOKE,),
                    route.function_arn or name,
                    Principal("service", _SERVICE),
                    by="resource",
                ),
            ),
            subject=name,
        )

    def _denied(self, api: Api, route: Route, policy: ResourcePolicy, stack: Stack) -> Finding:
        name = route.function_name or ""
        source = _source_arn(api, stack)
        statement = _statement_id(f"sqsctl-{api.id}")
        rest = api.kind == "rest"
        finding = self.found(
            f"API {api.name or api.id} may not invoke {name}: {route.method} {route.path} "
            "answers 500",
            evidence=(
                _shown(name, policy),
                Evidence(
                    f"apigateway {'GetResources' if rest else 'GetRoutes'} {api.id}",
                    f"{route.method} {route.path}",
                    name,
                ),
            ),
            remedy=remedy(
                "let the API invoke the function",
                Set(
                    "permission",
                    name,
                    _permission(statement, INVOKE, _SERVICE, route) | {"SourceArn": source},
                ),
                disposition="safe",
            ),
            subject=name,
        )
        return replace(finding, reference=_REST) if rest else finding

    def _url(self, missing: tuple[str, ...], route: Route, policy: ResourcePolicy) -> Finding:
        """A public function URL: both actions have to be allowed to everyone."""
        name = route.function_name or ""
        old = missing == (INVOKE,)
        told = (
            f"the function URL of {name} is allowed {INVOKE_URL} alone: without {INVOKE} it "
            "answers 403 (URLs made since October 2025; older ones since November 2026)"
            if old
            else f"nobody may call the function URL of {name}: it answers 403"
        )
        finding = self.found(
            told,
            evidence=(
                _shown(name, policy),
                Evidence(f"lambda GetFunctionUrlConfig {name}", "AuthType", "NONE"),
            ),
            remedy=remedy(
                "allow everyone to call the function through its URL: that makes it public",
                *(
                    Set(
                        "permission",
                        name,
                        _permission(_STATEMENTS[each], each, "*", route) | _URL_CONDITION[each],
                    )
                    for each in missing
                ),
                disposition="unsafe",
            ),
            subject=name,
            severity=Severity.WARNING if old else None,
            confidence=Confidence.MEDIUM if old else Confidence.HIGH,
        )
        return replace(finding, reference=_URLS)


def _permission(
    statement: str, action: str, principal: str, route: Route | None = None
) -> dict[str, object]:
    qualifier = {"Qualifier": route.qualifier} if route and route.qualifier else {}
    return {"StatementId": statement, "Action": action, "Principal": principal, **qualifier}


def _statement_id(text: str) -> str:
    """As Lambda takes it: letters, digits, hyphens and underscores, 100 at most."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)[:100]


def _shown(name: str, policy: ResourcePolicy) -> Evidence:
    document = policy.document or "no resource policy"
    return Evidence(f"lambda GetPolicy {name}", "Policy", document[:600])


def _url_lacks(route: Route, policy: ResourcePolicy) -> tuple[str, ...]:
    """The actions that a public function URL needs and nobody is allowed."""
    if route.authorization not in {"NONE", ""}:
        return ()  # the caller's own policy decides
    public = [
        each
        for each in statements(policy.document)
        if each.effect == "Allow" and "*" in each.principals and not _elsewhere(each)
    ]
    return tuple(
        action for action in (INVOKE_URL, INVOKE) if not any(each.covers(action) for each in public)
    )


def _elsewhere(statement: Statement) -> bool:
    """Whether its conditions leave out what comes through a URL without IAM."""
    return any(
        (key.lower(), value.lower())
        in {("lambda:functionurlauthtype", "aws_iam"), ("lambda:invokedviafunctionurl", "false")}
        for _, key, value in statement.conditions
    )


def _policy(stack: Stack, route: Route) -> ResourcePolicy | None:
    return next(
        (
            each
            for each in stack.policies
            if each.function == route.function_name and each.qualifier == route.qualifier
        ),
        None,
    )


def _denies(each: Statement, api: Api, route: Route, stack: Stack) -> bool:
    """Whether the statement denies the call for sure; a condition of another kind may not hold."""
    if each.effect != "Deny" or not each.covers(INVOKE):
        return False
    if not any(principal in {_SERVICE, "*"} for principal in each.principals):
        return False
    sources = [value for _, key, value in each.conditions if key.lower() in _SOURCE]
    others = [key for _, key, _ in each.conditions if key.lower() not in _SOURCE]
    negated = any("not" in operator.lower() for operator, _, _ in each.conditions)
    fits = not sources or any(_source_fits(value, api, route, stack) for value in sources)
    return fits and not others and not negated


def _lets(each: Statement, api: Api, route: Route, stack: Stack) -> bool:
    if each.effect != "Allow" or not each.covers(INVOKE):
        return False
    if not any(principal in {_SERVICE, "*"} for principal in each.principals):
        return False
    sources = [value for _, key, value in each.conditions if key.lower() in _SOURCE]
    return not sources or any(_source_fits(value, api, route, stack) for value in sources)


def _source_fits(pattern: str, api: Api, route: Route, stack: Stack) -> bool:
    """Whether a call of this route comes from an ARN that the pattern takes in."""
    region, account = stack.region or "*", stack.account
    parts = pattern.split(":")
    account = account or (parts[4] if len(parts) > 4 else "")
    method = "GET" if route.method in {"ANY", "*", "$default"} else route.method
    path = "/" + "/".join(
        "x" if part.startswith("{") else part for part in route.path.strip("/").split("/")
    )
    place = f"arn:{_partition(route)}:execute-api:{region}:{account}:{api.id}"
    for stage in dict.fromkeys((api.stage, "$default", "prod", "*")):
        arn = f"{place}/{stage}/{method}{path}"
        if like(_general(pattern), arn):
            return True
    # Stages and paths can be written in more ways than one: the API's own id decides.
    ends = tuple(filter(None, (api.id, api.stage)))  # an API may have no stage yet
    return f":{api.id}/" in pattern and pattern.rstrip("*/").endswith(ends)


def _general(pattern: str) -> str:
    """The pattern for a path parameter's value: ``{id}`` in a pattern is any text."""
    return "/".join(
        "*" if part.startswith("{") and part.endswith("}") else part for part in pattern.split("/")
    )


def _source_arn(api: Api, stack: Stack) -> str:
    partition = next((_partition(each) for each in api.routes if each.function_arn), "aws")
    return f"arn:{partition}:execute-api:{stack.region or '*'}:{stack.account or '*'}:{api.id}/*"


def _partition(route: Route) -> str:
    """The partition of the function behind: an API calls none in another."""
    parts = (route.function_arn or "").split(":")
    return parts[1] if len(parts) > 1 else "aws"
