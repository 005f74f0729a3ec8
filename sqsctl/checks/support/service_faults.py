"""Whose fault a bad answer is: the service's, or that of what it was asked."""

from __future__ import annotations

import re
from enum import StrEnum


class Fault(StrEnum):
    """What was wrong when a service refused a call."""

    SERVICE = "the service"
    CALL = "the call"  # it would be refused again as it is
    ABSENT = "what it asks for"  # a table, an object, a page that is not there
    REFUSED = "who asks"  # a token or key that an HTTP API does not take


# Answers that a call with a condition is made for: the service works. Where one of them ended
# an invocation, the code's own handling of it is at fault.
EXPECTED = re.compile(
    r"\b(?:ConditionalCheckFailed(?:Exception)?|PreconditionFailed(?:Exception)?|NotModified"
    r"|\w{0,40}Already(?:Exists|InUse|OwnedByYou)(?:Exception|Fault)?|IdempotentParameterMismatch"
    r"(?:Exception)?|DuplicateTransactionException)\b"
)
_ABSENT = re.compile(
    r"\b(?:ResourceNotFound(?:Exception|Fault)?|NoSuch(?:Key|Bucket|Upload|Entity\w*|Version)"
    r"|NotFoundException|ParameterNotFound|StateMachineDoesNotExist|TableNotFoundException"
    r"|\w{1,40}(?:NotFoundFault|DoesNotExist(?:Exception)?))\b"
    r"|The specified (?:key|bucket) does not exist|Requested resource not found"
    r"|(?:status code|Status Code:?|StatusCode:?|HTTP Error|Response code|status:?) 404\b"
    r"|\b404 Client Error|httpStatusCode[\"']?: 404|\b404 Not Found\b|\(404\) when calling"
    r"|relation \"[^\"\n]{1,80}\" does not exist|Table '[^'\n]{1,120}' doesn't exist"
)
_REFUSED = re.compile(
    r"(?:status code|Status Code:?|StatusCode:?|HTTP Error|Response code|status:?) 40[13]\b"
    r"|\b40[13] Client Error|\b401 Unauthorized\b|\b403 Forbidden\b|WRONGPASS|NOAUTH"
    r"|password authentication failed|Access denied for user"
)
_CALL = re.compile(
    r"\b(?:Validation(?:Exception|Error)|Serialization(?:Exception|Error)|Missing(?:Required)?Parameter"
    r"|Invalid(?:Parameter\w{0,30}|Request(?:Exception|ContentException)?|Argument(?:Exception)?"
    r"|Input(?:Exception)?|AttributeName|AttributeValue|MessageContents|BatchEntryId|ARN\w{0,20})"
    r"|EmptyBatchRequest|BatchEntryIdsNotDistinct|TooManyEntriesInBatchRequest|UnsupportedOperation"
    r"|MalformedQueryString|ItemCollectionSizeLimitExceededException|BadRequest(?:Exception)?)\b"
    r"|(?:must|may|can) not contain the parameter|must contain the parameter"
    r"|parameter \w{1,60} is invalid"
    r"|(?:status code|Status Code:?|StatusCode:?|HTTP Error|Response code|status:?)"
    r" 4(?:00|05|06|09|1[0-57]|22)\b"
    r"|\b4(?:00|05|09|15|22) Client Error|httpStatusCode[\"']?: 400\b"
    r"|duplicate key value|E11000"
)


def fault_of(text: str) -> Fault:
    """Whose fault the answer is that an error's text tells of."""
    for fault, pattern in (
        (Fault.ABSENT, _ABSENT),
        (Fault.REFUSED, _REFUSED),
        (Fault.CALL, _CALL),
    ):
        if pattern.search(text):
            return fault
    return Fault.SERVICE
