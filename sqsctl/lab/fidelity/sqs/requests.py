"""How SQS answers requests that name no queue, or one that is not there.

Upstream words a missing queue as the old query protocol did, takes a request without
QueueUrl for one of a queue without a name, and answers ListQueues with an empty list
where AWS leaves the key out.
Source: responses recorded from AWS in localstack/localstack's SQS tests; SQS API reference,
"Common errors" (MissingParameter).
"""

from __future__ import annotations

from typing import Any

_NEEDS_URL = frozenset(
    {
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "GetQueueAttributes",
        "SetQueueAttributes",
        "PurgeQueue",
        "DeleteQueue",
        "ListDeadLetterSourceQueues",
    }
)


def install() -> None:
    """Wrap the lookup of queues, the dispatch of actions, and ListQueues."""
    from ministack.services import sqs

    dispatch, find = sqs._dispatch, sqs._get_q

    def get_queue(url: str, action: str | None = None) -> Any:
        try:
            return find(url, action)
        except sqs._Err as error:
            if error.code == "QueueDoesNotExist":
                error.message = "The specified queue does not exist."
            raise

    async def checked(action: str, data: dict[str, Any], url: str) -> Any:
        if not url and action in _NEEDS_URL and action in sqs._HANDLERS:
            raise sqs._Err("MissingParameter", "The request must contain the parameter QueueUrl.")
        return await dispatch(action, data, url)

    listing = sqs._act_list_queues

    def list_queues(data: dict[str, Any], url: str) -> dict[str, Any]:
        answer: dict[str, Any] = listing(data, url)
        if not answer.get("QueueUrls"):
            answer.pop("QueueUrls", None)  # AWS leaves the key out
        return answer

    sqs._HANDLERS["ListQueues"] = list_queues
    sqs._dispatch = checked
    sqs._get_q = get_queue
