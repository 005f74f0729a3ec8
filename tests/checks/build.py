"""Literal stacks, in few words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqsctl.logtext import events_from_text, read
from sqsctl.model.functions import EventSourceMapping, Function
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import (
    Api,
    Concurrency,
    DeadLetters,
    FunctionLogs,
    Group,
    Package,
    PackageMember,
    Queue,
    ResourcePolicy,
    Route,
    Series,
    Stack,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REGION, ACCOUNT = "ap-northeast-2", "111122223333"
PREFIX = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
WORKER, PRODUCER = "shop-dev-jobsWorker", "shop-dev-producer"
JOBS, DLQ = "shop-dev-jobs", "shop-dev-jobs-dlq"
API = "a1b2c3"


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def queue(name: str = JOBS, **fields: Any) -> Queue:
    return Queue(
        name=name,
        url=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
        arn=f"{PREFIX}:{name}",
        **{"visibility_timeout_s": 36, **fields},
    )


def function(name: str = WORKER, **fields: Any) -> Function:
    return Function(
        name=name,
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        log_group=f"/aws/lambda/{name}",
        **{
            "runtime": "python3.13",
            "handler": "worker.handler",
            "timeout_s": 6,
            "state": "Active",
            "last_update_status": "Successful",
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role",
            "last_modified": ago(86_400),
            **fields,
        },
    )


def mapping(
    queue_name: str = JOBS, function_name: str = WORKER, **fields: Any
) -> EventSourceMapping:
    return EventSourceMapping(
        uuid=fields.pop("uuid", "14e0db71-5d35-4eb5-b481-8945cf9d10c2"),
        queue_arn=f"{PREFIX}:{queue_name}",
        function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}",
        function_name=function_name,
        **{"batch_size": 1, "response_types": ("ReportBatchItemFailures",), **fields},
    )


def policy(function_name: str = PRODUCER, *, allows: bool = True) -> ResourcePolicy:
    document = (
        '{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Allow","Principal":'
        '{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"*",'
        f'"Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*"}}}}}}]}}'
    )
    return ResourcePolicy(function_name, document if allows else None)


def api(**fields: Any) -> Api:
    route = Route(
        "POST",
        "/produce",
        function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PRODUCER}",
        function_name=PRODUCER,
        **fields,
    )
    return Api(
        API,
        "dev-shop",
        "http",
        f"https://{API}.execute-api.{REGION}.amazonaws.com",
        routes=(route,),
    )


def series(
    resource: str, metric: str, *values: float, statistic: str = "Sum", ends: float = 0
) -> Series:
    namespace = "AWS/SQS" if "essage" in metric else "AWS/Lambda"
    if metric in {"5xx", "Count", "IntegrationLatency"}:
        namespace = "AWS/ApiGateway"
    last = ago(ends)
    points = tuple(
        (last - timedelta(seconds=60 * (len(values) - 1 - index)), value)
        for index, value in enumerate(values)
    )
    return Series(namespace, metric, resource, statistic, 60, points)


def logs(text: str, name: str = WORKER, *, at: datetime | None = None) -> FunctionLogs:
    """A function's log from text, read as ``observe`` reads it: with its group's name."""
    group = f"/aws/lambda/{name}"
    events = tuple(
        replace(each, group=group, stream=each.stream or "s", timestamp=each.timestamp or at)
        for each in events_from_text(text)
    )
    return of_events(events, name)


def of_events(events: tuple[LogEvent, ...], name: str = WORKER) -> FunctionLogs:
    reading = read(events)
    return FunctionLogs(
        name,
        f"/aws/lambda/{name}",
        attempts=reading.attempts,
        failures=reading.failures,
        events=events,
    )


def invocation(
    number: int, *lines: str, at: datetime, seconds: float = 1, report: str = "", name: str = WORKER
) -> tuple[LogEvent, ...]:
    """One invocation's events: START, the lines, END and REPORT."""
    rid = f"00000000-0000-4000-8000-{number:012d}"
    spent = f"Duration: {seconds * 1000:.2f} ms\tBilled Duration: {seconds * 1000:.0f} ms"
    memory = "Memory Size: 128 MB\tMax Memory Used: 40 MB"
    texts = (
        f"START RequestId: {rid} Version: $LATEST",
        *(line.replace("RID", rid) for line in lines),
        f"END RequestId: {rid}",
        f"REPORT RequestId: {rid}\t{spent}\t{memory}\t{report}",
    )
    end = at + timedelta(seconds=seconds)
    return tuple(
        LogEvent(text, timestamp=at if index == 0 else end, stream="s", group=f"/aws/lambda/{name}")
        for index, text in enumerate(texts)
    )


def package(name: str = WORKER, **sources: str) -> Package:
    """A package of these sources; ``worker_py=…`` is worker.py."""
    named = {key.replace("_py", ".py").replace("_js", ".js"): text for key, text in sources.items()}
    return Package(
        name,
        members=tuple(PackageMember(path, len(text)) for path, text in named.items()),
        sources=named,
    )


def stack(**groups: Any) -> Stack:
    """A whole, healthy stack; a keyword replaces a group by these items."""
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    dead = queue(DLQ, retention_s=1_209_600)
    items: dict[str, Any] = {
        "queues": (main, dead),
        "functions": (
            function(),
            function(PRODUCER, handler="producer.handler", environment={"QUEUE_URL": main.url}),
        ),
        "mappings": (mapping(),),
        "apis": (api(),),
        "logs": (
            of_events(invocation(1, at=ago(60))),
            of_events(invocation(2, at=ago(70), name=PRODUCER), PRODUCER),
        ),
        "concurrency": (
            Concurrency(None, 1000, 1000),
            Concurrency(WORKER, None),
            Concurrency(PRODUCER, None),
        ),
        "policies": (policy(),),
        "permissions": (),
        "packages": (),
        "dead_letters": (DeadLetters(DLQ, dead.arn, 0),),
        "metrics": (),
        "project": (),
        "errors": (),
        "made_by": "lift",
    }
    items |= groups
    return Stack(
        "shop-dev",
        REGION,
        account=ACCOUNT,
        observed_at=NOW,
        stack_name="shop-dev",
        made_by=items.pop("made_by"),
        paused=items.pop("paused", ()),
        **{
            key: value if isinstance(value, Group) else Group(tuple(value))
            for key, value in items.items()
        },
    )
