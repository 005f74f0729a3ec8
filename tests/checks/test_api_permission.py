"""Function URLs and REST APIs: what they need, and a fix that Lambda takes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from botocore import xform_name
from botocore.session import get_session

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.stack import Api, ResourcePolicy, Route
from tests.checks.build import ACCOUNT, PRODUCER, REGION, api, stack

HOST = f"abcdefghij.lambda-url.{REGION}.on.aws"
ROUTE = Route("ANY", "/", function_name=PRODUCER, authorization="NONE")
URL = Api(HOST, PRODUCER, "url", f"https://{HOST}", routes=(ROUTE,))
THROUGH_URL: dict[str, object] = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
NO_AUTH: dict[str, object] = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
IAM: dict[str, object] = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}


def told(*statements: tuple[str, dict[str, object]], route: Route = ROUTE) -> list[Finding]:
    document = {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": action, "Condition": condition}
            for action, condition in statements
        ]
    }
    policy = ResourcePolicy(PRODUCER, json.dumps(document) if statements else None)
    seen = stack(apis=(replace(URL, routes=(route,)),), policies=(policy,))
    return list(diagnose(seen, only=("api-permission",)).findings)


def requests(finding: Finding) -> list[dict[str, str]]:
    """The AddPermission calls that the commands make, checked against the service's model."""
    model = get_session().get_service_model("lambda").operation_model("AddPermission")
    assert model.input_shape
    members = {f"--{xform_name(name, '-')}": name for name in model.input_shape.members}
    shapes = model.input_shape.members
    found = []
    for line in finding.fix.commands:
        words = shlex.split(line)
        assert words[:3] == ["aws", "lambda", "add-permission"]
        request = {}
        for option, value in zip(words[3:], [*words[4:], "--"], strict=True):
            if option in members:
                flag = value.startswith("--")
                assert flag == (shapes[members[option]].type_name == "boolean"), option
                request[members[option]] = "true" if flag else value
        for name, value in request.items():
            pattern = shapes[name].metadata.get("pattern")
            assert not pattern or re.fullmatch(pattern, value), (name, value)
        found.append(request)
    return found


def test_both_actions_let_everyone_in() -> None:
    assert told(("lambda:InvokeFunctionUrl", NO_AUTH), ("lambda:InvokeFunction", THROUGH_URL)) == []
    assert told(("lambda:*", {})) == []


def test_a_url_that_nobody_may_call_needs_both() -> None:
    (finding,) = told()
    assert (finding.severity, finding.fix.disposition) == (Severity.ERROR, "unsafe")
    url, invoke = requests(finding)
    assert url["Action"] == "lambda:InvokeFunctionUrl"
    assert url["FunctionUrlAuthType"] == "NONE"
    assert invoke["Action"] == "lambda:InvokeFunction"
    assert invoke["InvokedViaFunctionUrl"] == "true"
    assert url["StatementId"] != invoke["StatementId"]
    assert len(finding.fix.calls) == len(finding.fix.undo) == 2


def test_the_old_permission_alone_is_a_warning_with_its_dates() -> None:
    (finding,) = told(("lambda:InvokeFunctionUrl", NO_AUTH))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.MEDIUM)
    assert "October 2025" in finding.title
    assert [each["Action"] for each in requests(finding)] == ["lambda:InvokeFunction"]
    assert finding.reference.endswith("/urls-auth.html")


def test_what_iam_lets_in_is_not_everyone() -> None:
    (finding,) = told(("lambda:InvokeFunctionUrl", IAM), ("lambda:InvokeFunction", THROUGH_URL))
    assert [each["Action"] for each in requests(finding)] == ["lambda:InvokeFunctionUrl"]


def test_with_iam_the_callers_own_policy_decides() -> None:
    assert told(route=replace(ROUTE, authorization="AWS_IAM")) == []


def test_a_url_is_no_http_api() -> None:
    (finding,) = told()
    assert "    url: true" in finding.fix.serverless_yml
    assert not any("httpApi" in line for line in finding.fix.serverless_yml)
    assert [each.source.split()[1] for each in finding.evidence] == [
        "GetPolicy",
        "GetFunctionUrlConfig",
    ]


@pytest.mark.parametrize(
    ("kind", "event", "operation"),
    [
        ("http", 'httpApi: "POST /produce"', "GetRoutes"),
        ("rest", 'http: "POST /produce"', "GetResources"),
    ],
)
def test_each_kind_of_api_in_its_own_words(kind: str, event: str, operation: str) -> None:
    seen = stack(
        apis=(replace(api(), kind=kind),),  # type: ignore[arg-type]
        policies=(ResourcePolicy(PRODUCER, None),),
    )
    (finding,) = diagnose(seen, only=("api-permission",)).findings
    assert finding.fix.serverless_yml[-1].strip() == f"- {event}"
    assert operation in finding.evidence[1].source
    assert ("http-api" in finding.reference) == (kind == "http")
    (request,) = requests(finding)
    assert request["SourceArn"].startswith(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:")


# --- partitions and denies ----------------------------------------------------------------------


def behind_an_api(*statements: dict[str, object], partition: str = "aws") -> list[Finding]:
    arn = f"arn:{partition}:lambda:{REGION}:{ACCOUNT}:function:{PRODUCER}"
    route = Route("POST", "/produce", function_arn=arn, function_name=PRODUCER)
    policy = ResourcePolicy(PRODUCER, json.dumps({"Statement": statements}))
    seen = stack(apis=(replace(api(), routes=(route,)),), policies=(policy,))
    return list(diagnose(seen, only=("api-permission",)).findings)


def statement(effect: str, partition: str = "aws", **condition: object) -> dict[str, object]:
    source = f"arn:{partition}:execute-api:{REGION}:{ACCOUNT}:{api().id}/*/*/produce"
    return {
        "Effect": effect,
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": condition or {"ArnLike": {"AWS:SourceArn": source}},
    }


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_policy_names_its_own_partition(partition: str) -> None:
    assert behind_an_api(statement("Allow", partition), partition=partition) == []
    (refused,) = behind_an_api(partition=partition)
    assert f"arn:{partition}:execute-api:" in " ".join(refused.fix.commands)


def test_an_explicit_deny_wins() -> None:
    (refused,) = behind_an_api(statement("Allow"), statement("Deny"))
    assert "denies API" in refused.title
    # A deny that holds under another condition may never hold.
    other = statement("Deny", IpAddress={"aws:SourceIp": "203.0.113.0/24"})
    assert behind_an_api(statement("Allow"), other) == []
