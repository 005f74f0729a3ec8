"""Carrying out the calls of a fix."""

from __future__ import annotations

import pytest

from sqsctl.aws.fix_calls import run_step
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.remedy import Call
from tests.aws.stubs import Stubbed

UUID = "1fd6728e-3f06-49fe-8287-48754dcf6091"


def test_parameters_are_passed_as_boto3_takes_them() -> None:
    aws = Stubbed()
    aws.answer(
        "sqs",
        "set_queue_attributes",
        {},
        {"QueueUrl": "https://q", "Attributes": {"VisibilityTimeout": "36"}},
    )
    step = Call(
        "sqs",
        "set_queue_attributes",
        (("QueueUrl", "https://q"), ("Attributes", {"VisibilityTimeout": "36"})),
    )
    run_step(aws.session, step)
    aws.done()


def test_a_mapping_is_waited_for_until_it_has_settled() -> None:
    aws = Stubbed()
    aws.answer("lambda", "update_event_source_mapping", {"UUID": UUID, "State": "Enabling"})
    aws.answer("lambda", "get_event_source_mapping", {"UUID": UUID, "State": "Enabling"})
    aws.answer("lambda", "get_event_source_mapping", {"UUID": UUID, "State": "Enabled"})
    waits: list[float] = []
    step = Call("lambda", "update_event_source_mapping", (("UUID", UUID), ("Enabled", True)))
    run_step(aws.session, step, sleep=waits.append)
    assert len(waits) == 1
    aws.done()


def test_what_never_settles_is_said() -> None:
    aws = Stubbed()
    aws.answer("lambda", "update_function_configuration", {})
    for _ in range(3):
        aws.answer("lambda", "get_function_configuration", {"LastUpdateStatus": "InProgress"})
    step = Call("lambda", "update_function_configuration", (("FunctionName", "f"), ("Timeout", 20)))
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 40

    with pytest.raises(SqsctlError) as raised:
        run_step(aws.session, step, sleep=sleep, now=lambda: now[0])
    assert raised.value.exit is Exit.UNAVAILABLE


def test_a_refused_step_is_an_error() -> None:
    aws = Stubbed()
    aws.refuse(
        "sqs", "set_queue_attributes", "AccessDenied", "not authorized to perform: sqs:setqueue"
    )
    step = Call("sqs", "set_queue_attributes", (("QueueUrl", "https://q"), ("Attributes", {})))
    with pytest.raises(SqsctlError) as raised:
        run_step(aws.session, step)
    assert raised.value.exit is Exit.DENIED
