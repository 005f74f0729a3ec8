"""``aws`` command lines are read as the AWS CLI reads them, and carried out by botocore."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.cli_line import carry_out, read
from sqsctl.errors import UsageError


def parameters(*words: str) -> dict[str, Any]:
    return dict(read(words).parameters)


def test_names_are_kebab_case_of_the_model() -> None:
    called = read(("lambda", "update-function-configuration", "--function-name", "f"))
    assert (called.service, called.operation) == ("lambda", "UpdateFunctionConfiguration")
    assert called.parameters == {"FunctionName": "f"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (("--timeout", "30"), {"Timeout": 30}),
        (
            ("--environment", '{"Variables": {"A": "b"}}'),
            {"Environment": {"Variables": {"A": "b"}}},
        ),
        (("--vpc-config", "SubnetIds=[a,b]"), {"VpcConfig": {"SubnetIds": ["a", "b"]}}),
        (("--layers", "one", "two"), {"Layers": ["one", "two"]}),
    ],
)
def test_values_are_json_shorthand_or_plain(given: tuple[str, ...], meant: dict[str, Any]) -> None:
    assert parameters("lambda", "update-function-configuration", *given) == meant


def test_a_truth_has_two_options() -> None:
    update = ("lambda", "update-event-source-mapping", "--uuid", "u")
    assert parameters(*update, "--enabled")["Enabled"] is True
    assert parameters(*update, "--no-enabled")["Enabled"] is False
    shorthand = parameters(*update, "--scaling-config", "MaximumConcurrency=2")
    assert shorthand["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(b"\x00PK")
    (tmp_path / "e.json").write_text('{"Variables": {"A": "b"}}')
    code = ("lambda", "update-function-code", "--zip-file", f"fileb://{tmp_path}/f.zip")
    assert parameters(*code)["ZipFile"] == b"\x00PK"
    setting = ("lambda", "update-function-configuration", "--environment")
    assert parameters(*setting, f"file://{tmp_path}/e.json")["Environment"]["Variables"]["A"] == "b"
    with pytest.raises(UsageError, match="cannot be read"):
        parameters(*setting, f"file://{tmp_path}/none.json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a service"),
        (("sqs",), "name a service"),
        (("sqz", "list-queues"), "there is no service sqz"),
        (("sqs", "list-queue"), "sqs has no operation list-queue"),
        (("sqs", "list-queues", "--queue", "x"), "has no option --queue"),
        (("lambda", "get-function", "--function-name", "a", "--function-name", "b"), "twice"),
        (("lambda", "update-function-configuration", "--timeout", "soon"), "is no integer"),
        (("sqs", "list-queues", "--output", "table"), "--output table"),
        (("s3", "cp", "a", "b"), "has no operation cp"),
    ],
)
def test_what_is_no_call_is_refused(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(words)


class _Session:
    """A session whose one client answers with what it was asked."""

    def client(self, service: str) -> Any:
        class Client:
            @staticmethod
            def list_queues(**given: object) -> dict[str, Any]:
                return {"QueueUrls": [service, *given], "ResponseMetadata": {"RequestId": "r"}}

        return Client()


def test_the_answer_is_shown_as_the_cli_shows_it() -> None:
    session: Any = _Session()
    whole = carry_out(session, read(("sqs", "list-queues", "--queue-name-prefix", "a")))
    assert json.loads(whole) == {"QueueUrls": ["sqs", "QueueNamePrefix"]}
    part = read(("sqs", "list-queues", "--query", "QueueUrls[0]", "--output", "text"))
    assert carry_out(session, part) == "sqs"
    with pytest.raises(UsageError, match="--query"):
        carry_out(session, read(("sqs", "list-queues", "--query", "[[")))
