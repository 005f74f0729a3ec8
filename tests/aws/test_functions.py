"""Functions as the model has them; what of their environment may be seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws.functions import FunctionClient, environment, function, is_queue_url, split_arn
from sqsctl.errors import NotFoundError, SqsctlError
from tests.aws.stubs import Stubbed

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:function:worker"


def test_a_configuration_is_read_whole() -> None:
    found = function(
        {
            "FunctionName": "worker",
            "FunctionArn": ARN,
            "Runtime": "nodejs18.x",
            "Role": "arn:aws:iam::123456789012:role/r",
            "Handler": "handler.consumer",
            "CodeSize": 119_000,
            "Timeout": 6,
            "MemorySize": 1024,
            "LastModified": "2026-11-23T05:00:00.123+0000",
            "CodeSha256": "abc=",
            "Version": "$LATEST",
            "VpcConfig": {"SubnetIds": ["s-1"], "SecurityGroupIds": ["sg-1"]},
            "Environment": {"Variables": {"QUEUE_URL": "x"}},
            "Layers": [{"Arn": "arn:aws:lambda:ap-northeast-2:1:layer:l:3"}],
            "State": "Failed",
            "StateReason": "because",
            "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": "why",
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "LoggingConfig": {
                "LogFormat": "JSON",
                "LogGroup": "/own",
                "ApplicationLogLevel": "WARN",
                "SystemLogLevel": "INFO",
            },
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:ap-northeast-2:123456789012:lost"},
        }
    )
    assert (found.name, found.runtime, found.timeout_s, found.memory_mb) == (
        "worker",
        "nodejs18.x",
        6,
        1024,
    )
    assert found.last_modified == datetime(2026, 11, 23, 5, 0, 0, 123_000, tzinfo=UTC)
    assert (found.log_group, found.log_format) == ("/own", "JSON")
    assert (found.application_log_level, found.system_log_level) == ("WARN", "INFO")
    assert found.dead_letter_target_arn == "arn:aws:sqs:ap-northeast-2:123456789012:lost"
    assert found.layers == ("arn:aws:lambda:ap-northeast-2:1:layer:l:3",)
    assert (found.state, found.last_update_status) == ("Failed", "Failed")
    assert found.environment == {"QUEUE_URL": None}


def test_what_is_missing_keeps_awss_defaults() -> None:
    found = function({"FunctionName": "worker"})
    assert (found.timeout_s, found.memory_mb, found.architectures) == (3, 128, ("x86_64",))
    assert (found.log_group, found.log_format) == ("/aws/lambda/worker", "Text")
    assert found.last_modified is None


def test_an_images_handler_is_its_command() -> None:
    found = function(
        {
            "FunctionName": "w",
            "PackageType": "Image",
            "ImageConfigResponse": {"ImageConfig": {"Command": ["app.main"]}},
        }
    )
    assert (found.package_type, found.handler) == ("Image", "app.main")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("QUEUE_NAME", "jobs-dev", True),
        ("JOBS_QUEUE", "jobs-dev.fifo", True),
        ("SQS_QUEUE_NAME", "https://user:pass@example.com/jobs", False),
        ("QUEUE_PASSWORD", "jobs-dev", False),
        ("PASSWORD", "jobs-dev", False),
    ],
)
def test_a_queues_name_is_shown_where_the_variable_says_so(
    name: str, value: str, *, shown: bool
) -> None:
    assert environment({name: value}) == {name: value if shown else None}


@pytest.mark.parametrize(
    "shown",
    [
        "https://sqs.ap-northeast-2.amazonaws.com/123456789012/tutorial-step-2-dev-jobs",
        "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs.fifo",
        "https://ap-northeast-2.queue.amazonaws.com/123456789012/jobs",
        "http://127.0.0.1:4566/000000000000/jobs",
        "http://localhost:4566/queue/us-east-1/000000000000/jobs",
        "arn:aws:sqs:ap-northeast-2:123456789012:jobs",
        "ap-northeast-2",
        "",
        "undefined",
    ],
)
def test_values_that_name_aws_resources_are_shown(shown: str) -> None:
    assert environment({"A": shown}) == {"A": shown}


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        "https://user:pass@sqs.ap-northeast-2.amazonaws.com/123456789012/jobs",
        "https://sqs.ap-northeast-2.amazonaws.com/123456789012/jobs?token=abc",
        "https://hooks.slack.com/services/T0/B0/abcdef",
        "https://example.com/s3cr3t",
        "postgres://u:p@h/d",
        "AKIAIOSFODNN7EXAMPLE",
        "arn:aws:sqs:eu-west-1:1:jobs and a password",
        "0",
        "/aws/secret",
    ],
)
def test_every_other_value_is_not(secret: str) -> None:
    assert environment({"A": secret}) == {"A": None}


@given(st.text(min_size=1).filter(lambda text: "arn:" not in text and "://" not in text))
def test_no_text_that_is_no_address_is_a_queue_url(text: str) -> None:
    assert not is_queue_url(text)


def test_names_and_qualifiers_of_arns() -> None:
    assert split_arn(ARN) == ("worker", None)
    assert split_arn(f"{ARN}:live") == ("worker", "live")
    assert split_arn(f"{ARN}:$LATEST") == ("worker", "$LATEST")


def test_a_function_that_is_not_there_is_not_found() -> None:
    aws = Stubbed()
    aws.refuse("lambda", "get_function_configuration", "ResourceNotFoundException", status=404)
    with pytest.raises(NotFoundError) as raised:
        FunctionClient(aws.session).get("worker")
    assert raised.value.code == "function_not_found"


def test_no_policy_is_an_answer_and_a_denied_one_is_not() -> None:
    aws = Stubbed()
    aws.refuse("lambda", "get_policy", "ResourceNotFoundException", status=404)
    assert FunctionClient(aws.session).policy("worker").document is None
    aws.refuse(
        "lambda",
        "get_policy",
        "AccessDeniedException",
        "User: x is not authorized to perform: lambda:GetPolicy on resource: y",
        403,
    )
    with pytest.raises(SqsctlError) as raised:
        FunctionClient(aws.session).policy("worker")
    assert raised.value.action == "lambda:GetPolicy"


def test_no_reserved_concurrency_and_none_at_all_differ() -> None:
    aws = Stubbed()
    aws.answer("lambda", "get_function_concurrency", {})
    aws.answer("lambda", "get_function_concurrency", {"ReservedConcurrentExecutions": 0})
    client = FunctionClient(aws.session)
    assert client.reserved("worker").limit is None
    assert client.reserved("worker").limit == 0


def test_functions_are_listed_page_by_page_up_to_a_limit() -> None:
    aws = Stubbed()
    aws.answer(
        "lambda", "list_functions", {"Functions": [{"FunctionName": "a"}], "NextMarker": "m"}, {}
    )
    page = {"Functions": [{"FunctionName": "b"}, {"FunctionName": "c"}], "NextMarker": "n"}
    aws.answer("lambda", "list_functions", page, {"Marker": "m"})
    assert [each.name for each in FunctionClient(aws.session).every(limit=3)] == ["a", "b", "c"]
    aws.done()


def test_an_alias_is_read_as_what_it_stands_for() -> None:
    aws = Stubbed()
    aws.answer(
        "lambda",
        "get_function_configuration",
        {"Version": "7", "CodeSha256": "old=", "LastModified": "2026-01-01T00:00:00.000+0000"},
        {"FunctionName": "worker", "Qualifier": "live"},
    )
    found = FunctionClient(aws.session).published("worker", "live")
    assert (found.qualifier, found.version, found.code_sha256) == ("live", "7", "old=")


def test_the_codes_address_is_not_shown_by_accident() -> None:
    aws = Stubbed()
    url = "https://awslambda-x-tasks.s3.ap-northeast-2.amazonaws.com/a?X-Amz-Signature=s3cr3t"
    aws.answer("lambda", "get_function", {"Code": {"Location": url}, "Configuration": {}})
    location = FunctionClient(aws.session).code("worker")
    assert location.url == url
    assert "s3cr3t" not in repr(location)


def test_what_managed_instances_run_is_a_qualifier() -> None:
    assert split_arn(f"{ARN}:$LATEST.PUBLISHED") == ("worker", "$LATEST.PUBLISHED")
