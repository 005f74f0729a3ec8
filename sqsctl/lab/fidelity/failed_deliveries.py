"""What cannot be delivered goes to the dead-letter queue that its service has for it.

Upstream hands a DeadLetterConfig the envelope of an OnFailure destination, runs functions of
rules and topics once and forgets their failure, and drops what a rule, a schedule or a
subscription cannot deliver. Sources: Lambda developer guide, "Retaining records of asynchronous
invocations" (DLQ: the event, attributes RequestID, ErrorCode, ErrorMessage; destination: an
envelope) and "Invoking a function asynchronously" (EventBridge and SNS invoke so); EventBridge
user guide, "Using dead-letter queues" (RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE,
EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS); Scheduler user guide, "Configuring a dead-letter
queue"; SNS developer guide, "Amazon SNS dead-letter queues". AWS retries for hours before it
gives up: the lab gives up at once.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

_MISSING = {
    "lambda": ("NO_RESOURCE", "The function does not exist."),
    "sqs": ("NO_RESOURCE", "The specified queue does not exist."),
    "sns": ("NO_RESOURCE", "The topic does not exist."),
    "events": ("NO_RESOURCE", "The event bus does not exist."),
}


def install() -> None:
    """Wrap how upstream gives up on a delivery."""
    from ministack.services import eventbridge, lambda_svc, sns

    route, invoke_target, to_queue = (
        lambda_svc._route_async_failure,
        eventbridge._invoke_target,
        sns._deliver_to_sqs,
    )

    def route_async_failure(
        target_arn: str, name: str, event: dict[str, Any], result: dict[str, Any]
    ) -> None:
        config = (lambda_svc._functions.get(name) or {}).get("config") or {}
        if ":sqs:" not in target_arn:
            route(target_arn, name, event, result)
        elif (config.get("DeadLetterConfig") or {}).get("TargetArn") == target_arn:
            put(target_arn, json.dumps(event), _attributes_of(result))
        else:
            put(target_arn, json.dumps(_envelope(config, event, result)), {})

    def invoke_target_or_give_up(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        trouble = undeliverable(target.get("Arn", ""))
        if not trouble or not queue:
            invoke_target(target, event, rule, view)
            return
        seen = view or eventbridge._pattern_event_view(event)
        scheduled = "ScheduleExpression" in rule and ":schedule/" in str(rule.get("Arn", ""))
        body = json.dumps(seen.event_with_detail())
        attributes = {
            "ERROR_CODE": trouble[0],
            "ERROR_MESSAGE": trouble[1],
            "RETRY_ATTEMPTS": "0",
            "TARGET_ARN": target.get("Arn", ""),
        }
        if scheduled:
            body = target.get("Input") or body
            attributes |= {
                "SCHEDULE_ARN": rule["Arn"],
                "EXECUTION_ID": str(uuid.uuid4()),
                "IS_PAYLOAD_TRUNCATED": "false",
            }
        else:
            attributes["RULE_ARN"] = rule.get("Arn") or eventbridge._rule_arn(
                rule.get("Name"), rule.get("EventBusName", "default")
            )
        put(queue, body, attributes)

    def deliver_to_sqs(endpoint: str, envelope: str, raw: Any, *args: Any, **named: Any) -> None:
        topic_arn = str(named.get("topic_arn", ""))
        subscription = _subscription(topic_arn, endpoint)
        own = str(subscription.get("arn", ""))
        if own and not raw:
            told = json.loads(envelope)
            before = str(told.get("UnsubscribeURL", "")).partition("SubscriptionArn=")[0]
            envelope = json.dumps(told | {"UnsubscribeURL": f"{before}SubscriptionArn={own}"})
        queue = _redrive_queue(subscription)
        if queue and (undeliverable(endpoint) or _refused(endpoint, topic_arn)):
            put(queue, args[0] if raw and args else envelope, {})
            return
        to_queue(endpoint, envelope, raw, *args, **named)

    lambda_svc._route_async_failure = route_async_failure
    eventbridge._invoke_target = invoke_target_or_give_up
    eventbridge._dispatch_to_lambda = _invoke_later
    sns._deliver_to_sqs = deliver_to_sqs
    sns._deliver_to_lambda = _notify_function


def put(queue_arn: str, body: str, attributes: dict[str, str]) -> None:
    """A message in a queue, with string attributes; nothing where the queue is not there."""
    from ministack.services import sqs

    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return
    carried = {
        name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
        for name, value in attributes.items()
        if value
    }
    now = time.time()
    message = {
        "id": str(uuid.uuid4()),
        "body": body,
        "message_attributes": carried,
        "md5_attrs": sqs._md5_msg_attrs(carried),
        "receipt_handle": None,
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(queue),
        "receive_count": 0,
    }
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)


def undeliverable(arn: str) -> tuple[str, str] | None:
    """Why nothing can be delivered there: an error's code and message; None where it can."""
    from ministack.services import eventbridge, lambda_svc, sns, sqs

    parts = arn.split(":")
    service = parts[2] if len(parts) > 5 else ""
    there = {
        "sqs": lambda: sqs._queue_by_arn(arn),
        "sns": lambda: sns._topic_by_arn_any_scope(arn),
        "lambda": lambda: lambda_svc._get_func_record_for_ref(arn)[0],
        "events": lambda: eventbridge._event_buses.get(arn.rpartition("event-bus/")[2]),
    }.get(service)
    return None if there is None or there() else _MISSING[service]


def _refused(endpoint: str, topic_arn: str) -> bool:
    from ministack.core.responses import get_account_id
    from ministack.services import sqs

    return not sqs.queue_policy_allows(endpoint, "sns.amazonaws.com", topic_arn, get_account_id())


def _attributes_of(result: dict[str, Any]) -> dict[str, str]:
    body = result.get("body")
    told = body if isinstance(body, dict) else {}
    return {
        "RequestID": str(result.get("request_id") or uuid.uuid4()),
        "ErrorCode": "200",
        "ErrorMessage": str(told.get("errorMessage") or body or "")[:1024],
    }


def _envelope(
    config: dict[str, Any], event: dict[str, Any], result: dict[str, Any]
) -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": str(result.get("request_id") or uuid.uuid4()),
            "functionArn": f"{config.get('FunctionArn', '')}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": int(result.get("attempts") or 1),
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": result.get("function_error") or "Unhandled",
        },
        "responsePayload": result.get("body"),
    }


def _invoke_later(arn: str, payload: str) -> None:
    """A rule's function is invoked asynchronously: retried, then to its own dead-letter queue."""
    from ministack.services import lambda_svc

    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _notify_function(
    endpoint: str,
    envelope: str,
    topic_arn: str,
    subscription_arn: str,
    *_: Any,
) -> None:
    from ministack.services import lambda_svc

    function, config, _name = lambda_svc._get_func_record_for_ref(endpoint)
    if not function or not config:
        queue = _redrive_queue(_subscription(topic_arn, endpoint))
        if queue:
            put(queue, envelope, {})
        return
    event = {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "EventSource": "aws:sns",
                "Sns": json.loads(envelope),
            }
        ]
    }
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, event)


def _subscription(topic_arn: str, endpoint: str) -> dict[str, Any]:
    from ministack.services import sns

    topic = sns._topic_by_arn_any_scope(topic_arn) or {}
    for each in topic.get("subscriptions") or ():
        if each.get("endpoint") == endpoint:
            return dict(each)
    return {}


def _redrive_queue(subscription: dict[str, Any]) -> str:
    try:
        policy = json.loads((subscription.get("attributes") or {}).get("RedrivePolicy") or "{}")
    except ValueError:
        return ""
    return str(policy.get("deadLetterTargetArn", ""))
