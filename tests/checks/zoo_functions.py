"""Faults of functions and their versions, and symptoms: the least difference that matters."""

from __future__ import annotations

from sqsctl.model.finding import Severity
from sqsctl.model.functions import (
    PublishedVersion,
)
from sqsctl.model.stack import (
    DeadLetters,
    Declared,
    FunctionLogs,
)
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    PREFIX,
    WORKER,
    ago,
    function,
    mapping,
    series,
    stack,
)
from tests.checks.zoo_configuration import queues
from tests.checks.zoo_pair import Pair

PAIRS = (
    Pair(
        "function-not-active",
        stack(
            functions=(function(last_update_status="Failed", last_update_reason="no such subnet"),)
        ),
        stack(),
        "no such subnet",
    ),
    Pair(
        "runtime-deprecated",
        stack(functions=(function(runtime="nodejs20.x"),)),
        stack(functions=(function(runtime="nodejs24.x"),)),
        "deprecated since 2026-04-30",
        Severity.WARNING,
    ),
    Pair(
        "runtime-mismatch",
        stack(project=(Declared("runtime", "python3.14", "serverless.yml:6"),)),
        stack(project=(Declared("runtime", "python3.13", "serverless.yml:6"),)),
        "edited, not deployed",
        Severity.WARNING,
    ),
    Pair(
        "stale-version",
        stack(
            mappings=(mapping(qualifier="1"),),
            functions=(
                function(
                    code_sha256="new", qualified=(PublishedVersion("1", "1", "old", ago(9000)),)
                ),
            ),
        ),
        stack(
            mappings=(mapping(qualifier="live"),),
            functions=(
                function(code_sha256="new", qualified=(PublishedVersion("live", "2", "new"),)),
            ),
        ),
        "shop-dev-jobsWorker:1",
        Severity.WARNING,
    ),
    Pair(
        "logs-missing",
        stack(
            logs=(FunctionLogs(WORKER, "/aws/lambda/x", exists=False),),
            metrics=(series(WORKER, "Invocations", 4),),
        ),
        stack(),
        "ran 4 times",
        Severity.WARNING,
    ),
    Pair(
        "failures-unexplained",
        stack(metrics=(series(WORKER, "Errors", 4), series(WORKER, "Invocations", 4))),
        stack(metrics=(series(WORKER, "Errors", 0), series(WORKER, "Invocations", 4))),
        "failed 4 of 4 runs since 2026-11-23 12:00Z",
    ),
    Pair(
        "dead-letters",
        stack(dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),)),
        stack(),
        "3 messages are in",
        Severity.WARNING,
        DLQ,
    ),
    Pair(
        "backlog-growing",
        stack(
            queues=queues(visible=500),
            metrics=(
                series(
                    JOBS,
                    "ApproximateNumberOfMessagesVisible",
                    10,
                    90,
                    200,
                    300,
                    500,
                    statistic="Maximum",
                ),
            ),
        ),
        stack(
            queues=queues(visible=500),
            metrics=(
                series(
                    JOBS,
                    "ApproximateNumberOfMessagesVisible",
                    10,
                    900,
                    700,
                    600,
                    500,
                    statistic="Maximum",
                ),
            ),
        ),
        "500 messages wait",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "http-5xx",
        stack(metrics=(series(API, "5xx", 0, 24), series(API, "Count", 10, 100))),
        stack(metrics=(series(API, "5xx", 24, 0), series(API, "Count", 100, 10))),
        "24 of 110 requests",
        Severity.WARNING,
        "dev-shop",
    ),
)
