"""Every check's stack, broken and mended: the least difference that matters."""

from __future__ import annotations

from dataclasses import replace

from sqsctl.model.stack import (
    DeadLetters,
    Declared,
    ErrorText,
    FunctionLogs,
    Package,
    PackageMember,
    Permission,
)
from tests.checks import test_keys, test_network, zoo_configuration, zoo_functions, zoo_logs
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    NOW,
    PREFIX,
    PRODUCER,
    WORKER,
    ago,
    api,
    function,
    invocation,
    logs,
    of_events,
    package,
    queue,
    series,
    stack,
)
from tests.checks.zoo_configuration import ROLE
from tests.checks.zoo_logs import python_error
from tests.checks.zoo_pair import Pair

__all__ = ["OTHERS", "PAIRS", "Pair"]

PAIRS = (*zoo_logs.PAIRS, *zoo_configuration.PAIRS, *zoo_functions.PAIRS)

# What broken and mended stacks leave out: other ways into the same checks.
# The worker knows the queue; its code was not read.
_KNOWS = (function(environment={"QUEUE_URL": queue().url}),)
OTHERS = (
    stack(functions=_KNOWS),
    stack(functions=_KNOWS, queues=(queue(visible=3),), mappings=()),
    stack(  # what code caught counts where dead letters lie
        logs=(
            of_events(
                invocation(1, "[ERROR]\tT\tRID\tnot stored: ValueError: no total", at=ago(60))
            ),
        ),
        dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 1),),
    ),
    stack(
        errors=(
            ErrorText(
                "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds"
            ),
            ErrorText('{"EventSourceArn": "arn:aws:sqs:r:1:q", "State": "Disabled"}'),
        )
    ),
    stack(
        functions=(function(runtime="nodejs16.x"),),
        packages=(
            replace(
                package(worker_js="require('@aws-sdk/client-sqs')"),
                members=(PackageMember("worker.js", 9),),
            ),
        ),
    ),
    stack(
        packages=(
            Package(
                WORKER, members=(PackageMember("pydantic_core.cpython-312-x86_64-linux-gnu.so", 9),)
            ),
        ),
        project=(
            Declared("engine", "node >=22", ".nvmrc:1"),
            Declared("architecture", "arm64", "serverless.yml:7"),
        ),
    ),
    stack(
        logs=(
            logs(
                "An error occurred (AccessDenied) when calling the SendMessage operation: User: "
                "x is not "
                "authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:r:1:q",
                PRODUCER,
                at=NOW,
            ),
        ),
        metrics=(series(API, "5xx", 3), series(API, "Count", 3)),
        permissions=(
            Permission(PRODUCER, ROLE, "sqs:SendMessage", f"{PREFIX}:{JOBS}", "implicitDeny"),
            Permission(PRODUCER, ROLE, "logs:PutLogEvents", "*", "implicitDeny"),
        ),
    ),
    stack(
        dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 2),),
        logs=(of_events(invocation(7, python_error("ValueError: no"), at=ago(60))),),
    ),
    stack(apis=(api(qualifier="live"),), functions=(function(), function(PRODUCER))),
    test_network.within(test_network.network(), sources="boto3.client('sqs')"),
    test_keys.encrypted(
        test_keys.key(state="Disabled"), simulated={(WORKER, "kms:Decrypt"): "implicitDeny"}
    ),
    test_keys.encrypted(test_keys.key(), simulated={(WORKER, "kms:Decrypt"): "implicitDeny"}),
    # A queue that keeps what others set aside.
    stack(queues=(queue("shop-dev-kept", visible=2),), mappings=()),
    # Found from a queue, without a stack; its consumer never ran.
    replace(
        stack(logs=(FunctionLogs(WORKER, f"/aws/lambda/{WORKER}", exists=False),)),
        stack_name=None,
    ),
)
