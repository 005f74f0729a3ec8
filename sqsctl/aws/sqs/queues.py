"""SQS: find queues, read them, move messages, run SQS's own move tasks.

Names, URLs and ARNs are all accepted where a queue is meant; a URL is taken as it is,
without a call. Sends and receives go through the client without retries
(``Session.sqs_unretried``); what to do about a lost answer is the caller's decision.
Every error comes out as a SqsctlError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from sqsctl.aws.session import Session
from sqsctl.aws.sqs import shapes
from sqsctl.aws.sqs.batches import joined, readable, run_batch
from sqsctl.aws.sqs.checksums import body_md5
from sqsctl.aws.sqs.refusals import refused_as
from sqsctl.aws.sqs.wire import wire
from sqsctl.aws.translate import shaped, translated
from sqsctl.errors import NotFoundError, SqsctlError, UsageError
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.outcome import BatchResult, Rejection
from sqsctl.model.queues import Queue, QueueRef

BATCH = 10
# The ends of queue URLs' hosts, partition by partition; api.aws where it is reached over IPv6, too.
_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")
_ARN = re.compile(r"arn:[\w-]+:sqs:(?P<region>[\w-]*):(?P<account>\d*):(?P<name>[\w.-]+)")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_PAGE = 1000
_METHODS = {
    "ReceiveMessage": "receive_message",
    "SendMessage": "send_message",
    "SendMessageBatch": "send_message_batch",
    "DeleteMessageBatch": "delete_message_batch",
    "ChangeMessageVisibilityBatch": "change_message_visibility_batch",
}


class QueueClient:
    """The queues of one target. ``place`` tells one server from another."""

    def __init__(self, session: Session) -> None:
        self.session = session
        endpoint = session.target.endpoint
        self.place = f"endpoint {_netloc(endpoint)}" if endpoint else "aws"

    def resolve(self, reference: str) -> QueueRef:
        """Where the queue named by a name, a URL or an ARN is.

        A URL costs no call. Raises NotFoundError, and UsageError where the reference is no
        queue's or lies in another region than the target.
        """
        if reference.startswith(("http://", "https://")):
            self._same_place(reference)
            name = shapes.name_of(reference)
            if not _NAME.fullmatch(name):
                raise UsageError(f"{reference} is not the URL of a queue")
            self._same_region(reference, shapes.region_of(reference))
            return QueueRef(name, reference)
        if match := _ARN.fullmatch(reference):
            self._same_region(reference, match["region"])
            return self._by_name(match["name"], match["account"], reference)
        if not _NAME.fullmatch(reference):
            raise UsageError(
                f"{reference!r} cannot be a queue: letters, digits, - and _ make up its name",
                hint="`sqsctl queue ls` lists them; a URL or an ARN is fine too",
            )
        return self._by_name(reference)

    def every(self, prefix: str = "") -> Iterator[QueueRef]:
        """All queues whose names start with ``prefix``, page by page."""
        request: dict[str, Any] = {"MaxResults": _PAGE}
        if prefix:
            request["QueueNamePrefix"] = prefix
        yield from self._paged(lambda client: client.list_queues, request, "QueueUrls")

    def describe(self, queue: QueueRef) -> Queue:
        """Everything SQS knows of a queue, in one call."""
        with translated(f"queue {queue.name}"):
            answer = self.session.sqs().get_queue_attributes(
                QueueUrl=queue.url, AttributeNames=["All"]
            )
        with shaped(f"queue {queue.name}"):
            return shapes.queue(queue.url, cast("Mapping[str, str]", answer.get("Attributes", {})))

    def dead_letter_sources(self, queue: QueueRef) -> tuple[QueueRef, ...]:
        """The queues that dead-letter to this one.

        Raises SqsctlError with code ``unsupported`` where the endpoint lacks the call.
        """
        request: dict[str, Any] = {"QueueUrl": queue.url, "MaxResults": _PAGE}
        return tuple(
            self._paged(
                lambda client: client.list_dead_letter_source_queues,
                request,
                "queueUrls",
                what=f"queue {queue.name}",
            )
        )

    def open(self, queue: QueueRef) -> OpenQueue:
        """The queue, to move messages in and out."""
        return OpenQueue(self.session, queue)

    def purge(self, queue: QueueRef) -> None:
        """Delete everything in it. SQS allows it once a minute: code ``purge_in_progress``."""
        with refused_as(f"queue {queue.name}"), translated(f"queue {queue.name}"):
            self.session.sqs_unretried().purge_queue(QueueUrl=queue.url)

    def _by_name(self, name: str, account: str = "", arn: str | None = None) -> QueueRef:
        request: dict[str, Any] = {"QueueName": name}
        if account and account != self.session.target.account:
            request["QueueOwnerAWSAccountId"] = account
        try:
            with translated(f"queue {name}"):
                url = self.session.sqs().get_queue_url(**request)["QueueUrl"]
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            raise NotFoundError(
                f"there is no queue {name} in {self.session.target.region}",
                hint="`sqsctl queue ls` lists those there are; --region looks elsewhere",
                code="queue_not_found",
                name=name,
            ) from error
        return QueueRef(name, url, arn)

    def _same_place(self, url: str) -> None:
        """A URL of another server must not act on AWS's or a lab's queue of the same name.

        An emulator names its queues by whatever host it was told: there the endpoint decides
        alone, as for the AWS CLI.
        """
        target = self.session.target
        host, here = _netloc(url), _netloc(target.endpoint or "")
        if target.kind == "aws":
            fits = host.removesuffix(":443").endswith(_AWS_HOSTS)
        else:
            fits = host == here or target.kind == "endpoint"
        if not fits:
            raise UsageError(
                f"{url} is not a queue of this target ({target.endpoint or 'AWS'})",
                hint="--endpoint-url names another server, --no-lab means AWS",
                code="wrong_target",
            )

    def _same_region(self, reference: str, region: str | None) -> None:
        here = self.session.target.region
        if region and region != here and self.session.target.endpoint is None:
            raise UsageError(
                f"{reference} is in {region}, the target is {here}",
                hint=f"`again --region {region}`",
                code="wrong_region",
            )

    def _paged(
        self, call: Any, request: dict[str, Any], key: str, what: str = "queues"
    ) -> Iterator[QueueRef]:
        token: str | None = None
        while True:
            with refused_as(what), translated(what):
                more = {"NextToken": token} if token else {}
                page: Any = call(self.session.sqs())(**request, **more)
            with shaped(what):
                found = shapes.refs(page.get(key) or ())
                after = page.get("NextToken")
                if after and after == token:
                    raise ValueError("the next page is the same again")
            yield from found
            token = after
            if not token:
                return


class OpenQueue:
    """One queue that messages go into and come out of. Safe to share between threads."""

    def __init__(self, session: Session, queue: QueueRef) -> None:
        self.ref = queue
        self._what = f"queue {queue.name}"
        self._client = session.sqs_unretried()
        self._clock = session.clock
        self._wire = wire(self._client)
        # MiniStack 1.5.33 drops the trace header of a batch's entries, AWS does not.
        self._traced_alone = session.target.endpoint is not None

    def receive(
        self, limit: int = BATCH, *, wait_s: int = 0, visibility_s: int | None = None
    ) -> tuple[Message, ...]:
        """Up to ``limit`` (1-10) messages with everything they carry.

        ``wait_s`` 0-20: from 1 on it is a long poll, which asks every SQS server.
        ``visibility_s`` hides them for that long instead of the queue's own time.
        """
        request: dict[str, Any] = {
            "MaxNumberOfMessages": min(limit, BATCH),
            "WaitTimeSeconds": wait_s,
            # The deprecated name too: some endpoints know only that one.
            "AttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        if visibility_s is not None:
            request["VisibilityTimeout"] = visibility_s
        with translated(self._what), readable(self._what):
            answer = self._call("ReceiveMessage", request)
        with shaped(self._what):
            return tuple(_received(each) for each in answer.get("Messages") or ())

    def server_time(self) -> float | None:
        """The latest time that SQS told, in seconds since 1970; None before its first answer."""
        return self._clock.latest

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        """Send up to 10 messages in one call; places in the result are those of ``batch``."""
        if self._traced_alone and any(each.trace_header for each in batch):
            return self._sent_one_by_one(batch)
        entries = [shapes.entry(place, each) for place, each in enumerate(batch)]
        return self._batch("SendMessageBatch", entries, sent=batch)

    def delete(self, messages: Sequence[Message]) -> BatchResult:
        """Delete up to 10 received messages in one call."""
        entries = [
            {"Id": str(place), "ReceiptHandle": each.receipt_handle}
            for place, each in enumerate(messages)
        ]
        return self._batch("DeleteMessageBatch", entries)

    def hide(self, messages: Sequence[Message], seconds: int) -> BatchResult:
        """Hide up to 10 received messages for ``seconds`` from now; 0 hands them back."""
        entries = [
            {
                "Id": str(place),
                "ReceiptHandle": each.receipt_handle,
                "VisibilityTimeout": seconds,
            }
            for place, each in enumerate(messages)
        ]
        return self._batch("ChangeMessageVisibilityBatch", entries)

    def _batch(
        self,
        operation: str,
        entries: Sequence[Mapping[str, Any]],
        sent: Sequence[Outgoing] | None = None,
    ) -> BatchResult:
        return run_batch(
            lambda: self._call(operation, {"Entries": entries}),
            len(entries),
            what=self._what,
            sent=sent,
        )

    def _sent_one_by_one(self, batch: Sequence[Outgoing]) -> BatchResult:
        results: list[BatchResult] = []
        for each in batch:

            def send(each: Outgoing = each) -> Mapping[str, Any]:
                answer = self._call("SendMessage", shapes.send_fields(each))
                return {"Successful": [{"Id": "0", **answer}] if "MessageId" in answer else []}

            try:
                results.append(run_batch(send, 1, what=self._what, sent=(each,)))
            except SqsctlError as error:
                if not results:
                    raise
                # What went before is sent; the rest is not, and trying it will raise this again.
                unsent = Rejection(0, error.code, error.message, sender_fault=False)
                results += [BatchResult(rejected=(unsent,))] * (len(batch) - len(results))
                break
        return joined(results)

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        request = {"QueueUrl": self.ref.url, **parameters}
        if self._wire is not None:
            return self._wire.call(operation, request)
        method = _METHODS[operation]
        answer: Mapping[str, Any] = getattr(self._client, method)(**request)
        return answer


def _received(shape: Mapping[str, Any]) -> Message:
    message = shapes.message(shape)
    told = shape.get("MD5OfBody")
    return replace(message, damaged=True) if told and told != body_md5(message.body) else message


def _netloc(url: str) -> str:
    """Host and port; one spelling for the loopback."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}") from error
    host = parts.hostname or ""
    if host in {"localhost", "::1"} or host.endswith(".localhost"):
        host = "127.0.0.1"
    return f"{host}:{port}" if port else host
