"""Event source mappings as the model has them."""

from __future__ import annotations

import pytest

from sqsctl.aws.mappings import MappingClient, mapping
from sqsctl.errors import NotFoundError
from tests.aws.stubs import Stubbed

UUID = "1fd6728e-3f06-49fe-8287-48754dcf6091"
OTHER = "2fd6728e-3f06-49fe-8287-48754dcf6091"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
FUNCTION = "arn:aws:lambda:ap-northeast-2:123456789012:function:worker"


def test_a_mapping_on_an_alias() -> None:
    found = mapping(
        {
            "UUID": "u",
            "EventSourceArn": QUEUE,
            "FunctionArn": f"{FUNCTION}:live",
            "State": "Disabled",
            "StateTransitionReason": "USER_INITIATED",
            "BatchSize": 5,
            "MaximumBatchingWindowInSeconds": 3,
            "ScalingConfig": {"MaximumConcurrency": 2},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
            "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 40},
            "MetricsConfig": {"Metrics": ["EventCount"]},
        }
    )
    assert (found.function_name, found.qualifier) == ("worker", "live")
    assert (found.state, found.batch_size, found.window_s) == ("Disabled", 5, 3)
    assert found.maximum_concurrency == 2
    assert found.reports_batch_item_failures
    assert found.filters == ('{"body": {"a": [1]}}',)
    assert found.provisioned_pollers
    assert (found.minimum_pollers, found.maximum_pollers) == (2, 40)
    assert found.counts_events
    assert found.filters_error is None


def test_filters_that_a_key_hides_are_not_the_same_as_none() -> None:
    shape = {
        "UUID": "u",
        "FunctionArn": FUNCTION,
        "State": "Enabled",
        "FilterCriteriaError": {"ErrorCode": "KMSAccessDenied", "Message": "no decrypt"},
    }
    found = mapping(shape)
    assert (found.filters, found.filters_error) == ((), "no decrypt")
    assert not found.provisioned_pollers


def test_all_pages_are_read_and_a_stream_is_no_queue() -> None:
    aws = Stubbed()
    stream = "arn:aws:kinesis:ap-northeast-2:123456789012:stream/s"
    first = {
        "EventSourceMappings": [
            {"UUID": OTHER, "EventSourceArn": stream, "FunctionArn": FUNCTION, "State": "Enabled"}
        ],
        "NextMarker": "m",
    }
    second = {
        "EventSourceMappings": [
            {"UUID": UUID, "EventSourceArn": QUEUE, "FunctionArn": FUNCTION, "State": "Enabled"}
        ]
    }
    aws.answer("lambda", "list_event_source_mappings", first, {"FunctionName": "worker"})
    aws.answer(
        "lambda",
        "list_event_source_mappings",
        second,
        {"FunctionName": "worker", "Marker": "m"},
    )
    found = MappingClient(aws.session).of_function("worker")
    assert [(each.uuid, each.of_queue) for each in found] == [(OTHER, False), (UUID, True)]
    aws.done()


def test_switching_one_on_and_off() -> None:
    aws = Stubbed()
    answer = {"UUID": UUID, "EventSourceArn": QUEUE, "FunctionArn": FUNCTION, "State": "Disabling"}
    aws.answer("lambda", "update_event_source_mapping", answer, {"UUID": UUID, "Enabled": False})
    assert MappingClient(aws.session).set_enabled(UUID, enabled=False).state == "Disabling"


def test_a_mapping_that_is_not_there() -> None:
    aws = Stubbed()
    aws.refuse("lambda", "get_event_source_mapping", "ResourceNotFoundException", status=404)
    with pytest.raises(NotFoundError):
        MappingClient(aws.session).get(UUID)
