"""Fair queues, failures that the age leaves out, loops allowed, filters that are counted."""

from __future__ import annotations

from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.queues import Queue
from sqsctl.model.stack import Group, RecursiveLoop, Series, Stack, Unread
from tests.checks.build import (
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    function,
    mapping,
    package,
    queue,
    series,
    stack,
)

UUID = mapping().uuid
OTHER, OTHERS = "shop-dev-otherWorker", "shop-dev-others"


def found(check: str, built: Stack) -> list[Finding]:
    return list(diagnose(built, only=(check,)).findings)


# -- fair queues ------------------------------------------------------------------------------


def noisy(number: float, quiet_age: float | None = None, **groups: Any) -> Stack:
    figures = [series(JOBS, "ApproximateNumberOfNoisyGroups", number, statistic="Maximum")]
    if quiet_age is not None:
        name = "ApproximateAgeOfOldestMessageInQuietGroups"
        figures.append(series(JOBS, name, quiet_age, statistic="Maximum"))
    return stack(metrics=tuple(figures), **groups)


def test_a_noisy_group_that_delays_nobody_is_only_told() -> None:
    (finding,) = found("noisy-groups", noisy(1, 3))
    assert (finding.severity, finding.kind) == (Severity.INFO, Kind.RISK)
    assert "1 message group of shop-dev-jobs takes more than its share" in finding.title
    assert "the others' messages first" in finding.title


def test_where_all_groups_wait_more_consumers_are_proposed_if_they_are_limited() -> None:
    limited = (mapping(maximum_concurrency=4),)
    (finding,) = found("noisy-groups", noisy(2, 900, mappings=limited))
    assert finding.severity is Severity.WARNING
    assert "2 message groups of shop-dev-jobs take more than their share" in finding.title
    assert any("MaximumConcurrency=8" in each for each in finding.fix.commands)
    (unlimited,) = found("noisy-groups", noisy(2, 900))
    assert not any("update-event-source-mapping" in each for each in unlimited.fix.commands)


def test_a_noisy_group_accounts_for_a_backlog() -> None:
    metrics = (
        *noisy(1, 900).metrics,
        series(JOBS, "ApproximateAgeOfOldestMessage", 4000, statistic="Maximum"),
    )
    findings = diagnose(
        stack(queues=(queue(visible=500), queue(DLQ)), metrics=metrics),
        only=("noisy-groups", "backlog-growing"),
    ).findings
    assert {each.id: each.explained_by for each in findings}["backlog-growing"] == "noisy-groups"


@pytest.mark.parametrize("built", [stack(), noisy(0, 900)])
def test_without_the_figures_or_a_noisy_group_nothing_is_said(built: Stack) -> None:
    assert not found("noisy-groups", built)


def test_a_group_that_was_noisy_and_is_not_any_more_is_left_alone() -> None:
    figure = series(JOBS, "ApproximateNumberOfNoisyGroups", 3, 0, statistic="Maximum")
    assert not found("noisy-groups", stack(metrics=(figure,)))


# -- messages that the age leaves out ----------------------------------------------------------


def main(**fields: Any) -> Queue:
    given: dict[str, Any] = {
        "dead_letter_target_arn": f"{PREFIX}:{DLQ}",
        "max_receive_count": 1000,
        "visible": 2,
    }
    return queue(**(given | fields))


def poisoned(
    own: Queue, *, age: float = 4, received: float = 50, deleted: float = 10, dead: float = 0
) -> Stack:
    figures: tuple[Series, ...] = (
        series(own.name, "ApproximateAgeOfOldestMessage", age, statistic="Maximum"),
        series(own.name, "NumberOfMessagesReceived", received),
        series(own.name, "NumberOfMessagesDeleted", deleted),
        series(DLQ, "ApproximateNumberOfMessagesVisible", 0, dead, statistic="Maximum"),
    )
    return stack(queues=(own, queue(DLQ)), metrics=figures)


def test_messages_that_fail_for_ever_are_told_though_the_age_is_low() -> None:
    (finding,) = found("poison-hidden", poisoned(main()))
    assert (
        "failed about 20 times each, while the age of the oldest message says 4 s" in finding.title
    )
    assert finding.confidence is Confidence.MEDIUM
    assert any("maxReceiveCount" in each and "5" in each for each in finding.fix.commands)


def test_without_a_dead_letter_queue_they_never_leave() -> None:
    (finding,) = found(
        "poison-hidden", poisoned(main(dead_letter_target_arn=None, max_receive_count=None))
    )
    assert "give the queue a dead-letter queue" in finding.fix.summary


@pytest.mark.parametrize(
    ("built", "why"),
    [
        (poisoned(main(), age=4000), "the age tells of them"),
        (poisoned(main(), deleted=46), "they were received twice at most"),
        (poisoned(main(max_receive_count=3)), "they leave before they can hide"),
        (poisoned(main(visible=0)), "none is there"),
        (poisoned(main(in_flight=30, visible=1)), "they are worked on now"),
        (poisoned(main(max_receive_count=10), dead=4), "they were dead-lettered"),
        (poisoned(queue("j.fifo", fifo=True, visible=2)), "on a FIFO queue they are in the age"),
        (stack(queues=(main(), queue(DLQ))), "nothing was measured"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_the_age_hides_nothing_it_is_quiet(built: Stack, why: str) -> None:
    assert not found("poison-hidden", built), why


# -- loops ------------------------------------------------------------------------------------


def chain(first: str = "Allow", second: str = "Allow", **groups: Any) -> Stack:
    """jobs -> worker -> others -> other worker -> jobs."""
    built: dict[str, Any] = {
        "queues": (queue(), queue(OTHERS)),
        "functions": (
            function(environment={"NEXT": queue(OTHERS).url}),
            function(OTHER, environment={"NEXT": queue().url}),
            function(PRODUCER, environment={"QUEUE_URL": queue().url}),
        ),
        "mappings": (mapping(), mapping(OTHERS, OTHER, uuid="u-2")),
        "recursion": (RecursiveLoop(WORKER, first), RecursiveLoop(OTHER, second)),  # type: ignore[arg-type]
    }
    return stack(**(built | groups))


def test_a_loop_through_two_queues_is_told_once_and_can_be_stopped() -> None:
    (finding,) = found("recursion-allowed", chain())
    for name in (WORKER, OTHER, JOBS, OTHERS):
        assert name in finding.title
    assert finding.confidence is Confidence.LOW  # by what the environment names alone
    (command,) = [each for each in finding.fix.commands if "recursion" in each]
    assert "put-function-recursion-config" in command
    assert "--recursive-loop Terminate" in command


def test_one_function_of_the_loop_that_lambda_stops_is_enough() -> None:
    assert not found("recursion-allowed", chain(second="Terminate"))
    assert not found("recursion-allowed", chain(first="Terminate"))


def test_allow_without_a_loop_is_nobodys_business() -> None:
    alone = stack(recursion=(RecursiveLoop(WORKER, "Allow"),))
    assert not found("recursion-allowed", alone)


def test_code_that_sends_makes_it_surer() -> None:
    code = (
        "import os, boto3\nsqs = boto3.client('sqs')\n\n\ndef handler(event, context):\n"
        "    sqs.send_message(QueueUrl=os.environ['AGAIN'], MessageBody='x')\n"
    )
    built = stack(
        functions=(function(environment={"AGAIN": queue().url}),),
        recursion=(RecursiveLoop(WORKER, "Allow"),),
        packages=(package(worker_py=code),),
    )
    (finding,) = found("recursion-allowed", built)
    assert finding.confidence is Confidence.MEDIUM
    assert any(each.fact == "worker.py:6" for each in finding.evidence)


def test_a_setting_that_may_not_be_read_is_no_answer() -> None:
    gap = Unread("recursion of x", "access denied", "lambda:GetFunctionRecursionConfig")
    whole = diagnose(stack(recursion=Group((), (gap,))), only=("recursion-allowed",))
    assert [each.outcome.value for each in whole.checks] == ["skipped"]


# -- filters that are counted --------------------------------------------------------------------


def filtering(*, polled: float, filtered: float, counts: bool = True) -> Stack:
    own: EventSourceMapping = mapping(filters=('{"body":{"kind":["x"]}}',), counts_events=counts)
    figures = (
        series(UUID, "PolledEventCount", polled),
        series(UUID, "FilteredOutEventCount", filtered),
    )
    return stack(mappings=(own,), metrics=figures if counts else ())


def test_the_mappings_own_figures_say_what_was_deleted() -> None:
    (whole,) = found("filter-drops", filtering(polled=7, filtered=7))
    assert "deleted all 7 messages" in whole.title
    assert (whole.severity, whole.confidence) == (Severity.ERROR, Confidence.HIGH)
    (part,) = found("filter-drops", filtering(polled=7, filtered=3))
    assert "deleted 3 of 7 messages" in part.title
    assert part.severity is Severity.INFO
    assert {each.fact for each in part.evidence} >= {"PolledEventCount", "FilteredOutEventCount"}


def test_a_filter_that_is_not_counted_can_be() -> None:
    (silent,) = found("filter-drops", filtering(polled=0, filtered=0, counts=False))
    assert "--metrics-config" in str(silent.fix.ways)
    (counted,) = found("filter-drops", filtering(polled=5, filtered=0))
    assert "--metrics-config" not in str(counted.fix.ways)
