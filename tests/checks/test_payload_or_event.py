"""Whether the event, the message, another service or the environment was at fault.

The errors' words are the same; the line that failed and the function's source tell them apart.
"""

from __future__ import annotations

from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.logline import Failure
from sqsctl.model.stack import (
    FunctionLogs,
    Group,
    Package,
    Stack,
)
from tests.checks.build import WORKER, mapping


def found(
    failure: Failure, source: str = "", *, path: str = "app.py", consumer: bool = True, **more: Any
) -> Finding:
    """The finding for a failure of a function whose package holds the source."""
    function = Function(WORKER, "arn:x", handler="app.handler", **more)
    packages = (Package(WORKER, sources={path: source}),) if source else ()
    stack = Stack(
        "s",
        "eu-west-1",
        functions=Group((function,)),
        mappings=Group((mapping(),) if consumer else ()),
        packages=Group(packages),
        logs=Group((FunctionLogs(WORKER, "/aws/lambda/x", failures=(failure,)),)),
    )
    return next(each for each in diagnose(stack).findings if not each.explained_by)


def python(error: str, line: str, *, above: str = "", below: str = "", source: str = "") -> Failure:
    kind, _, message = error.partition(": ")
    number = source.split("\n").index(line) + 1 if source else 7
    trace = ["Traceback (most recent call last):"]
    if above:
        trace += ['  File "/var/task/app.py", line 3, in handler', f"    {above}"]
    trace += [f'  File "/var/task/app.py", line {number}, in work', f"    {line.strip()}"]
    return Failure(kind, message, trace=(*trace, *([below] if below else [])))


JSON_FRAME = (
    '  File "/var/lang/lib/python3.13/json/__init__.py", line 339, in loads\n    raise TypeError('
)

PAYLOAD = """import json
def place(order):
    return order["orderId"]
def handler(event, context):
    for r in event["Records"]:
        message = json.loads(r["body"])
        print(message["body"])
        print(json.loads(message["data"]))
        for entry in json.loads(r["body"])["Records"]: print(entry)
        place(message)
"""


@pytest.mark.parametrize("with_source", [True, False])
@pytest.mark.parametrize(
    ("error", "line", "below"),
    [
        ("TypeError: string indices must be integers, not 'str'", 2, ""),
        ("KeyError: 'body'", 6, ""),
        (
            "TypeError: the JSON object must be str, bytes or bytearray, not dict",
            7,
            JSON_FRAME,
        ),
        ("KeyError: 'Records'", 8, ""),
    ],
)
def test_an_error_in_the_payload_is_no_events(
    error: str, line: int, below: str, with_source: bool
) -> None:
    text = PAYLOAD.split("\n")[line]
    above = "place(json.loads(r['body']))" if line == 2 else "message = json.loads(r['body'])"
    failure = python(error, text, above=above, below=below, source=PAYLOAD)
    finding = found(failure, PAYLOAD if with_source else "")
    assert finding.id == "unhandled-error"
    assert error in finding.title
    assert "good" not in finding.fix.summary
    assert any(text.strip() in each.value for each in finding.evidence)


def test_text_in_a_field_of_the_message_is_the_messages() -> None:
    line = 'm=json.loads(r["body"]); print(m["customer"]["id"], n=m["points"])'
    source = f'def handler(event, ctx):\n    for r in event["Records"]:\n        {line}\n'
    failure = python("TypeError: string indices must be integers, not 'str'", line)
    assert found(failure, source).id == "unhandled-error"


def test_an_attribute_that_a_message_lacks_is_the_messages() -> None:
    line = "        print(r['messageAttributes']['tenant']['stringValue'])"
    source = f"def handler(event, ctx):\n    for r in event['Records']:\n{line}\n"
    assert found(python("KeyError: 'tenant'", line, source=source), source).id == "unhandled-error"


NODE_PAYLOAD = """exports.handler = async (event) => {
  for (const r of event.Records) {
    const m = JSON.parse(r.body);
    const p = JSON.parse(m.payload);
    const { customer } = m;
    console.log(customer.body.id);
  }
};"""


def node(kind: str, message: str, line: int, column: int, path: str = "app.js") -> Failure:
    frames = [f"    at exports.handler (/var/task/{path}:{line}:{column})"]
    if "JSON" in message:
        frames.insert(0, "    at JSON.parse (<anonymous>)")
    return Failure(kind, message, trace=tuple(frames))


@pytest.mark.parametrize(
    ("kind", "message", "line", "column"),
    [
        ("SyntaxError", '"undefined" is not valid JSON', 4, 20),
        ("TypeError", "Cannot read properties of undefined (reading 'body')", 6, 26),
    ],
)
def test_an_error_in_the_payload_of_a_javascript_consumer(
    kind: str, message: str, line: int, column: int
) -> None:
    failure = node(kind, message, line, column)
    assert found(failure, NODE_PAYLOAD, path="app.js").id == "unhandled-error"


def test_without_source_nobody_claims_to_know_where_undefined_came_from() -> None:
    finding = found(node("SyntaxError", '"undefined" is not valid JSON', 4, 20))
    assert finding.id == "event-shape"
    assert finding.confidence is Confidence.MEDIUM
    assert "as if it were not from SQS" not in finding.title
    assert "the message itself lacks the field" in finding.fix.summary


@pytest.mark.parametrize(
    ("source", "error", "line"),
    [
        ("def handler(event, context):\n    print(event['body'])", "KeyError: 'body'", 1),
        (
            "def handler(e, context):\n    body = json.loads(e['body'])",
            "KeyError: 'body'",
            1,
        ),
        (
            (
                "def handler(event, context):\n    for row in event['Records']:\n"
                "        print(row['Body'])"
            ),
            "KeyError: 'Body'",
            2,
        ),
        (
            "def handler(event, context):\n    for record in event:\n        print(record['body'])",
            "TypeError: string indices must be integers, not 'str'",
            2,
        ),
        (
            (
                "def one(m):\n    return m['body']['id']\n"
                "def handler(event, context):\n    for r in event['Records']:\n        one(r)"
            ),
            "TypeError: string indices must be integers, not 'str'",
            1,
        ),
    ],
)
def test_the_event_read_wrongly_is_told_for_sure(source: str, error: str, line: int) -> None:
    failure = python(error, source.split("\n")[line], source=source)
    finding = found(failure, source)
    assert finding.id == "event-shape"
    assert finding.confidence is Confidence.HIGH
    assert "as if it were not from SQS" in finding.title


@pytest.mark.parametrize(
    ("source", "kind", "message", "place", "says"),
    [
        (
            "exports.handler = async ({ detail }) => { console.log(detail.orderId) };",
            "TypeError",
            "Cannot read properties of undefined (reading 'orderId')",
            (1, 62),
            "as in an EventBridge event",
        ),
        (
            (
                "exports.handler = async (event) => {\n"
                "  const id = event.queryStringParameters.id;\n};"
            ),
            "TypeError",
            "Cannot read properties of undefined (reading 'id')",
            (2, 42),
            "as in an HTTP request",
        ),
        (
            (
                "exports.handler = async (e) => {\n  for (const rec of e.Records) {\n"
                "    const m = JSON.parse(rec.Body);\n  }\n};"
            ),
            "SyntaxError",
            '"undefined" is not valid JSON',
            (3, 20),
            "event.Records[n].body",
        ),
    ],
)
def test_the_envelope_of_another_source_is_named(
    source: str, kind: str, message: str, place: tuple[int, int], says: str
) -> None:
    finding = found(node(kind, message, *place), source, path="app.js")
    assert finding.id == "event-shape"
    assert finding.confidence is Confidence.HIGH
    assert says in finding.title


RATES = """import json, os
RATES = {"USD": 1}
TABLE = os.environ["LEDGER_TABLE"]
SETTINGS = dict(os.environ)
def handler(event, context):
    for r in event["Records"]:
        print(RATES[json.loads(r["body"])["currency"]])
        print(SETTINGS["STAGE"])
"""


def test_a_key_in_capitals_is_no_variable() -> None:
    failure = python("KeyError: 'EUR'", RATES.split("\n")[6], source=RATES)
    assert found(failure, RATES).id == "unhandled-error"
    assert found(failure).id == "unhandled-error"
    assert found(Failure("KeyError", "'EUR'"), RATES).id == "unhandled-error"
    assert found(Failure("KeyError", "'EUR'")).id == "unhandled-error"


def test_a_variable_is_one_where_the_code_reads_the_environment() -> None:
    line = RATES.split("\n")[7]
    for failure in (
        python("KeyError: 'STAGE'", line, source=RATES),
        Failure("KeyError", "'LEDGER_TABLE'"),
    ):
        finding = found(failure, RATES)
        assert finding.id == "env-var-missing"
        assert finding.confidence is Confidence.HIGH
    guessed = found(Failure("KeyError", "'LEDGER_TABLE'"))
    assert guessed.id == "env-var-missing"
    assert guessed.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "source",
    [
        "c.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: b }))",
        "const url = process.env.QUEUE;\nc.send({ QueueUrl: url, MessageBody: b })",
        "const { QUEUE } = process.env;\nc.send({ QueueUrl: QUEUE, MessageBody: b })",
    ],
)
def test_the_variable_that_the_code_reads_is_the_one_to_set(source: str) -> None:
    failure = Failure("MissingRequiredParameter", "Missing required key 'QueueUrl' in params")
    finding = found(failure, source, path="app.js", environment={"JOBS_QUEUE": "https://q"})
    assert finding.id == "env-var-missing"
    assert "QUEUE holds nothing" in finding.title
    assert finding.fix.summary.startswith("set QUEUE in ")
    told = {each.fact: each.value for each in finding.evidence}
    assert told["Environment QUEUE"] == "not set"
    assert "Environment QueueUrl" not in told


def test_no_variable_is_made_up_where_the_code_was_not_read() -> None:
    failure = Failure("MissingRequiredParameter", "Missing required key 'QueueUrl' in params")
    finding = found(failure, environment={"JOBS_QUEUE": "https://q"})
    assert "QUEUE_URL" not in f"{finding.title} {finding.fix.summary}"


@pytest.mark.parametrize(
    "line",
    [
        "price = fetch('https://prices.example').json()['price']",
        "answer = json.loads(response.text)",
        "answer = json.load(urlopen(request))",
        "answer = json.loads(s3.get_object(Bucket=b, Key=k)['Body'].read())",
    ],
)
def test_an_answer_that_is_no_json_is_not_the_message(line: str) -> None:
    failure = python("JSONDecodeError: Expecting value: line 1 column 1 (char 0)", line)
    finding = found(failure)
    assert finding.id == "downstream-error"
    assert "an answer that is not JSON" in finding.title


@pytest.mark.parametrize(
    "line", ["order = json.loads(r['body'])", "order = json.loads(record.body)"]
)
def test_a_message_that_is_no_json_stays_one(line: str) -> None:
    failure = python("JSONDecodeError: Expecting value: line 1 column 1 (char 0)", line)
    assert found(failure).id == "payload-not-json"


LOOP = "exports.handler = async (e) => {\n  for (const r of e.Records) %s\n};"


@pytest.mark.parametrize(
    "error",
    [
        "TypeError: Cannot read properties of undefined (reading 'stringValue')",
        "TypeError: Cannot read property 'stringValue' of undefined",
        "TypeError: Cannot read properties of undefined (reading 'binaryValue')",
        "TypeError: Cannot destructure property 'stringValue' of 'a.path' as it is undefined.",
        "TypeError: Cannot read properties of undefined (reading 'dataType')",
        "KeyError: 'stringValue'",
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        "",
        LOOP % "console.log(r.messageAttributes.Kind.stringValue);",
        LOOP % "{ const a = r.messageAttributes; console.log(a.path.stringValue); }",
    ],
    ids=["text alone", "its own name", "a name that events have, too"],
)
def test_an_attribute_that_a_message_lacks_is_one_cause_with_the_code_and_without(
    error: str, source: str
) -> None:
    kind, _, message = error.partition(": ")
    trace = (error, "    at exports.handler (/var/task/index.js:2:70)")
    assert found(Failure(kind, message, trace=trace), source, path="index.js").id == (
        "unhandled-error"
    )
