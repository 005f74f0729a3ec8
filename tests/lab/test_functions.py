"""The tutorial's functions, over HTTP and through the queue, in both languages."""

from __future__ import annotations

import json

import pytest

from tests.lab.conftest import Tutorial, until

pytestmark = pytest.mark.lab


@pytest.fixture(params=["python", "nodejs"])
def stack(request: pytest.FixtureRequest) -> Tutorial:
    name = "tutorial" if request.param == "python" else "node_tutorial"
    found: Tutorial = request.getfixturevalue(name)
    return found


def test_a_posted_number_comes_out_of_the_queue_plus_one(stack: Tutorial) -> None:
    assert stack.post("/produce", '{"input": 1}') == (200, '{"message":"Message accepted!"}')
    line = until(
        lambda: [each for each in stack.log() if "메시지를 받았습니다. 입력값: 1, 결과: 2" in each]
    )
    assert len(line) == 1
    assert any(each.endswith('Message Body:  {"input": 1}\n') for each in stack.log())
    until(lambda: stack.count(stack.queue) == 0)


def test_step_one_answers_with_the_input_plus_one(stack: Tutorial) -> None:
    status, text = stack.post("/", '{ "input": 1 }')
    assert status == 200
    assert json.loads(text) == {"message": "메시지를 받았습니다. 입력값: 1, 결과: 2"}
    assert text.startswith("{\n  ")


@pytest.mark.parametrize(
    "body", ['{"input": "스트링"}', "no json", "", "[]", '{"input": true}', "{}"]
)
def test_step_one_refuses_what_is_no_number(stack: Tutorial, body: str) -> None:
    status, text = stack.post("/", body)
    assert (status, json.loads(text)) == (400, {"message": "입력값이 숫자가 아닙니다."})


def test_no_body_is_refused(stack: Tutorial) -> None:
    assert stack.post("/produce", "") == (400, '{"message":"No body was found"}')


def test_an_unknown_route_is_not_found(tutorial: Tutorial) -> None:
    assert tutorial.post("/nope", "{}") == (404, '{"message":"Not Found"}')


def test_a_message_carries_the_tutorials_attribute(tutorial: Tutorial) -> None:
    tutorial.session.functions().update_event_source_mapping(
        UUID=tutorial.mapping()["UUID"], Enabled=False
    )
    tutorial.produce(1)
    got = tutorial.session.sqs().receive_message(
        QueueUrl=tutorial.queue, MessageAttributeNames=["All"], WaitTimeSeconds=2
    )["Messages"][0]
    assert got["Body"] == '{"input": 1}'
    assert got["MessageAttributes"] == {
        "AttributeName": {"StringValue": "Attribute Value", "DataType": "String"}
    }


@pytest.mark.parametrize("body", ['{"input": "x"}', "hello", "{}", "[1]", '{"input": true}'])
def test_bad_input_fails_the_invocation(tutorial: Tutorial, body: str) -> None:
    tutorial.session.sqs().send_message(QueueUrl=tutorial.queue, MessageBody=body)
    error = until(lambda: [each for each in tutorial.log() if each.startswith("[ERROR] ")])
    assert error[0].split(":")[0] in {"[ERROR] ValueError", "[ERROR] JSONDecodeError"}
    assert tutorial.count(tutorial.queue) + tutorial.count(tutorial.dead_letters) == 1


def test_one_bad_message_in_a_batch_does_not_hold_up_the_others(tutorial: Tutorial) -> None:
    lambdas = tutorial.session.functions()
    lambdas.update_event_source_mapping(UUID=tutorial.mapping()["UUID"], Enabled=False)
    entries = [{"Id": str(n), "MessageBody": json.dumps({"input": n})} for n in range(4)]
    entries.append({"Id": "bad", "MessageBody": "hello"})
    tutorial.session.sqs().send_message_batch(QueueUrl=tutorial.queue, Entries=entries)  # type: ignore[arg-type]
    lambdas.update_event_source_mapping(UUID=tutorial.mapping()["UUID"], Enabled=True, BatchSize=10)
    until(lambda: tutorial.results() == {0, 1, 2, 3})
    until(lambda: tutorial.count(tutorial.queue) == 1)
    lambdas.update_event_source_mapping(UUID=tutorial.mapping()["UUID"], Enabled=False)
    assert not any(each.startswith("[ERROR]") for each in tutorial.log())
