"""The event source mapping is switched off.

## What it does
Looks at the state of each event source mapping, or at the JSON of one in pasted text.
Anything but enabled (or on its way there) means that no consumer takes messages from the queue.
One that a redrive of yours has paused is told as that.

## Why it matters
The producer keeps answering 200, the queue keeps growing, no error appears anywhere, and
after the retention period the messages are gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_mapping, of_queue
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import Look, Option, Set, Wait, call, remedy
from sqsctl.model.paused import PausedMapping
from sqsctl.model.plurals import waiting
from sqsctl.model.stack import (
    Fact,
    Stack,
)

_STATE = re.compile(r"\"State\"\s*:\s*\"(?P<state>Disabled|Disabling)\"")
_MAPPING = re.compile(r"\"EventSourceArn\"\s*:\s*\"(?P<arn>[^\"\s]{1,300})\"")
_UUID = re.compile(r"\"UUID\"\s*:\s*\"(?P<uuid>[0-9a-fA-F-]{36})\"")
_TOLD = re.compile(
    r"event source mapping (?:[\w-]{1,60} )?(?:is|was|has been)(?: currently)? disabled",
    re.IGNORECASE,
)
_OFF = frozenset({"Disabled", "Disabling"})


class MappingDisabled(LogCheck[tuple[str, str]]):
    meta = Meta(
        id="mapping-disabled",
        title="Every event source mapping is enabled",
        severity=Severity.ERROR,
        needs=frozenset({Fact.MAPPINGS}),
        uses=frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.LOGS, Fact.ERRORS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def recognise(self, case: Case) -> tuple[str, str] | None:
        text = case.everything
        state, source = _STATE.search(text), _MAPPING.search(text)
        uuid = _UUID.search(text)
        if state and source:
            return source.group("arn"), uuid.group("uuid") if uuid else ""
        return ("", uuid.group("uuid") if uuid else "") if _TOLD.search(text) else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for mapping in stack.mappings:
            if mapping.state in _OFF:
                yield self._off(mapping, stack)
        yield from super().diagnose(stack)

    def _off(self, mapping: EventSourceMapping, stack: Stack) -> Finding:
        queue = stack.queue(mapping.queue_arn)
        name = queue.name if queue else mapping.queue_arn.rsplit(":", 1)[-1]
        left = f"; {waiting(queue.visible)}" if queue and queue.visible else ""
        why = mapping.state_transition_reason
        evidence = [of_mapping(mapping, "State", mapping.state)]
        if why:
            evidence.append(of_mapping(mapping, "StateTransitionReason", why))
        if queue:
            evidence.append(of_queue(queue, "ApproximateNumberOfMessages", queue.visible))
        for paused in stack.paused:
            if paused.uuid == mapping.uuid:
                return self._paused(mapping, paused, name, left, evidence)
        return self.found(
            f"no consumer takes messages from {name}: its mapping to {mapping.function_name} is "
            f"{mapping.state.lower()}{left}",
            evidence=evidence,
            remedy=remedy(
                "enable the mapping",
                Set("mapping", mapping.uuid, {"Enabled": True}, {"Enabled": False}),
                disposition="safe",
            ),
            subject=mapping.function_name,
            kind=Kind.CAUSE,
        )

    def _paused(
        self,
        mapping: EventSourceMapping,
        paused: PausedMapping,
        name: str,
        left: str,
        evidence: list[Evidence],
    ) -> Finding:
        """A redrive of this user's has switched it off, and left a note."""
        whose = (
            "a redrive that is running keeps it away (--pause-consumer)"
            if paused.running
            else "a redrive with --pause-consumer was killed before it could enable it again"
        )
        on = Set("mapping", mapping.uuid, {"Enabled": True}, {"Enabled": False})
        again = Look(words=("dlq", "redrive", "--resume-consumer"), queue=name)
        return self.found(
            f"no consumer takes messages from {name}: its mapping to {mapping.function_name} is "
            f"{mapping.state.lower()}, {whose}{left}",
            evidence=[*evidence, Evidence("the note of the redrive", "paused at", paused.at)],
            remedy=remedy(
                "wait for the redrive to end: it enables the mapping by itself",
                Wait("the redrive has ended"),
            )
            if paused.running
            else remedy(
                "enable the mapping again",
                on,
                disposition="safe",
                other=(Option((again,), "with the note of the redrive at hand"),),
            ),
            subject=mapping.function_name,
            kind=Kind.CAUSE,
        )

    def report(self, seen: Seen[tuple[str, str]], stack: Stack) -> Finding:
        del stack
        arn, uuid = seen.sign
        name = arn.rsplit(":", 1)[-1] or "the queue"
        return self.found(
            f"no consumer takes messages from {name}: its event source mapping is disabled",
            evidence=seen.evidence() or (Evidence("the text", "State", "Disabled"),),
            remedy=remedy(
                "enable the mapping",
                *(() if uuid else (_listed(arn),)),
                Set("mapping", uuid, {"Enabled": True}, {"Enabled": False}),
            ),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM),
        )


def _listed(arn: str) -> Look:
    """What tells the mapping's UUID."""
    source = {"EventSourceArn": arn} if arn else {}
    return Look(
        call("lambda", "list_event_source_mappings", **source),
        query="EventSourceMappings[].[UUID,State,EventSourceArn]",
    )
