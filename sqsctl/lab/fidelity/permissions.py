"""Whether a function's execution role may do something, for what Lambda does in its name.

Upstream polls queues and writes logs whatever the role says. On AWS both need the
role's permission.
Sources: Lambda developer guide, "Using Lambda with Amazon SQS: execution role
permissions" and "Defining Lambda function permissions with an execution role"
(AWSLambdaBasicExecutionRole).
"""

from __future__ import annotations

from typing import Any


def role_allows(config: dict[str, Any], action: str, resource: str) -> bool:
    """Whether the role of a function record allows an action on a resource ARN.

    Identity policies, permission boundaries and, for queues, an explicit deny in the
    queue's own policy count.
    """
    from ministack.core import iam_evaluator
    from ministack.core.lambda_runtime import execution_credentials
    from ministack.core.responses import get_account_id, get_region

    key = execution_credentials(config)["AWS_ACCESS_KEY_ID"]
    principal = iam_evaluator.resolve_principal(key, get_account_id())
    if isinstance(principal, iam_evaluator.AuthError) or principal is None:
        return False
    if principal.policies is None:
        return True
    context = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        principal_keys=principal.keys,
    )
    result = iam_evaluator.evaluate(context, principal.policies, *principal.limits)
    if result.decision != "Allow":
        return False
    return not resource.startswith("arn:aws:sqs:") or _queue_allows(context)


def may_log(config: dict[str, Any], group: str, stream: str) -> bool:
    """Whether a function's role lets Lambda write to a log stream, its group made if missing."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import cloudwatch_logs

    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    if group not in cloudwatch_logs._log_groups and not _either(
        config, "logs:CreateLogGroup", arn, f"{arn}:*"
    ):
        return False
    target = f"{arn}:log-stream:{stream}"
    return _either(config, "logs:CreateLogStream", arn, target) and role_allows(
        config, "logs:PutLogEvents", target
    )


def _either(config: dict[str, Any], action: str, *resources: str) -> bool:
    # Policies name a log group with and without the :* at its end; AWS takes both for these.
    return any(role_allows(config, action, each) for each in resources)


def _queue_allows(context: Any) -> bool:
    from ministack.core import iam_evaluator
    from ministack.services import sqs

    found = sqs.queue_policy_for_arn(context.resource_arn)
    return found is None or bool(
        iam_evaluator.resource_policy_allows(found[0], context, same_account=True)
    )
