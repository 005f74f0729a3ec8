"""What each kind of destination is handed of a dead letter: the event, the message, the entry.

A function wants JSON: the event itself, or the event that SQS or SNS would have made around the
message. A bus wants an event of EventBridge's shape. Pure.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from sqsctl.errors import SqsctlError
from sqsctl.model.failed_delivery import FailedDelivery
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.operations.dead_letters.failed_deliveries import subscription_arn
from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed


def for_function(
    message: Message, delivery: FailedDelivery | None, queue_arn: str = ""
) -> Outgoing:
    """The event that the function was to get, or would have got, as the body.

    ``queue_arn`` is the queue that a message without a failed delivery came from. Raises
    SqsctlError where the message does not hold the event.
    """
    if delivery is None:
        return Outgoing(_json(queue_event(message, queue_arn)))
    payload = _payload(delivery)
    if delivery.by == "sns-subscription":
        return Outgoing(_json(topic_event(payload)))
    if parsed(payload) is NOT_JSON:
        raise SqsctlError("a function takes JSON alone, and this is none", code="not_json")
    return Outgoing(payload)


def for_topic(message: Message, delivery: FailedDelivery | None) -> Outgoing:
    """What is to be published: of an SNS envelope its message, subject apart, with attributes."""
    if delivery is None:
        return message.to_outgoing()
    payload = _payload(delivery)
    if delivery.by != "sns-subscription":
        return replace(message.to_outgoing(), body=payload, attributes={})
    envelope = parsed(payload)
    return replace(
        message.to_outgoing(),
        body=str(envelope["Message"]),
        attributes=_published_attributes(envelope.get("MessageAttributes")),
    )


def for_bus(message: Message, delivery: FailedDelivery | None) -> Outgoing:
    """A whole event of EventBridge; raises SqsctlError where the message holds none."""
    payload = _payload(delivery) if delivery else message.body
    event = parsed(payload)
    wanted = ("source", "detail-type", "detail")
    if not isinstance(event, dict) or not all(key in event for key in wanted):
        raise SqsctlError(
            "it holds no event of EventBridge (source, detail-type, detail)", code="no_event"
        )
    if str(event["source"]).startswith("aws."):
        raise SqsctlError(
            f"EventBridge takes no events of {event['source']} from others: send it to the "
            "rule's target instead",
            code="reserved_source",
        )
    return Outgoing(payload)


def for_queue(message: Message, delivery: FailedDelivery) -> Outgoing:
    """What was to be delivered into the queue, without what the service added on failing."""
    return replace(message.to_outgoing(), body=_payload(delivery), attributes={})


def queue_event(message: Message, queue_arn: str) -> dict[str, Any]:
    """The event that an event source mapping makes of one message.

    The receipt handle is that of the dead-letter queue's message, which is deleted once the
    function accepted the event: no code can delete or hide anything by it.
    """
    parts = queue_arn.split(":")
    return {
        "Records": [
            {
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": dict(message.system),
                "messageAttributes": {
                    name: _event_attribute(each) for name, each in message.attributes.items()
                },
                "md5OfBody": hashlib.md5(
                    message.body.encode(errors="surrogatepass"), usedforsecurity=False
                ).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": parts[3] if len(parts) > 5 else "",
            }
        ]
    }


def topic_event(envelope_text: str) -> dict[str, Any]:
    """The event that SNS makes for a function of the envelope that it makes for a queue."""
    envelope = parsed(envelope_text)
    held = envelope if isinstance(envelope, dict) else {}
    # Some names end in Url here and in URL there.
    names = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn(envelope_text) or "",
                "Sns": {
                    "Subject": None,
                    "MessageAttributes": {},
                    **{names.get(key, key): value for key, value in held.items()},
                },
            }
        ]
    }


def _payload(delivery: FailedDelivery) -> str:
    if delivery.payload is None:
        raise SqsctlError(
            "the message tells where in its stream the records stand, it does not hold them: "
            "read them again from the stream, while it keeps them",
            code="no_payload",
        )
    if delivery.payload_truncated:
        raise SqsctlError("its payload was cut off when it failed", code="payload_truncated")
    return delivery.payload


def _published_attributes(told: object) -> dict[str, MessageAttribute]:
    import base64
    import binascii

    found: dict[str, MessageAttribute] = {}
    for name, each in told.items() if isinstance(told, dict) else ():
        if not isinstance(each, dict):
            continue
        kind, value = str(each.get("Type", "String")), str(each.get("Value", ""))
        if kind.startswith("Binary"):
            try:
                found[name] = MessageAttribute(kind, base64.b64decode(value, validate=True))
            except (binascii.Error, ValueError):
                continue
        else:
            found[name] = MessageAttribute(kind, value)
    return found


def _event_attribute(attribute: MessageAttribute) -> dict[str, Any]:
    import base64

    shape: dict[str, Any] = {
        "dataType": attribute.data_type,
        "stringListValues": [],
        "binaryListValues": [],
    }
    if isinstance(attribute.value, bytes):
        shape["binaryValue"] = base64.b64encode(attribute.value).decode("ascii")
    else:
        shape["stringValue"] = attribute.value
    return shape


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
