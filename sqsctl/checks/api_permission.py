"""The API may not invoke its function.

## What it does
Reads each function's resource policy and looks for a statement that lets API Gateway (or
everyone, for a function URL) invoke it for the API's routes. In text it knows the words of API
Gateway's execution log and of its `integrationErrorMessage`.

## Why it matters
The client gets 500 `Internal Server Error` at once, and the function's log stays empty: it
is never reached. Deleting and recreating a function or an alias by hand loses the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.logcheck import USES, LogCheck, Seen
from sqsctl.checks.support.policies import Statement, like, statements
from sqsctl.checks.support.shell import FUNCTION, aws, step
from sqsctl.model.finding import Evidence, Finding, Fix, Severity
from sqsctl.model.stack import Api, Fact, ResourcePolicy, Route, Stack

_SERVICE = "apigateway.amazonaws.com"
_REFUSED = re.compile(
    r"Invalid permissions on Lambda function"
    r"|doesn't have permissions to call the integration"
)
_SOURCE = frozenset({"aws:sourcearn"})


class ApiPermission(LogCheck[str]):
    meta = Meta(
        id="api-permission",
        title="Every API may invoke the functions behind its routes",
        severity=Severity.ERROR,
        needs=frozenset({Fact.APIS, Fact.POLICIES}),
        uses=USES | {Fact.LOGS},
        explains=("http-5xx", "logs-missing"),
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
        return self.found(
            f"API Gateway may not invoke {seen.who}: {seen.sign}",
            evidence=seen.evidence(),
            fix=Fix(
                "let the API invoke the function",
                commands=(
                    aws(
                        stack,
                        "lambda",
                        "add-permission",
                        "--function-name",
                        seen.function or FUNCTION,
                        "--statement-id",
                        "sqsctl-api",
                        "--action",
                        "lambda:InvokeFunction",
                        "--principal",
                        _SERVICE,
                    ),
                ),
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
                if policy is None or _allowed(api, route, policy, stack):
                    continue
                told.add(key)
                yield self._denied(api, route, policy, stack)

    def _denied(self, api: Api, route: Route, policy: ResourcePolicy, stack: Stack) -> Finding:
        name = route.function_name or ""
        shown = policy.document or "no resource policy"
        source = _source_arn(api, stack)
        qualifier = ("--qualifier", route.qualifier) if route.qualifier else ()
        url = api.kind == "url"
        principal, action = (
            ("*", "lambda:InvokeFunctionUrl") if url else (_SERVICE, "lambda:InvokeFunction")
        )
        extra = ("--function-url-auth-type", "NONE") if url else ("--source-arn", source)
        parameters: dict[str, object] = {
            "FunctionName": name,
            "StatementId": f"sqsctl-{api.id}",
            "Action": action,
            "Principal": principal,
        }
        parameters |= {"FunctionUrlAuthType": "NONE"} if url else {"SourceArn": source}
        if route.qualifier:
            parameters["Qualifier"] = route.qualifier
        what = "its function URL" if url else f"API {api.name or api.id}"
        return self.found(
            f"{what} may not invoke {name}: {route.method} {route.path} answers "
            f"{'403' if url else '500'}",
            evidence=(
                Evidence(f"lambda GetPolicy {name}", "Policy", shown[:600]),
                Evidence(f"apigateway GetRoutes {api.id}", f"{route.method} {route.path}", name),
            ),
            fix=Fix(
                "let the API invoke the function",
                disposition="unsafe" if url else "safe",
                commands=(
                    aws(
                        stack,
                        "lambda",
                        "add-permission",
                        "--function-name",
                        name,
                        *qualifier,
                        "--statement-id",
                        f"sqsctl-{api.id}",
                        "--action",
                        action,
                        "--principal",
                        principal,
                        *extra,
                    ),
                ),
                serverless_yml=(
                    "functions:",
                    f"  {name.rsplit('-', 1)[-1]}:",
                    "    events:",
                    f"      - httpApi: '{route.method} {route.path}'",
                ),
                steps=() if url else (step("lambda", "add_permission", **parameters),),
            ),
            subject=name,
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


def _allowed(api: Api, route: Route, policy: ResourcePolicy, stack: Stack) -> bool:
    if api.kind == "url":
        if route.authorization not in {"NONE", ""}:
            return True  # the caller's own policy decides
        return any(
            each.effect == "Allow"
            and each.covers("lambda:InvokeFunctionUrl")
            and "*" in each.principals
            for each in statements(policy.document)
        )
    return any(_lets(each, api, route, stack) for each in statements(policy.document))


def _lets(each: Statement, api: Api, route: Route, stack: Stack) -> bool:
    if each.effect != "Allow" or not each.covers("lambda:InvokeFunction"):
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
    for stage in dict.fromkeys((api.stage, "$default", "prod", "*")):
        arn = f"arn:aws:execute-api:{region}:{account}:{api.id}/{stage}/{method}{path}"
        if like(_general(pattern), arn):
            return True
    # Stages and paths can be written in more ways than one: the API's own id decides.
    return f":{api.id}/" in pattern and pattern.rstrip("*/").endswith((api.id, api.stage))


def _general(pattern: str) -> str:
    """The pattern for a path parameter's value: ``{id}`` in a pattern is any text."""
    return "/".join(
        "*" if part.startswith("{") and part.endswith("}") else part for part in pattern.split("/")
    )


def _source_arn(api: Api, stack: Stack) -> str:
    return f"arn:aws:execute-api:{stack.region or '*'}:{stack.account or '*'}:{api.id}/*"
