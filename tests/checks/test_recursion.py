"""Loops that Lambda stopped: by the metric, by the error, and once they are broken."""

from __future__ import annotations

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.stack import Series, Stack
from tests.checks.build import (
    ACCOUNT,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    ago,
    function,
    invocation,
    mapping,
    of_events,
    queue,
    series,
    stack,
)

DROPPED = (series(WORKER, "RecursiveInvocationsDropped", 0, 2, 1),)


def told(where: Stack) -> tuple[Finding, ...]:
    return tuple(each for each in diagnose(where).findings if each.id == "recursion-dropped")


def test_the_metric_names_function_and_queue_and_how_to_stop_it() -> None:
    (found,) = told(stack(metrics=DROPPED))
    assert found.title == f"Lambda stopped 3 recursive invocations of {WORKER} on {JOBS}"
    assert "--no-enabled" in found.fix.commands[0]


def test_the_metric_is_the_functions_so_it_is_told_once_for_all_its_queues() -> None:
    more = queue("shop-dev-more", dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    where = stack(
        queues=(*stack().queues.items, more),
        mappings=(mapping(), mapping("shop-dev-more")),
        metrics=DROPPED,
    )
    (found,) = told(where)
    assert found.title.endswith(f"on {JOBS} or shop-dev-more")
    assert len(found.fix.commands) == 2


def test_a_loop_that_a_deployment_broke_is_history() -> None:
    fixed = (function(last_modified=ago(-30)), function(PRODUCER))
    (found,) = told(stack(metrics=DROPPED, functions=fixed))
    assert (found.past, found.severity) == (True, Severity.INFO)


def test_a_call_that_lambda_refused_as_recursive() -> None:
    error = (
        "[ERROR] RecursiveInvocationException: An error occurred (RecursiveInvocationException) "
        "when calling the Invoke operation: Lambda has detected your function being invoked in a "
        "recursive loop with other AWS resources and stopped your function's invocation.\n"
        'Traceback (most recent call last):\n  File "/var/task/worker.py", line 3, in handler'
    )
    (found,) = told(stack(logs=(of_events(invocation(1, error, at=ago(60))),)))
    assert found.title == f"Lambda stopped {WORKER} in a loop of functions that call each other"
    assert found.severity is Severity.ERROR


def looping(
    *metrics: Series, own: str = queue().url, sender: dict[str, str] | None = None
) -> Stack:
    """A consumer that knows its queue, with these figures."""
    return stack(
        functions=(
            function(environment={"RETRY": own}),
            function(PRODUCER, environment=sender or {}),
        ),
        metrics=(series(WORKER, "Invocations", 1368), *metrics),
    )


SENT = series(JOBS, "NumberOfMessagesSent", 1368)


def test_far_more_messages_than_the_producer_sent_are_a_loop() -> None:
    producer = series(PRODUCER, "Invocations", 1)
    (found,) = told(looping(SENT, producer, sender={"QUEUE_URL": queue().url}))
    assert (found.severity, found.confidence) == (Severity.WARNING, Confidence.MEDIUM)
    assert "1368 messages" in found.title
    assert found.title.endswith("ran 1 time")
    assert "--no-enabled" in found.fix.commands[0]


def test_a_chain_that_no_function_of_the_stack_feeds_is_one_at_a_time() -> None:
    one = series(WORKER, "ConcurrentExecutions", 1, statistic="Maximum")
    (found,) = told(looping(SENT, one))
    assert (found.severity, found.confidence) == (Severity.WARNING, Confidence.LOW)


def test_knowing_the_queue_is_no_loop() -> None:
    many = series(WORKER, "ConcurrentExecutions", 40, statistic="Maximum")
    producer = series(PRODUCER, "Invocations", 1300)
    for metrics, sender in (((SENT, many), None), ((SENT, producer), {"Q": queue().url}), ((), {})):
        (found,) = told(looping(*metrics, sender=sender))
        assert (found.severity, found.kind) == (Severity.INFO, Kind.RISK)


def test_a_queue_of_the_same_name_elsewhere_is_another() -> None:
    for foreign in (
        f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{JOBS}",
        f"https://sqs.{REGION}.amazonaws.com/999988887777/{JOBS}",
    ):
        assert told(looping(SENT, own=foreign)) == ()
