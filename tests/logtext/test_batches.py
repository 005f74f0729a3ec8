"""An error that only says that all records of a batch failed stands for theirs."""

from __future__ import annotations

import json

from sqsctl.logtext import events_from_text, read
from sqsctl.model.logline import Failure

PYTHON = """[ERROR] BatchProcessingError: All records failed processing. 2 individual errors logged separately below.

Traceback (most recent call last):
  File "/opt/python/aws_lambda_powertools/utilities/batch/base.py", line 564, in _process_record
    result = self.handler(record=data)
             ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/var/task/worker.py", line 6, in record_handler
    return item["total"]
           ~~~~^^^^^^^^^
KeyError: 'total'

Traceback (most recent call last):
  File "/opt/python/aws_lambda_powertools/utilities/batch/base.py", line 564, in _process_record
    result = self.handler(record=data)
             ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/var/task/worker.py", line 5, in record_handler
    item = json.loads(record.body)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)

Traceback (most recent call last):
  File "/var/task/worker.py", line 8, in handler
    return process_partial_response(event=event, record_handler=record_handler, processor=processor)
  File "/opt/python/aws_lambda_powertools/utilities/batch/base.py", line 329, in _clean
    raise BatchProcessingError("""  # noqa: E501


def only(text: str) -> Failure:
    (failure,) = read(events_from_text(text), excerpt=True).failures
    return failure


def record_error(kind: str, message: str) -> dict[str, object]:
    stack = [f"{kind}: {message}", "    at BatchProcessor.one (file:///var/task/index.mjs:3:77)"]
    return {"errorType": kind, "errorMessage": message, "stack": stack}


def batch_error(*children: dict[str, object], key: str = "recordErrors") -> dict[str, object]:
    return {
        "errorType": "FullBatchFailureError",
        "errorMessage": "All records failed processing. See individual errors below.",
        key: list(children),
        "stack": ["FullBatchFailureError: All records failed processing."],
    }


def head(error: dict[str, object]) -> str:
    return (
        "2026-11-20T10:00:00.000Z\t0c2f6a0e-3f5b-4a9f-9a55-0a1b2c3d4e5f\tERROR\tInvoke Error \t"
        + json.dumps(error)
    )


def test_the_first_of_pythons_tracebacks() -> None:
    failure = only(PYTHON)
    assert (failure.error_type, failure.message) == ("KeyError", "'total'")
    assert any("worker.py" in each for each in failure.trace)
    assert not failure.logged


def test_the_same_in_json() -> None:
    message = PYTHON.partition(": ")[2]
    record = {"errorMessage": message, "errorType": "BatchProcessingError", "stackTrace": []}
    assert only(json.dumps(record)).error_type == "KeyError"


def test_the_commonest_of_the_records_errors() -> None:
    errors = (
        record_error("SyntaxError", "no JSON"),
        record_error("Error", "no total"),
        record_error("Error", "no total"),
    )
    for key in ("recordErrors", "childErrors"):
        failure = only(head(batch_error(*errors, key=key)))
        assert (failure.error_type, failure.message) == ("Error", "no total")


def test_torn_before_its_end() -> None:
    text = json.dumps(batch_error(record_error("Error", "no total")), indent=4)
    failure = only(text[: text.rindex('"stack"')])
    assert failure.message == "no total"
    assert not failure.logged


def test_without_any_it_stands_for_itself() -> None:
    assert only(head(batch_error())).error_type == "FullBatchFailureError"
    error = PYTHON.split("\n", 1)[0]
    frame = '  File "/var/task/worker.py", line 8, in handler\n    work()'
    text = f"{error}\nTraceback (most recent call last):\n{frame}"
    assert only(text).error_type == "BatchProcessingError"


def test_however_deep() -> None:
    error = record_error("Error", "innermost")
    for _ in range(300):
        error = batch_error(error)
    assert only(head(error)).error_type == "FullBatchFailureError"
