"""The partition of a region."""

from __future__ import annotations

import pytest

from sqsctl.model.arns import arn_of, partition_of


@pytest.mark.parametrize(
    ("said", "partition"),
    [
        ("ap-northeast-2", "aws"),
        ("", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
        ("arn:aws-cn:sqs:cn-north-1:111122223333:jobs", "aws-cn"),
    ],
)
def test_a_region_or_an_arn_tells_its_partition(said: str, partition: str) -> None:
    assert partition_of(said) == partition


def test_an_arn_is_made_in_the_partition_of_its_region() -> None:
    assert arn_of("cn-north-1", "sqs", "1", "jobs") == "arn:aws-cn:sqs:cn-north-1:1:jobs"
    assert arn_of("eu-west-1", "lambda", "1", "layer:a") == "arn:aws:lambda:eu-west-1:1:layer:a"
