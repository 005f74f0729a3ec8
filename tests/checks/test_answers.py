"""Whose fault it is that a service refused a call, as pasted text tells."""

from __future__ import annotations

import pytest

from sqsctl.checks.support.service_faults import Fault, fault_of
from sqsctl.model.finding import Finding
from sqsctl.operations.diagnosis.explain import explain


def told(text: str) -> Finding:
    (finding,) = explain(text).findings
    return finding


def boto(code: str, operation: str, message: str) -> str:
    return (
        f"[ERROR] ClientError: An error occurred ({code}) when calling the {operation} operation: "
        f"{message}\nTraceback (most recent call last):\n"
        '  File "/var/task/worker.py", line 9, in handler\n    call()'
    )


@pytest.mark.parametrize(
    ("text", "says", "summary"),
    [
        (
            boto(
                "MissingParameter",
                "SendMessage",
                "The request must contain the parameter MessageGroupId.",
            ),
            "makes a call that the service does not take as it is",
            "give the call a MessageGroupId",
        ),
        (
            boto("ValidationException", "PutItem", "Missing the key id in the item"),
            "makes a call that the service does not take as it is",
            "mend what the call sends",
        ),
        (
            boto("ResourceNotFoundException", "GetItem", "Requested resource not found"),
            "asks a service for what is not there",
            "compare the name, the region and the stage",
        ),
        (
            boto("NoSuchKey", "GetObject", "The specified key does not exist."),
            "asks a service for what is not there",
            "set such a message aside",
        ),
        (
            "[ERROR] HTTPError: 403 Client Error: Forbidden for url: https://api.example.com/v1",
            "is refused by a service",
            "check the key, token or password",
        ),
        (
            "[ERROR] HTTPError: 503 Server Error: Service Unavailable for url: https://a.example",
            "failed on a service",
            "look at that service first",
        ),
        (
            "[ERROR] TypeError: fetch failed\nTraceback (most recent call last):\n",
            "failed on a service",
            "log the error's cause",
        ),
        (
            boto("InternalServerError", "PutItem", "Internal server error"),
            "failed on a service",
            "look at that service first",
        ),
    ],
)
def test_the_title_and_the_fix_say_whose_fault_it_is(text: str, says: str, summary: str) -> None:
    finding = told(text)
    assert finding.id == "downstream-error"
    assert says in finding.title
    assert summary in finding.fix.summary


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("AxiosError: Request failed with status code 401", Fault.REFUSED),
        ("AxiosError: Request failed with status code 404", Fault.ABSENT),
        ("AxiosError: Request failed with status code 422", Fault.CALL),
        ("AxiosError: Request failed with status code 502", Fault.SERVICE),
        ('error: relation "orders" does not exist', Fault.ABSENT),
        ("duplicate key value violates unique constraint", Fault.CALL),
        ('password authentication failed for user "app"', Fault.REFUSED),
        ("Error: socket hang up", Fault.SERVICE),
        (
            (
                "operation error DynamoDB: PutItem, https response error StatusCode: 400, "
                "api error ValidationException: bad"
            ),
            Fault.CALL,
        ),
        ("HTTP Error 404: Not Found", Fault.ABSENT),
    ],
)
def test_whose_fault(text: str, fault: Fault) -> None:
    assert fault_of(text) is fault


def test_what_an_sdk_refuses_to_send_is_no_services_answer() -> None:
    text = (
        "[ERROR] TypeError: Float types are not supported. Use Decimal types instead.\n"
        "Traceback (most recent call last):\n"
        '  File "/var/task/worker.py", line 9, in handler\n    table.put_item(Item=item)\n'
        '  File "/var/runtime/botocore/client.py", line 515, in _api_call\n    return call()'
    )
    assert told(text).id == "unhandled-error"
