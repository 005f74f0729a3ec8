"""Who hears of a dead-lettered message: nobody, somebody, or nobody knows."""

from __future__ import annotations

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.alarms import Alarm, QueueAlarms
from sqsctl.model.finding import Finding
from tests.checks.build import ACCOUNT, DLQ, REGION, stack

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
DEPTH = "ApproximateNumberOfMessagesVisible"


def found(*alarms: Alarm) -> list[Finding]:
    built = stack(alarms=(QueueAlarms(DLQ, alarms),))
    return list(diagnose(built, only=("dlq-alarm-missing",)).findings)


@pytest.mark.parametrize(
    ("alarms", "says"),
    [
        ((), "no alarm watches it"),
        ((Alarm("a", "NumberOfMessagesSent", True, (TOPIC,), True),), "SQS moves never show"),
        ((Alarm("a", DEPTH, False, (TOPIC,), True),), "a are disabled"),
        ((Alarm("a", DEPTH, True, (), False),), "a has no action"),
        ((Alarm("a", DEPTH, True, (TOPIC,), False),), "without a confirmed subscription"),
    ],
)
def test_an_alarm_that_nobody_hears_is_none(alarms: tuple[Alarm, ...], says: str) -> None:
    (finding,) = found(*alarms)
    assert says in finding.title
    (command,) = [each for each in finding.fix.commands if "put-metric-alarm" in each]
    assert f"Name=QueueName,Value={DLQ}" in command or DLQ in command
    written = str(finding.fix.ways)
    assert "AWS::CloudWatch::Alarm" in written
    assert DEPTH in written


@pytest.mark.parametrize("reaches", [True, None])
def test_one_that_may_be_heard_is_left_alone(reaches: bool | None) -> None:
    silent = Alarm("other", "NumberOfMessagesSent", True, (TOPIC,), True)
    assert not found(silent, Alarm("a", DEPTH, True, (TOPIC,), reaches))


def test_a_topic_that_is_heard_already_is_taken() -> None:
    built = stack(
        alarms=(
            QueueAlarms("other-dlq", (Alarm("a", DEPTH, True, (TOPIC,), True),)),
            QueueAlarms(DLQ),
        )
    )
    (finding,) = diagnose(built, only=("dlq-alarm-missing",)).findings
    assert TOPIC in " ".join(finding.fix.commands)
    assert "create-topic" not in " ".join(finding.fix.commands)


def test_what_was_not_read_is_no_finding() -> None:
    assert not diagnose(stack(), only=("dlq-alarm-missing",)).findings
