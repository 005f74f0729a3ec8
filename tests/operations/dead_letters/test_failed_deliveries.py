"""Dead letters that no queue's consumer made: recognised by what their services write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.message import Message, MessageAttribute
from sqsctl.operations.dead_letters.failed_deliveries import (
    failed_delivery,
    log_text,
    subscription_arn,
    told,
)

PLACE = "ap-northeast-2:123456789012"
RULE = f"arn:aws:events:{PLACE}:rule/orders/new-order"
WORKER = f"arn:aws:lambda:{PLACE}:function:worker"
EVENT = {"version": "0", "id": "e-1", "source": "shop", "detail-type": "order", "detail": {"n": 1}}
RULE_ATTRIBUTES = {
    "RULE_ARN": RULE,
    "TARGET_ARN": WORKER,
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "not authorized to perform: lambda:InvokeFunction",
    "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    "RETRY_ATTEMPTS": "3",
}
DESTINATION = {
    "version": "1.0",
    "timestamp": "2026-11-30T10:00:00.000Z",
    "requestContext": {
        "requestId": "r-1",
        "functionArn": f"{WORKER}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": {"input": 7},
    "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
    "responsePayload": {
        "errorType": "KeyError",
        "errorMessage": "'user'",
        "stackTrace": ['  File "/var/task/app.py", line 3, in handler\n'],
    },
}


def message(body: Any, attributes: dict[str, str] | None = None, **system: str) -> Message:
    return Message(
        "m-1",
        body if isinstance(body, str) else json.dumps(body),
        attributes={
            name: MessageAttribute("String", value) for name, value in (attributes or {}).items()
        },
        system=system,
    )


def test_a_rules_dead_letter_says_everything_in_its_attributes() -> None:
    found = failed_delivery(message(EVENT, RULE_ATTRIBUTES))
    assert found is not None
    assert (found.by, found.source_arn, found.target_arn) == ("eventbridge-rule", RULE, WORKER)
    assert (found.error_code, found.attempts, found.event_id) == ("NO_PERMISSIONS", 3, "e-1")
    assert told(found) == (
        "EventBridge rule orders/new-order to worker failed after 3 retries "
        "(MaximumRetryAttempts): NO_PERMISSIONS: not authorized to perform: lambda:InvokeFunction"
    )


def test_a_schedules_payload_may_have_been_cut_off() -> None:
    schedule = f"arn:aws:scheduler:{PLACE}:schedule/default/nightly"
    attributes = {
        "SCHEDULE_ARN": schedule,
        "TARGET_ARN": WORKER,
        "ERROR_CODE": "NO_RESOURCE",
        "IS_PAYLOAD_TRUNCATED": "TRUE",
    }
    found = failed_delivery(message('{"a":', attributes))
    assert found is not None
    assert (found.by, found.source_arn, found.payload_truncated) == ("scheduler", schedule, True)


def test_a_functions_own_dead_letter_queue_holds_the_event_as_it_was() -> None:
    attributes = {"RequestID": "r-1", "ErrorCode": "200", "ErrorMessage": "boom"}
    found = failed_delivery(message({"input": 7}, attributes))
    assert found is not None
    assert (found.by, found.payload, found.request_id) == ("lambda-dlq", '{"input": 7}', "r-1")
    assert found.error_message == "boom"
    assert found.target_arn is None  # the message names no function


def test_a_destinations_envelope_holds_event_and_error() -> None:
    found = failed_delivery(message(DESTINATION))
    assert found is not None
    assert found.by == "lambda-destination"
    assert (found.payload, found.target_arn) == ('{"input": 7}', f"{WORKER}:$LATEST")
    assert log_text(found).startswith("[ERROR] KeyError: 'user'\n  File")


def test_what_succeeded_is_no_dead_letter() -> None:
    fine = DESTINATION | {"requestContext": {"functionArn": WORKER, "condition": "Success"}}
    assert failed_delivery(message(fine)) is None


@pytest.mark.parametrize(
    ("document", "by"),
    [
        (
            {
                "requestContext": {"functionArn": WORKER, "condition": "RetryAttemptsExhausted"},
                "KinesisBatchInfo": {"streamArn": f"arn:aws:kinesis:{PLACE}:stream/s"},
            },
            "lambda-stream",
        ),
        (
            {
                "context": {"partnerResourceArn": f"arn:aws:pipes:{PLACE}:pipe/p"},
                "DDBStreamBatchInfo": {"shardId": "s"},
            },
            "pipe",
        ),
    ],
)
def test_of_a_streams_records_only_the_place_is_told(document: Any, by: str) -> None:
    found = failed_delivery(message(document))
    assert found is not None
    assert (found.by, found.payload) == (by, None)


def test_an_sns_envelope_names_its_topic_and_subscription() -> None:
    own = f"arn:aws:sns:{PLACE}:news:6b0e71bd"
    body = json.dumps(
        {
            "Type": "Notification",
            "MessageId": "n-1",
            "TopicArn": f"arn:aws:sns:{PLACE}:news",
            "Message": "hello",
            "UnsubscribeURL": f"https://sns.x.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={own}",
        }
    )
    found = failed_delivery(message(body))
    assert found is not None
    assert (found.by, found.payload) == ("sns-subscription", body)
    assert subscription_arn(body) == own


def test_what_sqs_moved_itself_belongs_to_its_queue_whatever_it_holds() -> None:
    source = f"arn:aws:sqs:{PLACE}:jobs"
    for each in (message(EVENT, RULE_ATTRIBUTES), message(DESTINATION)):
        moved = Message(
            each.message_id,
            each.body,
            attributes=each.attributes,
            system={"DeadLetterQueueSourceArn": source},
        )
        assert failed_delivery(moved) is None


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ({"input": 5}, {}),
        (EVENT, {}),  # an event alone is a message like any other
        ({"a": 1}, {"RequestID": "r"}),
        ({"a": 1}, {"ERROR_CODE": "x", "TARGET_ARN": WORKER}),
        ({"Type": "Notification", "TopicArn": "news", "Message": "x"}, {}),
        ({"requestContext": {"functionArn": WORKER}}, {}),
        ({"requestContext": {"http": {"method": "GET"}}, "requestPayload": 1}, {}),
        ("[]", {}),
        ("{", {}),
    ],
)
def test_ordinary_messages_are_none(body: Any, attributes: dict[str, str]) -> None:
    assert failed_delivery(message(body, attributes)) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["requestContext", "functionArn", "context", "Type", "TopicArn", "xBatchInfo"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.dictionaries(st.sampled_from([*RULE_ATTRIBUTES, "RequestID", "ErrorCode"]), st.text()),
)
def test_nothing_in_a_message_makes_it_raise(body: Any, attributes: dict[str, str]) -> None:
    found = failed_delivery(message(body, attributes))
    if found is not None:
        assert told(found)
