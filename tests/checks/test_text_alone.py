"""What a pasted text says without the function's sources: the line that failed, or words alone."""

from __future__ import annotations

import pytest

from sqsctl.model.finding import Finding
from sqsctl.operations.diagnosis.explain import explain


def first(text: str) -> Finding:
    return explain(text).findings[0]


def traceback(error: str, line: str, *, above: str = "") -> str:
    frames = [f'  File "/var/task/worker.py", line 3, in handler\n    {above}'] if above else []
    frames.append(f'  File "/var/task/worker.py", line 9, in work\n    {line}')
    return "\n".join((f"[ERROR] {error}", "Traceback (most recent call last):", *frames))


def node(kind: str, message: str) -> str:
    return (
        "2026-11-20T10:00:00.000Z\t0c2f6a0e-3f5b-4a9f-9a55-0a1b2c3d4e5f\tERROR\tInvoke Error \t"
        f'{{"errorType":"{kind}","errorMessage":"{message}","stack":["{kind}: {message}",'
        '"    at Runtime.handler (/var/task/index.js:7:26)"]}'
    )


def as_lambda_indents(text: str) -> str:
    """With the no-break spaces of the Python runtime, and the marks of Python 3.11 and later."""
    lines = []
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(bare)) + bare)
        if line.startswith("    "):
            lines.append("\u00a0" * 4 + "       ~~~~^^^^^^^^^")
    return "\n".join(lines)


INDEX = "TypeError: string indices must be integers, not 'str'"
NOT_TEXT = "TypeError: the JSON object must be str, bytes or bytearray, not dict"


@pytest.mark.parametrize(
    "text",
    [
        traceback(INDEX, 'print(msg["x"])', above='order(json.loads(record["body"]))'),
        traceback(INDEX, "total = order['total']"),
        traceback("KeyError: 'Records'", 'for each in body["Records"]:'),
        traceback("KeyError: 'body'", 'text = msg["body"]'),
        traceback("KeyError: 'body'", 'text = json.loads(record["body"])["body"]'),
        traceback(NOT_TEXT, 'data = json.loads(payload["data"])'),
        traceback(NOT_TEXT, 'data = json.loads(record["body"])'),
        node("TypeError", "body.Records is not iterable"),
        node("TypeError", "msg.records.map is not a function"),
    ],
)
def test_what_the_line_calls_otherwise_is_no_event(text: str) -> None:
    assert first(text).id == "unhandled-error"
    assert first(as_lambda_indents(text)).id == "unhandled-error"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (traceback("KeyError: 'body'", 'text = event["body"]'), "body"),
        (traceback("KeyError: 'body'", 'text = json.loads(event["body"])["body"]'), "body"),
        (traceback("KeyError: 'Sns'", 'text = record["Sns"]["Message"]'), "an SNS event"),
        (traceback("KeyError: 'detail'", 'order = event["detail"]'), "an EventBridge event"),
        (traceback(NOT_TEXT, "data = json.loads(event)"), "an object already"),
        (traceback("KeyError: 'Body'", "text = message['Body']"), "Body"),
        (traceback("KeyError: 'ReceiptHandle'", "done(item['ReceiptHandle'])"), "ReceiptHandle"),
        (node("TypeError", "event.Records is not iterable"), "Records"),
    ],
)
def test_what_the_line_calls_the_event_is_one(text: str, says: str) -> None:
    finding = first(text)
    assert finding.id == "event-shape"
    assert says in finding.title


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('url = os.environ["QUEUE_URL"]', "env-var-missing"),
        ('url = config["QUEUE_URL"]', "unhandled-error"),
        ("sku = item['QUEUE_URL']", "unhandled-error"),
        ('return {}["QUEUE_URL"]', "unhandled-error"),
    ],
)
def test_a_variable_is_one_where_the_line_reads_the_environment(line: str, expected: str) -> None:
    text = traceback("KeyError: 'QUEUE_URL'", line)
    assert first(text).id == expected
    assert first(as_lambda_indents(text)).id == expected


def test_a_list_of_problems_is_told_by_its_words() -> None:
    problems = (
        '[\\n  {\\n    \\"path\\": [\\"orderId\\"],\\n    \\"message\\": \\"Required\\"\\n  }\\n]'
    )
    assert '"path": ["orderId"], "message": "Required"' in first(node("ZodError", problems)).title
