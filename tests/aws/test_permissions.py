"""IAM's simulation of what a role may do."""

from __future__ import annotations

from sqsctl.aws.permissions import PermissionReader, role_of
from tests.aws.stubs import Stubbed

ROLE = "arn:aws:iam::123456789012:role/lambda"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"


def test_the_decision_for_the_resource_goes_before_that_for_the_action() -> None:
    aws = Stubbed()
    aws.answer(
        "iam",
        "simulate_principal_policy",
        {
            "EvaluationResults": [
                {
                    "EvalActionName": "sqs:SendMessage",
                    "EvalDecision": "allowed",
                    "ResourceSpecificResults": [
                        {"EvalResourceName": QUEUE, "EvalResourceDecision": "explicitDeny"}
                    ],
                },
                {"EvalActionName": "sqs:ReceiveMessage", "EvalDecision": "implicitDeny"},
                {"EvalActionName": "sqs:DeleteMessage", "EvalDecision": "allowed"},
            ]
        },
        {
            "PolicySourceArn": ROLE,
            "ActionNames": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
            "ResourceArns": [QUEUE],
        },
    )
    found = PermissionReader(aws.session).simulate(
        ROLE, ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], QUEUE
    )
    assert [(each.action, each.decision) for each in found] == [
        ("sqs:SendMessage", "explicitDeny"),
        ("sqs:ReceiveMessage", "implicitDeny"),
        ("sqs:DeleteMessage", "allowed"),
    ]


def test_an_assumed_roles_session_is_stripped_to_the_role() -> None:
    assert role_of("arn:aws:sts::123456789012:assumed-role/lambda/session-1") == ROLE
    assert role_of(ROLE) == ROLE
