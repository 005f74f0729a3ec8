"""Batch calls of SQS and what became of each entry.

An entry was accepted, was rejected, or nobody can say (``unknown``): the answer was
lost, torn, a 5xx, or does not mention it. Errors that stop every further call
(credentials, permissions, no such queue) are raised as SqsctlError. There is no
retry here: a send that is tried again silently can double messages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqsctl.aws.sqs.checksums import intact
from sqsctl.aws.translate import (
    STUMBLES,
    THROTTLED,
    ForeignAnswerError,
    client_error,
    core_error,
    error_code,
    of_the_answer,
)
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.model.outcome import Acceptance, BatchResult, Rejection

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# SQS counts requests by its own names; botocore's legacy table adds the generic ones.
_THROTTLED = THROTTLED | {"OverLimit", "AWS.SimpleQueueService.OverLimit"}


def run_batch(
    call: Callable[[], Mapping[str, Any]],
    size: int,
    *,
    what: str,
    sent: Sequence[Outgoing] | None = None,
) -> BatchResult:
    """Make one batch call of ``size`` entries whose Ids are "0", "1", ….

    ``sent`` are the messages, for the comparison of checksums. Raises SqsctlError for
    what no retry and no other entry can mend.
    """
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    from sqsctl.aws.requests.deadlines import NotWaitedForError

    everything = range(size)
    try:
        answer = call()
    except boto.ClientError as error:
        return _refused(error, size, what)
    except (
        boto.ConnectTimeoutError,
        boto.EndpointConnectionError,
        boto.ProxyConnectionError,
    ) as error:
        # No connection was made, so nothing was sent: safe to try again.
        return _all_rejected(everything, "unreachable", str(error), sender_fault=False)
    except boto.SSLError as error:
        raise core_error(error, what) from error
    except NotWaitedForError as error:
        if not error.sent:
            return _all_rejected(everything, "unreachable", str(error), sender_fault=False)
        return BatchResult(unknown=tuple(everything), unknown_reason=str(error))
    except (boto.HTTPClientError, boto.ResponseStreamingError) as error:
        return BatchResult(unknown=tuple(everything), unknown_reason=str(error))
    except boto.BotoCoreError as error:
        raise core_error(error, what) from error
    except (ResponseParserError, ForeignAnswerError, *STUMBLES) as error:
        if isinstance(error, STUMBLES) and not of_the_answer(error):
            raise
        why = f"the answer is not one of AWS's: {error}"
        return BatchResult(unknown=tuple(everything), unknown_reason=why)
    return _sorted_out(answer, size, sent)


def _refused(error: ClientError, size: int, what: str) -> BatchResult:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    text = str(error.response.get("Error", {}).get("Message") or code)
    if code in _THROTTLED or status == 429:
        return _all_rejected(range(size), code or "throttled", text, sender_fault=False)
    if status >= 500:
        return BatchResult(
            unknown=tuple(range(size)), unknown_reason=f"{status} {code}: {text}".strip()
        )
    translated = client_error(error, what)
    if translated.code == "redirected":
        raise translated from error
    # A key that may not be used stops every message of the queue alike.
    if translated.exit in {Exit.DENIED, Exit.NOT_FOUND} or code.startswith(("Kms", "KMS.")):
        raise translated from error
    return _all_rejected(range(size), code or "rejected", text, sender_fault=True)


def _all_rejected(
    places: Sequence[int], code: str, message: str, *, sender_fault: bool
) -> BatchResult:
    return BatchResult(
        rejected=tuple(Rejection(place, code, message, sender_fault) for place in places),
        whole=True,
    )


def _sorted_out(
    answer: Mapping[str, Any], size: int, sent: Sequence[Outgoing] | None
) -> BatchResult:
    accepted: list[Acceptance] = []
    rejected: list[Rejection] = []
    damaged: list[int] = []
    missing = {str(place): place for place in range(size)}
    failed = {_text(each, "Id"): each for each in _entries(answer, "Failed")}
    contradicted = {
        key for each in _entries(answer, "Successful") if (key := _text(each, "Id")) in failed
    }
    for each in _entries(answer, "Successful"):
        key = _text(each, "Id")
        place = None if key in contradicted else missing.pop(key, None)
        if place is None:
            continue
        if sent is not None and not intact(sent[place], each):
            damaged.append(place)
            continue
        accepted.append(
            Acceptance(
                place,
                _text(each, "MessageId"),
                _text(each, "MD5OfMessageBody"),
                _text(each, "SequenceNumber") or None,
            )
        )
    for key, each in failed.items():
        # Called failed and successful in one answer: nobody knows, and it is no success.
        place = None if key in contradicted else missing.pop(key, None)
        if place is not None:
            code = str(each.get("Code", ""))
            # Emulators give no SenderFault on throttling, AWS gives false: the code decides.
            fault = bool(each.get("SenderFault", True)) and code not in _THROTTLED
            rejected.append(Rejection(place, code, str(each.get("Message") or code), fault))
    return BatchResult(
        tuple(accepted),
        tuple(rejected),
        tuple(missing.values()),
        _why_unknown(missing, contradicted),
        tuple(damaged),
    )


def _why_unknown(missing: Mapping[str, int], contradicted: Collection[str]) -> str:
    if any(key in contradicted for key in missing):
        return "the answer calls the message both successful and failed"
    return "the answer does not mention the message" if missing else ""


def _entries(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The entries of an answer; what has another form than an entry mentions nothing."""
    found = answer.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _text(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def joined(results: Sequence[BatchResult]) -> BatchResult:
    """Results of single sends as one result of a batch, in their order."""
    accepted: list[Acceptance] = []
    rejected: list[Rejection] = []
    unknown: list[int] = []
    damaged: list[int] = []
    for place, result in enumerate(results):
        accepted += [replace(each, index=place) for each in result.accepted]
        rejected += [replace(each, index=place) for each in result.rejected]
        unknown += [place for _ in result.unknown]
        damaged += [place for _ in result.damaged]
    reasons = dict.fromkeys(each.unknown_reason for each in results if each.unknown_reason)
    return BatchResult(
        tuple(accepted), tuple(rejected), tuple(unknown), "; ".join(reasons), tuple(damaged)
    )


@contextmanager
def readable(what: str) -> Iterator[None]:
    """An answer that cannot be read is as good as none: worth another try."""
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (ResponseParserError, UnicodeDecodeError) as error:
        raise SqsctlError(
            f"{what}: the answer cannot be read: {error}",
            hint="try again; check --endpoint-url",
            exit=Exit.UNAVAILABLE,
            code="unreadable",
        ) from error
