"""What AWS refuses when an event source mapping on a queue is made or changed.

Upstream accepts a queue whose visibility timeout is below the function's, a role that
may not receive, a batch above 10 without a window, and the same mapping twice.
Sources: botocore's lambda model (BatchSize, MaximumBatchingWindowInSeconds); errors as
recorded from AWS in localstack/localstack's event source mapping tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqsctl.lab.fidelity.functions import mapping_metrics

WITHOUT_WINDOW = 10
PERMISSION = "The function execution role does not have permissions to call ReceiveMessage on SQS"


def install() -> None:
    """Check mappings wherever they are made: the Lambda API, and CloudFormation."""
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    create, update = lambda_svc._create_esm, lambda_svc._update_esm

    def create_esm(data: dict[str, Any]) -> Any:
        return (
            _refused(data)
            or _refused_twice(data)
            or mapping_metrics.kept_answer(create(data), data)
        )

    def update_esm(esm_id: str, data: dict[str, Any]) -> Any:
        known = lambda_svc._esms.get(esm_id)
        refused = _refused(_merged(known, data)) if known else None
        return refused or mapping_metrics.kept_answer(update(esm_id, data), data)

    lambda_svc._create_esm = create_esm
    lambda_svc._update_esm = update_esm
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    handlers["create"] = _checked_create(handlers["create"])
    handlers["update"] = _checked_update(handlers["update"])


def problem(data: dict[str, Any]) -> str:
    """Why AWS would refuse this mapping; empty where it would not, or is none on a queue.

    ``data`` has the keys of CreateEventSourceMapping.
    """
    from ministack.services import lambda_svc, sqs

    from sqsctl.lab.fidelity.permissions import role_allows

    arn = str(data.get("EventSourceArn", ""))
    if ":sqs:" not in arn:
        return ""
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        return (
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
            "does not exist."
        )
    record, config, _ = lambda_svc._get_func_record_for_ref(str(data.get("FunctionName", "")))
    if record is None or config is None:
        return ""  # upstream says so itself
    visibility = int(queue["attributes"].get("VisibilityTimeout", 30))
    timeout = int(config.get("Timeout") or 3)
    if visibility < timeout:
        return (
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
            f"{timeout} seconds"
        )
    batch = int(data.get("BatchSize") or 10)
    window = int(data.get("MaximumBatchingWindowInSeconds") or 0)
    if batch > WITHOUT_WINDOW and window < 1:
        return (
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    if not role_allows(config, "sqs:ReceiveMessage", arn):
        return PERMISSION
    return ""


def _refused(data: dict[str, Any]) -> Any:
    from ministack.core.responses import error_response_json

    said = problem(data)
    return error_response_json("InvalidParameterValueException", said, 400) if said else None


def _refused_twice(data: dict[str, Any]) -> Any:
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc

    arn = str(data.get("EventSourceArn", ""))
    name, qualifier = lambda_svc._resolve_name_and_qualifier(str(data.get("FunctionName", "")))
    for known in lambda_svc._esms.values():
        if known.get("EventSourceArn") != arn or ":sqs:" not in arn:
            continue
        if known.get("FunctionName") == name and known.get("Qualifier") == qualifier:
            return error_response_json(
                "ResourceConflictException",
                f'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") '
                "already exists. Please update or delete the existing mapping with UUID "
                f"{known.get('UUID')}",
                409,
            )
    return None


def _merged(known: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {**known, "FunctionName": known.get("FunctionArn"), **data}


def _checked_create(create: Callable[..., Any]) -> Callable[..., Any]:
    def checked(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        _raise_for(props)
        made = create(logical_id, props, stack)
        mapping_metrics.keep(str(made[0]), props)
        return made

    return checked


def _checked_update(update: Callable[..., Any]) -> Callable[..., Any]:
    def checked(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> Any:
        _raise_for(new)
        mapping_metrics.keep(physical_id, new)
        return update(physical_id, old, new, *rest)

    return checked


def _raise_for(props: dict[str, Any]) -> None:
    said = problem(props)
    if said:
        raise ValueError(
            f'Resource handler returned message: "Invalid request provided: {said} (Service: '
            'Lambda, Status Code: 400)" (HandlerErrorCode: InvalidRequest)'
        )
