"""The ``data`` of every command, and the lines of those that stream."""

from __future__ import annotations

from sqsctl.cli.schema import lab
from sqsctl.cli.schema.dlq_commands import DLQ
from sqsctl.cli.schema.parts import (
    API,
    DELIVERED_BY,
    DOCTOR,
    DRY_RUN,
    ENDPOINTS,
    EVENT,
    FINDING,
    FUNCTION,
    HOP,
    MAPPING,
    PRODUCE,
    PURGE,
    PURGED,
    QUEUE,
    SENDING,
    UNREAD,
)
from sqsctl.cli.schema.words import Each, OneOf, Shape, Words

REGIONS_UNREAD = [{"region": "text", "reason": "text"}]
# A command that can answer in several forms (a dry run) has them all.
DATA: dict[str, tuple[Shape, ...]] = {
    "config show": (
        {
            "file": "text?",
            "trusted": "bool?",
            "values": Each({"value": OneOf((None, "text", "bool")), "source": "text?"}),
            "target_error": "text?",
        },
    ),
    "config trust": (
        {"file": "text", "done": Words(("trust", "trust no more")), "dry_run": "bool"},
        {"trusted": [{"file": "text", "sha256": "text", "at": "time"}]},
    ),
    "config set": ({"key": "text", "value": "text", "file": "text"}, DRY_RUN),
    "config unset": ({"key": "text", "value": None, "file": "text"}, DRY_RUN),
    "demo": ({"steps": [{"command": "text"}], "duration_s": "number"},),
    **DLQ,
    "doctor": (
        {**DOCTOR, "applied": [{"id": "text", "applied": "bool"}], "ignored": [{"id": "text"}]},
        {
            **DOCTOR,
            "applied": [{"id": "text", "applied": "bool"}],
            "ignored": [{"id": "text"}],
            "places": [{"id": "text", "subject": "text", "file": "text", "line": "int"}],
            "need_a_run": ["text"],
            "undecided": ["text"],
        },
        {
            "checks": [
                {
                    "id": "text",
                    "title": "text",
                    "severity": "text",
                    "kind": "text",
                    "needs": ["text"],
                    "reference": "text",
                }
            ]
        },
    ),
    "iam": (
        {
            "commands": ["text"],
            "policy": {"Version": "text", "Statement": [{"Effect": "text"}]},
            "need_nothing": ["text"],
            "characters?": "int",
        },
    ),
    "completion": (
        {"shell": "text", "script": "text"},
        {"shell": "text", "installed": "text"},
    ),
    **lab.DATA,
    "logs explain": ({"findings": [FINDING], "lines": "int"},),
    "logs query": (
        {
            "since": "time",
            "until": "time",
            "counted_since": "time?",
            "log_groups": ["text"],
            "failures": [
                {
                    "function": "text",
                    "cause": "text?",
                    "error": "text?",
                    "count": "int",
                    "first_at": "time?",
                    "last_at": "time?",
                }
            ],
            "lines": "int",
            "truncated": "bool",
            "scanned_bytes": "int",
        },
    ),
    "metrics": (
        {
            "since": "time",
            "until": "time",
            "series": [
                {
                    "namespace": "text",
                    "metric": "text",
                    "resource": "text",
                    "statistic": "text",
                    "period_s": "int",
                    "points": [{"at": "time", "value": "number"}],
                }
            ],
            "unread": UNREAD,
        },
    ),
    "probe": (
        {
            "id": "text",
            "via": "text",
            "arrived": "bool",
            "stopped_at": "text?",
            "total_ms": "number?",
            "hops": [
                {
                    "name": "text",
                    "status": Words(("ok", "failed", "missing")),
                    "started_at": "time?",
                    "ended_at": "time?",
                    "duration_ms": "number?",
                    "detail": "text?",
                    "request_id": "text?",
                    "certain": "bool",
                }
            ],
        },
        SENDING,
    ),
    "produce": (
        PRODUCE,
        {
            **SENDING,
            "requested": "int?",
            "duration_s": "number?",
            "rate_per_s": "number?",
            "concurrency": "int",
            "first_body": "text",
            "seed": "int?",
        },
        {"file": "text", "dry_run": "bool", "via": "text", "bytes": "int"},
    ),
    "queue hide": (
        {
            "queue": "text",
            "hidden": [{"message_id": "text", "until": "time"}],
            "not_found": ["text"],
            "failures": [{"message_id": "text", "reason": "text"}],
            "looked_at": "int",
            "unreleased": "int",
        },
        {"dry_run": "bool", "queue": "text", "messages": "int", "for_s": "int"},
    ),
    "queue show": (
        {
            "queue": "text",
            "shown": ["text"],
            "failures": [{"message_id": "text", "reason": "text"}],
        },
        {"dry_run": "bool", "queue": "text", "messages": "int"},
    ),
    "queue inspect": (
        {
            "queue": {
                **QUEUE,
                "oldest_age_s": "number?",
                "consumers": OneOf((None, [MAPPING])),
            },
        },
    ),
    "queue ls": (
        {"queues": [QUEUE]},
        {"queues": [{**QUEUE, "region": "text"}], "regions_unread": REGIONS_UNREAD},
    ),
    "queue purge": (PURGED, {**PURGE, "dry_run": "bool"}),
    "send": (
        {
            "message_id": "text?",
            "via": "text",
            "to": "text",
            "status_code": "int?",
            "sequence_number": "text?",
            "answer": "text?",
            "latency_ms": "number",
            "possible_duplicate": "bool",
        },
        SENDING,
    ),
    "stack deploy": (
        {**ENDPOINTS, "events": [EVENT]},
        {"stack": "text", "dry_run": "bool", "changes": [EVENT]},
    ),
    "stack ls": (
        {
            "stacks": [
                {
                    "name": "text",
                    "status": "text",
                    "description": "text?",
                    "queues": ["text"],
                    "functions": ["text"],
                    "updated_at": "time?",
                    "region?": "text",
                }
            ],
            "regions_unread?": REGIONS_UNREAD,
        },
    ),
    "stack show": (
        {
            "stack": {
                "name": "text",
                "region": "text",
                "account": "text?",
                "api": OneOf((None, API)),
                "apis": [API],
                "functions": [FUNCTION],
                "queues": [QUEUE],
                "mappings": [MAPPING],
                "dead_letter_feeds": [
                    {"by": DELIVERED_BY, "name": "text", "queue": "text", "stream": "text?"}
                ],
            },
            "hops": [HOP],
            "unread": UNREAD,
        },
    ),
}

# Commands that print an object a line, for as long as they run.
LINES: dict[str, Shape] = {
    "logs tail": {
        "timestamp": "time?",
        "function": "text",
        "log_group": "text",
        "stream": "text",
        "event_id": "text",
        "request_id": "text?",
        "level": "text?",
        "message": "text",
        "check": "text?",
    },
    "queue watch": {
        "timestamp": "time",
        "queue": "text",
        "visible": "int",
        "in_flight": "int",
        "delayed": "int",
        "dead": "int?",
    },
    "watch": {
        "timestamp": "time",
        "stack": "text",
        "queues": [
            {
                "name": "text",
                "visible": "int",
                "in_flight": "int",
                "delayed": "int",
                "dead_letter_queue": "bool",
                "change_per_s": "number?",
            }
        ],
        "mappings": [{"queue_arn": "text", "function": "text", "state": "text"}],
        "functions": [
            {"name": "text", "invocations_last_minute": "int", "failures_last_minute": "int"}
        ],
        "failures": [
            {
                "at": "time?",
                "function": "text",
                "check": "text?",
                "message": "text",
                "request_id": "text?",
            }
        ],
        "hops": [HOP],
        "trouble": ["text"],
    },
    "doctor --watch": {"timestamp": "time", **DOCTOR},
}
