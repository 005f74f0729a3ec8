"""Faults of configuration, and symptoms: the least difference that matters."""

from __future__ import annotations

from typing import Any

from sqsctl.model.alarms import Alarm, QueueAlarms
from sqsctl.model.finding import Severity
from sqsctl.model.stack import (
    Concurrency,
    Permission,
    Queue,
    RecursiveLoop,
    Stack,
)
from tests.checks.build import (
    ACCOUNT,
    API,
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
    package,
    policy,
    queue,
    series,
    stack,
)
from tests.checks.zoo_pair import Pair

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"


def queues(**main: Any) -> tuple[Queue, Queue]:
    fields: dict[str, Any] = {"dead_letter_target_arn": f"{PREFIX}:{DLQ}", "max_receive_count": 5}
    fields |= main
    return queue(**fields), queue(DLQ, retention_s=1_209_600)


POISONED = queues(visible=2, max_receive_count=1000)
POISON = (
    series(JOBS, "ApproximateAgeOfOldestMessage", 4, statistic="Maximum"),
    series(JOBS, "NumberOfMessagesReceived", 50),
)
FIFO = (
    queue(
        "j.fifo",
        fifo=True,
        visible=3,
        in_flight=1,
        dead_letter_target_arn=f"{PREFIX}:j-dlq.fifo",
        max_receive_count=5,
    ),
    queue("j-dlq.fifo", fifo=True),
)
# What a consumer logs that caught an error and went on.
CAUGHT = (
    "[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tfailed\nTraceback (most recent call last):\n"
    '  File "/var/task/worker.py", line 4, in handler\n    work(record)\nValueError: no number'
)
TRIED = (
    "def handler(event, context):\n    failed = []\n    for record in event['Records']:\n"
    "        try:\n            work(record)\n        except Exception as error:\n"
    "            logger.exception(error)\n            {}\n    return {{{}}}\n"
)
RIGHTLY = "failed.append({'itemIdentifier': record['messageId']})"
EACH = (
    "exports.handler = async (event) => {{ await Promise.all([event.Records.{}("
    "async (record) => {{ await work(record) }})].flat()) }}"
)
ONE = "def handler(event, context):\n    work(event['Records'][0]['body'])\n"
TRIES = (
    "def handler(event, context):\n    failed = []\n    left = event['Records']\n"
    "    for record in event['Records']:\n        try:\n            work(record)\n"
    "        except Exception:\n            {}\n    return {{'batchItemFailures': failed}}\n"
)


def _fifo(failed: str) -> Stack:
    return stack(
        queues=(
            queue("jobs.fifo", fifo=True, dead_letter_target_arn=f"{PREFIX}:j-dlq.fifo"),
            FIFO[1],
        ),
        functions=(function(),),
        mappings=(mapping("jobs.fifo", batch_size=10),),
        packages=(package(worker_py=TRIES.format(failed)),),
    )


LOOP = "def handler(event, context):\n    for record in event['Records']:\n        {}\n"

PAIRS = (
    Pair(
        "visibility-below-timeout",
        stack(queues=queues(visibility_timeout_s=5)),
        stack(queues=queues(visibility_timeout_s=36)),
        "5 s, but shop-dev-jobsWorker may run 6 s",
        subject=JOBS,
    ),
    Pair(
        "visibility-below-six-times",
        stack(queues=queues(visibility_timeout_s=35)),
        stack(queues=queues(visibility_timeout_s=36)),
        "AWS advises 36 s",
        Severity.INFO,
        JOBS,
    ),
    Pair(
        "mapping-disabled",
        stack(mappings=(mapping(state="Disabled"),)),
        stack(mappings=(mapping(state="Enabled"),)),
        "no consumer takes messages",
    ),
    Pair(
        "mapping-missing",
        stack(mappings=(), queues=queues(visible=3), metrics=()),
        stack(queues=queues(visible=3)),
        "3 messages wait",
        subject=JOBS,
    ),
    Pair(
        "mapping-role",
        stack(
            permissions=(
                Permission(WORKER, ROLE, "sqs:ReceiveMessage", f"{PREFIX}:{JOBS}", "implicitDeny"),
            )
        ),
        stack(
            permissions=(
                Permission(WORKER, ROLE, "sqs:ReceiveMessage", f"{PREFIX}:{JOBS}", "allowed"),
            )
        ),
        "sqs:ReceiveMessage",
    ),
    Pair(
        "dlq-missing",
        stack(queues=(queue(), queue(DLQ))),
        stack(),
        "no dead-letter queue",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "dlq-retention",
        stack(queues=(queues()[0], queue(DLQ, retention_s=345_600))),
        stack(queues=(queues()[0], queue(DLQ, retention_s=345_601))),
        "4 days",
        Severity.WARNING,
        DLQ,
    ),
    Pair(
        "max-receive-count-low",
        stack(queues=queues(max_receive_count=2)),
        stack(queues=queues(max_receive_count=5)),
        "2 receives before the DLQ",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "redrive-not-allowed",
        stack(
            queues=(
                queues()[0],
                queue(
                    DLQ,
                    retention_s=1_209_600,
                    redrive_allow_policy='{"redrivePermission":"denyAll"}',
                ),
            )
        ),
        stack(
            queues=(
                queues()[0],
                queue(
                    DLQ,
                    retention_s=1_209_600,
                    redrive_allow_policy=f'{{"redrivePermission":"byQueue","sourceQueueArns":["{PREFIX}:{JOBS}"]}}',
                ),
            )
        ),
        "does not allow",
        subject=DLQ,
    ),
    Pair(
        "queue-policy-deny",
        stack(
            queues=queues(
                policy='{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}'
            )
        ),
        stack(
            queues=queues(
                policy='{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*",'
                '"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}'
            )
        ),
        "denies sqs:SendMessage",
        subject=JOBS,
    ),
    Pair(
        "queue-url-mismatch",
        stack(
            functions=(
                function(),
                function(
                    PRODUCER,
                    environment={
                        "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/shop-prod-jobs"
                    },
                ),
            )
        ),
        stack(),
        "shop-prod-jobs",
        Severity.WARNING,
        PRODUCER,
    ),
    Pair(
        "fifo-group-blocked",
        stack(
            queues=FIFO,
            mappings=(mapping("j.fifo"),),
            functions=(function(),),
            metrics=(
                series("j.fifo", "ApproximateAgeOfOldestMessage", 100, 290, statistic="Maximum"),
            ),
        ),
        stack(
            queues=FIFO,
            mappings=(mapping("j.fifo"),),
            functions=(function(),),
            logs=(of_events(invocation(1, at=ago(2))[:1]),),
            metrics=(series("j.fifo", "ApproximateAgeOfOldestMessage", 1, 2, statistic="Maximum"),),
        ),
        "3 messages of j.fifo wait behind 1",
        Severity.WARNING,
        "j.fifo",
    ),
    Pair(
        "consumers-compete",
        stack(mappings=(mapping(), mapping(function_name="other"))),
        stack(mappings=(mapping(), mapping(function_name="other", state="Disabled"))),
        "each message reaches one",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "filter-drops",
        stack(
            mappings=(mapping(filters=('{"body":{"kind":["x"]}}',)),),
            metrics=(
                series(JOBS, "NumberOfMessagesReceived", 5),
                series(JOBS, "NumberOfMessagesDeleted", 5),
            ),
        ),
        stack(mappings=(mapping(),)),
        "deleted all 5 messages",
    ),
    Pair(
        "noisy-groups",
        stack(
            metrics=(
                series(JOBS, "ApproximateNumberOfNoisyGroups", 0, 1, statistic="Maximum"),
                series(
                    JOBS, "ApproximateAgeOfOldestMessageInQuietGroups", 400, statistic="Maximum"
                ),
            ),
        ),
        stack(
            metrics=(
                series(JOBS, "ApproximateNumberOfNoisyGroups", 1, 0, statistic="Maximum"),
                series(
                    JOBS, "ApproximateAgeOfOldestMessageInQuietGroups", 400, statistic="Maximum"
                ),
            ),
        ),
        "the others wait, too: the oldest of their messages for 7 min",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "poison-hidden",
        stack(
            queues=POISONED,
            metrics=(*POISON, series(JOBS, "NumberOfMessagesDeleted", 10)),
        ),
        stack(
            queues=POISONED,
            metrics=(*POISON, series(JOBS, "NumberOfMessagesDeleted", 45)),
        ),
        "2 messages of shop-dev-jobs failed about 20 times each",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "recursion-allowed",
        stack(
            functions=(function(environment={"AGAIN": queue().url}),),
            recursion=(RecursiveLoop(WORKER, "Allow"),),
        ),
        stack(
            functions=(function(environment={"AGAIN": queue().url}),),
            recursion=(RecursiveLoop(WORKER, "Terminate"),),
        ),
        f"nothing stops a loop: {WORKER} to {JOBS} and back",
        Severity.WARNING,
    ),
    Pair(
        "batch-silent-loss",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=LOOP.format("return {'statusCode': 400}")),),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=LOOP.format("print(record)")),),
        ),
        "all but the first are deleted unseen",
    ),
    Pair(
        "batch-silent-loss",
        stack(
            packages=(package(worker_py=TRIED.format("continue", "")),),
            logs=(of_events(invocation(1, CAUGHT, at=ago(60))),),
        ),
        stack(
            packages=(package(worker_py=TRIED.format("raise", "")),),
            logs=(of_events(invocation(1, CAUGHT, at=ago(60))),),
        ),
        "deleted like one that was handled; its log shows such an error",
        severity=Severity.WARNING,
    ),
    Pair(
        "batch-silent-loss",
        stack(packages=(package(worker_py=TRIED.format("continue", "")),)),
        stack(packages=(package(worker_py=TRIED.format("raise", "")),)),
        "deleted like one that was handled",
        severity=Severity.WARNING,
    ),
    Pair(
        "batch-silent-loss",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=ONE),),
        ),
        stack(mappings=(mapping(batch_size=1),), packages=(package(worker_py=ONE),)),
        "of a batch of up to 10, the others are deleted unseen",
    ),
    Pair(
        "fifo-order-lost",
        _fifo("failed.append({'itemIdentifier': record['messageId']})"),
        _fifo("return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in left]}"),
        "goes on after a message of jobs.fifo failed",
        severity=Severity.WARNING,
    ),
    Pair(
        "batch-silent-loss",
        stack(
            functions=(function(handler="worker.handler", runtime="nodejs24.x"),),
            packages=(package(worker_js=EACH.format("forEach")),),
        ),
        stack(
            functions=(function(handler="worker.handler", runtime="nodejs24.x"),),
            packages=(package(worker_js=EACH.format("map")),),
        ),
        "does not wait for its work",
        severity=Severity.WARNING,
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(response_types=()),),
            packages=(
                package(worker_py=LOOP.format("pass") + "    return {'batchItemFailures': []}"),
            ),
        ),
        stack(
            packages=(
                package(worker_py=LOOP.format("pass") + "    return {'batchItemFailures': []}"),
            )
        ),
        "does not listen",
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(
                package(
                    worker_py=TRIED.format(
                        "failed.append({'itemIdentifier': record['messageId']})",
                        "'batchItemFailure': failed",
                    )
                ),
            ),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=TRIED.format(RIGHTLY, "'batchItemFailures': failed")),),
        ),
        "names its list of failed records batchItemFailure: Lambda finds no report",
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(
                package(
                    worker_py=TRIED.format(
                        "failed.append({'itemIdentifier': record['receiptHandle']})",
                        "'batchItemFailures': failed",
                    )
                ),
            ),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=TRIED.format(RIGHTLY, "'batchItemFailures': failed")),),
        ),
        "reports receiptHandle as a failed record's itemIdentifier",
        severity=Severity.WARNING,
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(
                package(
                    worker_py=TRIED.format(
                        "failed.append(record['messageId'])", "'batchItemFailures': failed"
                    )
                ),
            ),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=TRIED.format(RIGHTLY, "'batchItemFailures': failed")),),
        ),
        "as texts instead of objects",
        severity=Severity.WARNING,
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(
                package(
                    worker_py=TRIED.format(
                        "failed.append({'messageId': record['messageId']})",
                        "'batchItemFailures': failed",
                    )
                ),
            ),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=TRIED.format(RIGHTLY, "'batchItemFailures': failed")),),
        ),
        "reports failed records by messageId instead of itemIdentifier",
        severity=Severity.WARNING,
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=LOOP.format("work(record)")),),
        ),
        stack(
            mappings=(mapping(batch_size=10, response_types=()),),
            packages=(package(worker_py=LOOP.format("work(record)")),),
        ),
        "is asked for reports of single failed records, and gives none",
        severity=Severity.INFO,
    ),
    Pair(
        "reserved-concurrency",
        stack(concurrency=(Concurrency(WORKER, 0),)),
        stack(concurrency=(Concurrency(WORKER, 5),)),
        "reserved concurrency is 0",
    ),
    Pair(
        "account-concurrency",
        stack(
            concurrency=(Concurrency(None, 10, 10),),
            metrics=(
                series(PRODUCER, "Throttles", 0, 24),
                series(PRODUCER, "Invocations", 10, 76),
                series(WORKER, "ConcurrentExecutions", 5, 10, statistic="Maximum"),
            ),
        ),
        stack(
            concurrency=(Concurrency(None, 10, 10),),
            metrics=(series(PRODUCER, "Throttles", 0, 0),),
        ),
        "10 concurrent executions are used up",
        subject="",
    ),
    Pair(
        "recursion-dropped",
        stack(metrics=(series(WORKER, "RecursiveInvocationsDropped", 3),)),
        stack(metrics=(series(WORKER, "RecursiveInvocationsDropped", 0),)),
        "3 recursive invocations",
    ),
    Pair(
        "api-permission",
        stack(policies=(policy(allows=False),)),
        stack(policies=(policy(allows=True),)),
        "may not invoke shop-dev-producer",
        subject=PRODUCER,
    ),
    Pair(
        "integration-timeout",
        stack(
            functions=(function(), function(PRODUCER, timeout_s=60)),
            metrics=(
                series(API, "IntegrationLatency", 29_900, statistic="Maximum"),
                series(API, "5xx", 2),
            ),
        ),
        stack(functions=(function(), function(PRODUCER, timeout_s=29))),
        "may run 60 s",
        Severity.WARNING,
        PRODUCER,
    ),
    Pair(
        "dlq-alarm-missing",
        stack(alarms=(QueueAlarms(DLQ),)),
        stack(
            alarms=(
                QueueAlarms(
                    DLQ,
                    (Alarm("deep", "ApproximateNumberOfMessagesVisible", True, (TOPIC,), True),),
                ),
            )
        ),
        "no alarm watches it",
        Severity.INFO,
        DLQ,
    ),
)
