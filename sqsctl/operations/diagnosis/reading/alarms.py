"""Alarms on dead-letter queues."""

from __future__ import annotations

from collections.abc import Sequence

from sqsctl.aws.cloudwatch.alarms import AlarmReader
from sqsctl.model.alarms import Alarm, QueueAlarms
from sqsctl.model.stack import Fact, Unread
from sqsctl.operations.diagnosis.reading.observation import SharedReads

MAX_QUEUES = 20


class AlarmsReader:
    """Reads what watches each dead-letter queue, all at the same time."""

    def __init__(self, shared: SharedReads) -> None:
        self._shared = shared
        self._reader = AlarmReader(shared.session)
        self._found: dict[str, QueueAlarms] = {}

    def start(self) -> None:
        """Start the calls; on an emulator only where little else is wanted."""
        shared = self._shared
        if Fact.ALARMS not in shared.wanted.facts:
            return
        gap = shared.gap(Fact.ALARMS)
        if shared.session.target.kind != "aws" and Fact.LOGS in shared.wanted.facts:
            gap(
                Unread(
                    "alarms",
                    "on an emulator, only when asked for by the check's id",
                    on_purpose=True,
                )
            )
            return
        for part in shared.ref.dead_letter_queues[:MAX_QUEUES]:
            shared.work.start(
                f"alarms on {part.name}",
                lambda name=part.name: self._reader.on_queue(name),  # type: ignore[misc]
                lambda alarms, name=part.name: self._have(name, alarms),  # type: ignore[misc]
                gap,
                action="cloudwatch:DescribeAlarmsForMetric",
            )

    def found(self) -> Sequence[QueueAlarms]:
        return [each for _, each in sorted(self._found.items())]

    def _have(self, name: str, alarms: tuple[Alarm, ...]) -> None:
        self._found[name] = QueueAlarms(name, alarms)
