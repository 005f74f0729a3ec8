"""Which part of a stack a finding is about, so that causes explain only their own symptoms."""

from __future__ import annotations

from sqsctl.model.finding import Finding
from sqsctl.model.stack import Stack


def parts_of(finding: Finding, stack: Stack) -> frozenset[str]:
    """Names of the functions, queues and APIs that the finding's subject works with.

    Empty where the finding is about everything (an account's limit) or nothing known.
    """
    if not finding.subject:
        return frozenset()
    names = {finding.subject}
    queues = {each.arn: each for each in stack.queues}
    for mapping in stack.mappings:
        queue = queues.get(mapping.queue_arn)
        name = queue.name if queue else mapping.queue_arn.rsplit(":", 1)[-1]
        dlq = queue.dead_letter_target_arn if queue else None
        around = {mapping.function_name, name}
        if dlq:
            around.add(dlq.rsplit(":", 1)[-1])
        if finding.subject in around:
            names |= around
    for queue in stack.queues:
        if queue.dead_letter_target_arn:
            pair = {queue.name, queue.dead_letter_target_arn.rsplit(":", 1)[-1]}
            if finding.subject in pair:
                names |= pair
    for api in stack.apis:
        behind = {each.function_name for each in api.routes if each.function_name}
        if finding.subject in {api.id, api.name} or finding.subject in behind:
            names |= {
                api.id,
                api.name,
                *({finding.subject} if finding.subject in behind else behind),
            }
    return frozenset(names)


def touches(cause: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a cause about these parts can explain a finding about those."""
    return not cause or not other or bool(cause & other)
