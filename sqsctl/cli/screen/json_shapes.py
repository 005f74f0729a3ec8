"""The JSON shapes of what the model knows. Keys here are promises, kept by a contract test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import iso

if TYPE_CHECKING:
    from sqsctl.model.failed_delivery import FailedDelivery, StreamBatch
    from sqsctl.model.finding import Diagnosis, Evidence, Finding
    from sqsctl.model.functions import (
        EventSourceMapping,
        Function,
    )
    from sqsctl.model.message import Message, MessageAttribute
    from sqsctl.model.remedy import Step, Way
    from sqsctl.model.stack import (
        Api,
        Queue,
        Stack,
    )
    from sqsctl.operations.dead_letters.readable_bodies import Decoded

Shape = dict[str, Any]


def queue_shape(queue: Queue, dead_letter_queue: Queue | None = None) -> Shape:
    """The ``queue`` of ``queue inspect``."""
    dlq: Shape | None = None
    if queue.dead_letter_target_arn:
        arn = queue.dead_letter_target_arn
        dlq = {
            "name": arn.rpartition(":")[2],
            "arn": arn,
            "visible": dead_letter_queue.visible if dead_letter_queue else None,
            "in_flight": dead_letter_queue.in_flight if dead_letter_queue else None,
            "retention_s": dead_letter_queue.retention_s if dead_letter_queue else None,
        }
    return {
        "name": queue.name,
        "url": queue.url,
        "arn": queue.arn,
        "fifo": queue.fifo,
        "visible": queue.visible,
        "in_flight": queue.in_flight,
        "delayed": queue.delayed,
        "visibility_timeout_s": queue.visibility_timeout_s,
        "retention_s": queue.retention_s,
        "delay_s": queue.delay_s,
        "receive_wait_s": queue.receive_wait_s,
        "maximum_message_bytes": queue.maximum_message_bytes,
        "max_receive_count": queue.max_receive_count,
        "encryption": queue.kms_key_id or ("SSE-SQS" if queue.sse_sqs else None),
        "dlq": dlq,
        "created_at": iso(queue.created_at),
    }


def attribute_shape(attribute: MessageAttribute) -> Shape:
    """A message attribute; binary values as base64, with size and hash."""
    import base64
    import hashlib

    if isinstance(attribute.value, bytes):
        return {
            "data_type": attribute.data_type,
            "binary_base64": base64.b64encode(attribute.value).decode("ascii"),
            "size_bytes": len(attribute.value),
            "sha256": hashlib.sha256(attribute.value).hexdigest(),
        }
    return {"data_type": attribute.data_type, "value": attribute.value}


def decoded_shape(decoded: Decoded | None) -> Shape | None:
    """What a body holds once its wrappings are off."""
    if decoded is None:
        return None
    return {
        "layers": list(decoded.layers),
        "value": decoded.value,
        "about": dict(decoded.about),
        "note": decoded.note or None,
    }


def failed_delivery_shape(delivery: FailedDelivery | None) -> Shape | None:
    """What another service than SQS could not deliver, and why."""
    if delivery is None:
        return None
    return {
        "by": delivery.by,
        "source_arn": delivery.source_arn,
        "target_arn": delivery.target_arn,
        "error_code": delivery.error_code or None,
        "error_type": delivery.error_type or None,
        "error_message": delivery.error_message or None,
        "condition": delivery.condition or None,
        "attempts": delivery.attempts,
        "request_id": delivery.request_id,
        "batch": _batch_shape(delivery.batch),
    }


def _batch_shape(batch: StreamBatch | None) -> Shape | None:
    if batch is None:
        return None
    return {
        "source_arn": batch.source_arn or None,
        "shard_id": batch.shard_id or None,
        "first_sequence_number": batch.first_sequence_number or None,
        "last_sequence_number": batch.last_sequence_number or None,
        "first_arrival": batch.first_arrival or None,
        "last_arrival": batch.last_arrival or None,
        "size": batch.size,
    }


def message_shape(
    message: Message,
    cause: Mapping[str, Any] | None = None,
    decoded: Decoded | None = None,
) -> Shape:
    """An entry of ``dlq peek``'s ``messages``."""
    from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery

    return {
        "message_id": message.message_id,
        "body": message.body,
        "sent_at": iso(message.sent_at),
        "first_received_at": iso(message.first_received_at),
        "receive_count": message.receive_count,
        "attributes": {name: attribute_shape(each) for name, each in message.attributes.items()},
        "system_attributes": dict(message.system),
        "group_id": message.group_id,
        "cause": dict(cause) if cause else None,
        "decoded": decoded_shape(decoded),
        "failed_delivery": failed_delivery_shape(failed_delivery(message)),
    }


def evidence_shape(evidence: Evidence) -> Shape:
    return {
        "source": evidence.source,
        "fact": evidence.fact,
        "value": evidence.value,
        "at": iso(evidence.at),
    }


def finding_shape(finding: Finding) -> Shape:
    """An entry of ``findings``, the same in ``doctor`` and ``logs explain``."""
    return {
        "id": finding.id,
        "severity": finding.severity.label,
        "kind": finding.kind.value,
        "title": finding.title,
        "subject": finding.subject or None,
        "confidence": finding.confidence.label,
        "evidence": [evidence_shape(each) for each in finding.evidence],
        "explains": list(finding.explains),
        "explained_by": finding.explained_by or None,
        "past": finding.past,
        "since": iso(finding.since),
        "until": iso(finding.until),
        "fix": {
            "summary": finding.fix.summary,
            "disposition": finding.fix.disposition,
            "commands": list(finding.fix.commands),
            "serverless_yml": list(finding.fix.serverless_yml),
            "template": list(finding.fix.template),
            "template_of": finding.fix.template_of or None,
            "ways": [way_shape(each) for each in finding.fix.ways],
            "verify": [step_shape(each) for each in finding.fix.verify],
            "afterwards": [step_shape(each) for each in finding.fix.afterwards],
            "undo": [step_shape(each) for each in finding.fix.undo],
        },
        "reference": finding.reference,
    }


def way_shape(way: Way) -> Shape:
    """An entry of a fix's ``ways``."""
    return {"when": way.when, "steps": [step_shape(each) for each in way.steps]}


def step_shape(step: Step) -> Shape:
    """An entry of ``steps``, ``verify``, ``afterwards`` and ``undo``; ``kind`` says what it is.

    Every key is there; those of another kind are null or empty.
    """
    from sqsctl.model.remedy import Command, Edit, Sentence

    command = step if isinstance(step, Command) else None
    edit = step if isinstance(step, Edit) else None
    return {
        "kind": "command" if command else "edit" if edit else "sentence",
        "argv": list(command.argv) if command else [],
        "line": command.line if command else None,
        "where": (command.where or None) if command else None,
        "changes": ("yes" if command.changes else "no") if command else None,
        "file": edit.file if edit else None,
        "language": edit.language if edit else None,
        "lines": list(edit.lines) if edit else [],
        "at_line": edit.at_line if edit else None,
        "replaces": list(edit.replaces) if edit else [],
        "text": step.text if isinstance(step, Sentence) else None,
    }


def diagnosis_shape(diagnosis: Diagnosis) -> Shape:
    """The data of ``doctor``."""
    return {
        "stack": diagnosis.stack,
        "verdict": diagnosis.verdict,
        "findings": [finding_shape(each) for each in diagnosis.findings],
        "checks": [
            {"id": each.id, "outcome": each.outcome.value, "reason": each.reason or None}
            for each in diagnosis.checks
        ],
        "unseen": [
            {"what": each.what, "why": each.why, "remedy": each.remedy, "action": each.action}
            for each in diagnosis.unseen
        ],
    }


def function_shape(function: Function) -> Shape:
    return {
        "name": function.name,
        "arn": function.arn,
        "runtime": function.runtime,
        "handler": function.handler,
        "timeout_s": function.timeout_s,
        "memory_mb": function.memory_mb,
        "architectures": list(function.architectures),
        "state": function.state,
        "log_group": function.log_group,
        "last_modified": iso(function.last_modified),
    }


def mapping_shape(mapping: EventSourceMapping) -> Shape:
    return {
        "uuid": mapping.uuid,
        "queue": mapping.queue_arn.rpartition(":")[2],
        "queue_arn": mapping.queue_arn,
        "function": mapping.function_name,
        "qualifier": mapping.qualifier,
        "state": mapping.state,
        "batch_size": mapping.batch_size,
        "window_s": mapping.window_s,
        "maximum_concurrency": mapping.maximum_concurrency,
        "minimum_pollers": mapping.minimum_pollers,
        "maximum_pollers": mapping.maximum_pollers,
        "reports_batch_item_failures": mapping.reports_batch_item_failures,
    }


def api_shape(api: Api) -> Shape:
    return {
        "id": api.id,
        "name": api.name,
        "kind": api.kind,
        "endpoint": api.endpoint,
        "routes": [
            {
                "method": each.method,
                "path": each.path,
                "function": each.function_name,
                "qualifier": each.qualifier,
                "queue": each.queue_name,
            }
            for each in api.routes
        ],
    }


def stack_shape(stack: Stack) -> Shape:
    """The ``stack`` of ``stack show``."""
    apis = [api_shape(each) for each in stack.apis]
    return {
        "name": stack.name,
        "region": stack.region,
        "account": stack.account,
        "api": apis[0] if apis else None,
        "apis": apis,
        "functions": [function_shape(each) for each in stack.functions],
        "queues": [
            queue_shape(each, stack.queue(each.dead_letter_target_arn or ""))
            for each in stack.queues
        ],
        "mappings": [mapping_shape(each) for each in stack.mappings],
        "dead_letter_feeds": [
            {
                "by": each.by,
                "name": each.name,
                "queue": each.queue_arn.rpartition(":")[2],
                "stream": each.stream or None,
            }
            for each in stack.dead_letter_feeds
        ],
    }
