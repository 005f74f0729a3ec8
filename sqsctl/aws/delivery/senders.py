"""Functions, topics and event buses as places that messages are sent to, one by one.

Each answers as a queue does: an entry was accepted, was refused, or nobody can say. botocore
does not retry here: a second attempt that nobody sees would deliver twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.sqs.batches import joined, run_batch
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.model.outcome import BatchResult, Rejection

_ACCEPTED = 202


class FunctionSender:
    """Invokes a function asynchronously. The body is the event; attributes have no place in it.

    Accepted is what Lambda answered with 202; the id is the invocation's request id.
    """

    def __init__(self, session: Session, reference: str) -> None:
        self._client: Any = session.client("lambda", attempts=1)
        self.reference = reference

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        return _one_by_one(f"function {self.reference}", batch, self._invoke)

    def _invoke(self, outgoing: Outgoing) -> Mapping[str, Any]:
        answer = self._client.invoke(
            FunctionName=self.reference,
            InvocationType="Event",
            Payload=outgoing.body.encode(errors="surrogatepass"),
        )
        status = answer.get("StatusCode")
        if status != _ACCEPTED:
            return {}  # answered, but not as one that took it: nobody can say
        return _taken(str(answer.get("ResponseMetadata", {}).get("RequestId", "")))


class TopicSender:
    """Publishes to a topic; every subscription gets it."""

    def __init__(self, session: Session, arn: str) -> None:
        self._client: Any = session.client("sns", attempts=1)
        self.arn = arn

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        return _one_by_one(f"topic {self.arn}", batch, self._publish)

    def _publish(self, outgoing: Outgoing) -> Mapping[str, Any]:
        request: dict[str, Any] = {"TopicArn": self.arn, "Message": outgoing.body}
        if outgoing.attributes:
            request["MessageAttributes"] = {
                name: _attribute(each) for name, each in outgoing.attributes.items()
            }
        if outgoing.group_id:
            request["MessageGroupId"] = outgoing.group_id
        if outgoing.deduplication_id:
            request["MessageDeduplicationId"] = outgoing.deduplication_id
        return _taken(str(self._client.publish(**request).get("MessageId", "")))


class BusSender:
    """Puts events on a bus; every rule that matches gets them. The body is a whole event."""

    def __init__(self, session: Session, name: str) -> None:
        self._client: Any = session.client("events", attempts=1)
        self.name = name

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        return _one_by_one(f"event bus {self.name}", batch, self._put)

    def _put(self, outgoing: Outgoing) -> Mapping[str, Any]:
        answer = self._client.put_events(Entries=[bus_entry(outgoing.body, self.name)])
        entry: Mapping[str, Any] = next(iter(answer.get("Entries") or ()), {})
        if entry.get("ErrorCode"):
            code = str(entry["ErrorCode"])
            return {
                "Failed": [
                    {
                        "Id": "0",
                        "Code": code,
                        "Message": entry.get("ErrorMessage") or code,
                        "SenderFault": code not in {"InternalFailure", "ThrottlingException"},
                    }
                ]
            }
        return _taken(str(entry["EventId"])) if entry.get("EventId") else {}


def bus_entry(body: str, bus: str) -> dict[str, Any]:
    """An event as PutEvents takes it. The body has been looked at: source, detail-type, detail."""
    event = json.loads(body)
    entry: dict[str, Any] = {
        "EventBusName": bus,
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"], ensure_ascii=False),
    }
    if isinstance(event.get("resources"), list):
        entry["Resources"] = [str(each) for each in event["resources"]]
    if isinstance(event.get("time"), str):
        entry["Time"] = event["time"]
    return entry


def _taken(identity: str) -> Mapping[str, Any]:
    """One accepted entry, in the shape of SQS's batches."""
    return {"Successful": [{"Id": "0", "MessageId": identity}]}


def _one_by_one(
    what: str, batch: Sequence[Outgoing], call: Callable[[Outgoing], Mapping[str, Any]]
) -> BatchResult:
    results: list[BatchResult] = []
    for each in batch:
        try:
            results.append(run_batch(partial(call, each), 1, what=what))
        except SqsctlError as error:
            if error.exit is not Exit.NOT_FOUND:
                raise
            # This destination is gone; others of the same run may well be there.
            results.append(BatchResult(rejected=(Rejection(0, error.code, error.message),)))
    return joined(results)


def _attribute(attribute: MessageAttribute) -> dict[str, Any]:
    if isinstance(attribute.value, bytes):
        return {"DataType": attribute.data_type, "BinaryValue": attribute.value}
    return {"DataType": attribute.data_type, "StringValue": attribute.value}
