"""Shapes that several commands have in common."""

from __future__ import annotations

from sqsctl.cli.schema.words import Each, OneOf, Words

TARGET = {
    "kind": Words(("lab", "aws", "endpoint")),
    "account": "text?",
    "region": "text",
    "stack": "text?",
    "endpoint": "text?",
}
DRY_RUN = {"dry_run": "bool", "would": "text"}
EVIDENCE = {"source": "text", "fact": "text", "value": "text", "at": "time?"}
# A command, an edit or a sentence: the keys of another kind are null or empty.
STEP = {
    "kind": Words(("command", "edit", "sentence")),
    "argv": ["text"],
    "line": "text?",
    "where": "text?",
    "changes": "text?",  # yes or no
    "file": "text?",
    "language": "text?",
    "lines": ["text"],
    "at_line": "int?",
    "replaces": ["text"],
    "text": "text?",
}
FINDING = {
    "id": "text",
    "severity": Words(("info", "warning", "error")),
    "kind": Words(("cause", "symptom", "risk")),
    "title": "text",
    "subject": "text?",
    "confidence": Words(("low", "medium", "high")),
    "evidence": [EVIDENCE],
    "explains": ["text"],
    "explained_by": "text?",
    "past": "bool",
    "since": "time?",
    "until": "time?",
    "fix": {
        "summary": "text",
        "disposition": "text",
        "commands": ["text"],
        "serverless_yml": ["text"],
        "template": ["text"],
        "template_of": "text?",
        "ways": [{"when": "text", "steps": [STEP]}],
        "verify": [STEP],
        "afterwards": [STEP],
        "undo": [STEP],
    },
    "reference": "text",
}
CHECK = {"id": "text", "outcome": Words(("ok", "found", "skipped")), "reason": "text?"}
# A way in, a function, a queue, a mapping or a dead-letter queue; figures as far as known.
HOP = {
    "kind": Words(("api", "function", "queue", "mapping", "dead-letter-queue")),
    "name": "text",
    "state": Words(("unknown", "idle", "ok", "strained", "failing", "blocked")),
    "count": "int?",
    "failed": "int?",
    "throttled": "int?",
    "average_ms": "number?",
    "longest_ms": "number?",
    "oldest_age_s": "number?",
    "note": "text?",
}
DOCTOR = {
    "hops": [HOP],
    "stack": "text",
    "verdict": Words(("healthy", "findings", "unknown")),
    "findings": [FINDING],
    "checks": [CHECK],
    "unseen": [{"what": "text", "why": "text", "remedy": "text", "action": "text?"}],
    "missing_actions": ["text"],
}
QUEUE = {
    "name": "text",
    "url": "text",
    "arn": "text",
    "fifo": "bool",
    "visible": "int",
    "in_flight": "int",
    "delayed": "int",
    "visibility_timeout_s": "int",
    "retention_s": "int",
    "delay_s": "int",
    "receive_wait_s": "int",
    "maximum_message_bytes": "int",
    "max_receive_count": "int?",
    "encryption": "text?",
    "dlq": OneOf(
        (
            None,
            {
                "name": "text",
                "arn": "text",
                "visible": "int?",
                "in_flight": "int?",
                "retention_s": "int?",
            },
        )
    ),
    "created_at": "time?",
}
MAPPING = {
    "uuid": "text",
    "queue": "text",
    "queue_arn": "text",
    "function": "text",
    "qualifier": "text?",
    "state": "text",
    "batch_size": "int",
    "window_s": "int",
    "maximum_concurrency": "int?",
    "minimum_pollers": "int?",
    "maximum_pollers": "int?",
    "reports_batch_item_failures": "bool",
}
FUNCTION = {
    "name": "text",
    "arn": "text",
    "runtime": "text?",
    "handler": "text?",
    "timeout_s": "int",
    "memory_mb": "int",
    "architectures": ["text"],
    "state": "text?",
    "log_group": "text",
    "last_modified": "time?",
}
API = {
    "id": "text",
    "name": "text",
    "kind": "text",
    "endpoint": "text",
    "routes": [
        {
            "method": "text",
            "path": "text",
            "function": "text?",
            "qualifier": "text?",
            "queue": "text?",
        }
    ],
}
CAUSE = {"id": "text", "confidence": "text", "evidence": "text"}
FORECAST = {
    "attempt": "int",
    "max_attempts": "int?",
    "visible_at": "time?",
    "dead_at": "time?",
    "expires_at": "time?",
}
# A body without its wrappings: their names from the outside in, and what is inside.
DECODED = {"layers": ["text"], "value": "any", "about": Each("any"), "note": "text?"}
# What another service than SQS could not deliver, as its dead-letter message tells it.
DELIVERED_BY = Words(
    (
        "lambda-dlq",
        "lambda-destination",
        "lambda-stream",
        "eventbridge-rule",
        "sns-subscription",
        "scheduler",
        "pipe",
    )
)
STREAM_BATCH = {
    "source_arn": "text?",
    "shard_id": "text?",
    "first_sequence_number": "text?",
    "last_sequence_number": "text?",
    "first_arrival": "text?",
    "last_arrival": "text?",
    "size": "int?",
}
FAILED_DELIVERY = {
    "by": DELIVERED_BY,
    "source_arn": "text?",
    "target_arn": "text?",
    "error_code": "text?",
    "error_type": "text?",
    "error_message": "text?",
    "condition": "text?",
    "attempts": "int?",
    "request_id": "text?",
    # Where a stream's records are that the message does not hold.
    "batch": OneOf((None, STREAM_BATCH)),
}
MESSAGE = {
    "message_id": "text",
    "body": "text",
    "sent_at": "time?",
    "first_received_at": "time?",
    "receive_count": "int",
    "attributes": Each(
        OneOf(
            (
                {"data_type": "text", "value": "text"},
                {
                    "data_type": "text",
                    "binary_base64": "text",
                    "size_bytes": "int",
                    "sha256": "text",
                },
            )
        )
    ),
    "system_attributes": Each("text"),
    "group_id": "text?",
    "cause": OneOf((None, CAUSE)),
    "decoded": OneOf((None, DECODED)),
    "failed_delivery": OneOf((None, FAILED_DELIVERY)),
}
SPREAD = dict.fromkeys(("min", "avg", "med", "p90", "p95", "p99", "max"), "number?")
BARS = [{"over_ms": "number", "upto_ms": "number", "count": "int"}]
PRODUCE = {
    "via": Words(("http", "sqs")),
    "requested": "int",
    "accepted": "int",
    "rejected": "int",
    "unknown": "int",
    "not_sent": "int",
    "possible_duplicates": "int",
    "duration_s": "number",
    "rate_per_s": "number",
    "rate_held": "bool?",
    "rate_asked_per_s": "number?",
    "rate_late_s": "number?",
    "latency_ms": SPREAD,
    "failed_latency_ms": SPREAD,
    "histogram": BARS,
    "failed_histogram": BARS,
    "status_codes": Each("int"),
    "explanations": [
        {"status": "int", "count": "int", "meaning": "text", "checks": ["text"]},
    ],
    "errors": Each("int"),
    "thresholds": [{"expression": "text", "ok": "bool", "value": "number?"}],
    "interrupted": "bool",
    "gave_up": "text?",
    "ended_by": "text?",
    "seed": "int?",
    "poisoned": "int?",
    "follow": OneOf(
        (
            None,
            {
                "processed": "int",
                "dead_lettered": "int",
                "waiting": "int",
                "timed_out": "bool",
                "seen_in_log": "int?",
                "certain": "bool",
                "method": "text",
                "waited_s": "number",
                "stages_ms": Each(SPREAD),
                "invocations": OneOf(
                    (None, {"ended": "int", "failed": "int", "checks": Each("int")})
                ),
                "dead_lettered_after_s": OneOf((None, {"first": "number", "last": "number"})),
            },
        )
    ),
}
SENDING = {"dry_run": "bool", "via": "text", "to": "text"}
# What kept a cause from being known.
UNREAD = [{"what": "text", "reason": "text", "action": "text?"}]
PURGE = {"queue": "text", "messages": "int"}
PAUSED = {"uuid": "text", "function": "text", "queue_arn": "text", "paused_at": "text"}
PURGED = {**PURGE, "waited_s": "number", "exported_to": "text?"}
ENDPOINTS = {
    "stack": "text",
    "endpoints": [{"method": "text", "url": "text", "function": "text?"}],
    "functions": [{"key": "text", "name": "text", "runtime": "text?", "code_size_bytes": "int"}],
    "queues": [{"name": "text", "url": "text", "arn": "text", "dead_letter_queue": "bool"}],
}
EVENT = {
    "resource": "text",
    "type": "text",
    "status": "text",
    "reason": "text?",
    "at": "time?",
}
LAB = {
    "name": "text",
    "endpoint": "text",
    "region": "text",
    "account": "text",
    "pid": "int",
    "log": "text",
    "runtime": "text",
    "time_scale": "number",
    **ENDPOINTS,
    "notice": "text?",
}
LEFT_OUT = {"stack": "text", "logical_id": "text", "type": "text", "reason": "text"}
TASK = {
    "status": "text",
    "started_at": "time?",
    "moved": "int",
    "to_move": "int?",
    "rate_per_s": "int?",
    "destination_arn": "text?",
    "failure": "text?",
    "handle": "text?",
}
