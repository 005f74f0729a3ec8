"""The ``data`` of the dlq commands."""

from __future__ import annotations

from sqsctl.cli.schema.parts import FORECAST, MESSAGE, PAUSED, PURGE, PURGED, TASK, UNREAD
from sqsctl.cli.schema.words import OneOf, Shape, Words

ATTEMPT = {
    "request_id": "text?",
    "started_at": "time?",
    "duration_ms": "number?",
    "status": "text",
    "error_type": "text?",
    "error_message": "text?",
    "lines": ["text"],
}
DLQ: dict[str, tuple[Shape, ...]] = {
    "dlq explain": (
        {
            "queue": "text",
            "message": MESSAGE,
            "origin": "text?",
            "certain": "bool",
            "attempts": [ATTEMPT],
            "other_attempts": [ATTEMPT],
            "others": "int",
            "forecast": OneOf((None, FORECAST)),
            "unreleased": "int",
            "causes_unread": UNREAD,
        },
    ),
    "dlq export": (
        {
            "path": "text",
            "messages": "int",
            "size_bytes": "int",
            "sha256": "text",
            "looked_at": "int",
            "exhausted": "bool",
            "interrupted": "bool",
            "unreleased": "int",
            "damaged": ["text"],
            "groups_locked": ["text"],
            "in_flight": "int",
            "delayed": "int",
            "behind": "int",
        },
    ),
    "dlq groups": (
        {
            "queue": "text",
            "approximate_total": "int",
            "looked_at": "int",
            "groups": [
                {
                    "cause": "text?",
                    "fingerprint": "text",
                    "count": "int",
                    "first_at": "time?",
                    "last_at": "time?",
                    "sample_message_ids": ["text"],
                    "failed_by": "text?",
                    "error": "text?",
                }
            ],
            "unreleased": "int",
            "causes_unread": UNREAD,
        },
    ),
    "dlq peek": (
        {
            "queue": "text",
            "approximate_total": "int",
            "messages": [{**MESSAGE, "forecast": OneOf((None, FORECAST))}],
            "cost": {
                "receive_counts_raised": "int",
                "groups_locked": ["text"],
                "locked_s": "number",
                "unreleased": "int",
            },
            "exhausted": "bool",
            "causes_unread": UNREAD,
        },
    ),
    "dlq purge": (
        PURGED,
        {
            **PURGE,
            "looked_at": "int",
            "failures": [{"message_id": "text", "reason": "text"}],
            "ids_not_found": ["text"],
            "interrupted": "bool",
            "unreleased": "int",
        },
        {**PURGE, "dry_run": "bool"},
    ),
    "dlq bury": (
        {
            "queue": "text",
            "to": "text",
            "moved": "int",
            "failed": "int",
            "not_found": ["text"],
            "looked_at": "int",
            "possible_duplicates": ["text"],
            "failures": [{"message_id": "text", "reason": "text"}],
            "journal": "text?",
            "interrupted": "bool",
        },
        {"dry_run": "bool", "queue": "text", "to": "text", "messages": "int"},
    ),
    "dlq redrive": (
        {
            "method": Words(("native", "client")),
            "selected": "int",
            "moved": "int",
            "failed": "int",
            "remaining": "int",
            "possible_duplicates": ["text"],
            "journal": "text?",
            "skipped": "int",
            "returned": "int",
            "resumed": "int",
            "vanished": "int",
            "interrupted": "bool",
            "failures": [{"message_id": "text", "reason": "text"}],
            "blocked_groups": ["text"],
            "duration_s": "number",
            "notes": ["text"],
            "accepted": [{"message_id": "text", "accepted_as": "text"}],
        },
        {"enabled": [PAUSED], "missing": [PAUSED], "left": [PAUSED]},
        {
            "dry_run": "bool",
            "method": Words(("native", "client")),
            "selected": "int",
            "moved": "int",
            "failed": "int",
            "remaining": "int",
            "possible_duplicates": ["text"],
            "journal": "text?",
        },
    ),
    "dlq restore": (
        {
            "path": "text",
            "to": "text",
            "lines": "int",
            "sent": "int",
            "skipped": "int",
            "restored_before": "int",
            "restored_by": ["text"],
            "failed": "int",
            "possible_duplicates": ["text"],
            "failures": [{"line": "int", "reason": "text"}],
            "partial": "bool",
            "partial_reason": "text?",
            "interrupted": "bool",
            "journal": "text?",
        },
        {
            "dry_run": "bool",
            "path": "text",
            "lines": "int",
            "to": "text",
            "restored_before": "int",
        },
    ),
    "dlq tasks": (
        {"queue": "text", "tasks": [TASK], "cancelled": OneOf((None, TASK)), "dry_run": "bool"},
    ),
}
