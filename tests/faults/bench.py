"""A dead-letter queue on a real server behind a fault proxy, and the oracle.

The oracle is exact, as Jepsen's total-queue checker: every message is at the target or
still at the source (nothing lost), nothing else is there (nothing unexpected), and what is
there twice was told.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.queues import QueueRef
from sqsctl.model.stack import Queue
from sqsctl.model.target import Target
from sqsctl.model.transfer import RedriveSummary
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError, redrive
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.aws.loopback import ImpatientSession
from tests.faults.proxy import Proxy, proxied

REGION = "ap-northeast-2"
POLICY = RetryPolicy(attempts=4, base_s=0.01, cap_s=0.05)
HOLD_S = 1
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793"


def keys() -> Credentials:
    """Those of the session's lab, if there is one; other servers take any."""
    key, _, secret = os.environ.get("TESTS_LAB_KEYS", "test:test").partition(":")
    return Credentials(key, secret)


def session_on(endpoint: str, patience_s: float = 10.0) -> Session:
    target = Target("endpoint", REGION, endpoint=endpoint)
    return ImpatientSession(target, credentials=keys(), patience_s=patience_s)


def a_message(number: int, *, fifo: bool = False) -> Outgoing:
    """A message that carries one of everything, told apart by its body."""
    return Outgoing(
        json.dumps({"n": number, "text": "값 \U0001f600 [/red] \u202e"}, ensure_ascii=False),
        {
            "number": MessageAttribute("Number", f"{number}.10"),
            "bytes": MessageAttribute("Binary.png", bytes([0, 255, number % 256])),
            "text": MessageAttribute("String.custom", "한글"),
        },
        group_id=f"g{number % 3}" if fifo else None,
        deduplication_id=f"d{number}" if fifo else None,
    )


@dataclass
class Bench:
    """``direct`` talks past the proxy: for filling and for the oracle."""

    proxy: Proxy
    folder: Path
    direct: QueueClient
    source: Queue
    target: Queue
    fifo: bool
    filled: list[Outgoing] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    summaries: list[RedriveSummary] = field(default_factory=list)
    patience_s: float = 5.0  # how long an answer is waited for; short where one never comes

    def fill(self, count: int) -> None:
        queue = self.direct.open(_ref(self.source))
        self.filled = [a_message(number, fifo=self.fifo) for number in range(count)]
        for start in range(0, count, 10):
            part = self.filled[start : start + 10]
            for each in queue.send(part).accepted:
                self.ids[each.message_id] = part[each.index].body

    def run(self, **more: Any) -> RedriveSummary:
        """One redrive through the proxy, in this process."""
        options = more.pop("options", None) or Redrive(concurrency=1, hold_s=HOLD_S, wait_s=0)
        summary = redrive(
            QueueClient(session_on(self.proxy.url, patience_s=self.patience_s)),
            self.source,
            to=self.target,
            journal_folder=self.folder,
            options=options,
            policy=POLICY,
            **more,
        )
        self.note(summary)
        return summary

    def note(self, summary: RedriveSummary) -> None:
        self.summaries.append(summary)
        self.told.update(summary.possible_duplicates)

    def run_to_the_end(self, runs: int = 60, *, concurrency: int = 2) -> None:
        """Run again, as a user would, until the source is empty."""
        for number in range(runs):
            threading.Event().wait(0.1 if number else 0)
            try:
                self.run(options=Redrive(concurrency=concurrency, hold_s=HOLD_S, wait_s=0))
            except RedriveStoppedError as error:
                self.note(error.summary)
            except SqsctlError as error:
                if error.exit not in {Exit.UNAVAILABLE, Exit.DENIED}:
                    raise
            if self.count(self.source) == 0:
                return
        raise AssertionError(f"{self.count(self.source)} messages never moved")

    def count(self, queue: Queue) -> int:
        return self.direct.describe(_ref(queue)).approximate_total

    def drain(self, queue: Queue) -> list[Message]:
        """Everything in a queue, taken out."""
        opened = self.direct.open(_ref(queue))
        found: list[Message] = []
        while self.count(queue):
            batch = opened.receive(10, visibility_s=60)
            found += batch
            if batch:
                opened.delete(batch)
        return found

    def judge(self) -> Verdict:
        """Take out everything and compare; call it last."""
        arrived = self.drain(self.target)
        left = self.drain(self.source)
        wanted = Counter(each.body for each in self.filled)
        there = Counter(each.body for each in (*arrived, *left))
        doubled = Counter(each.body for each in arrived)
        return Verdict(
            lost=sorted((wanted - there).elements()),
            unexpected=sorted(set(there) - set(wanted)),
            doubled={body for body, times in doubled.items() if times > 1},
            told={self.ids[each] for each in self.told if each in self.ids},
            changed=[
                each.body for each in arrived if not _same(each, self._sent(each.body), self.fifo)
            ],
            order=[each.body for each in arrived],
        )

    def _sent(self, body: str) -> Outgoing | None:
        return next((each for each in self.filled if each.body == body), None)


@dataclass
class Verdict:
    """Bodies by what is wrong with them."""

    lost: list[str]
    unexpected: list[str]
    doubled: set[str]
    told: set[str]
    changed: list[str]
    order: list[str]

    @property
    def untold(self) -> set[str]:
        return self.doubled - self.told

    def assert_nothing_lost(self) -> None:
        assert self.lost == []
        assert self.unexpected == []
        assert self.changed == []

    def assert_clean(self) -> None:
        self.assert_nothing_lost()
        assert self.untold == set()


def _same(message: Message, sent: Outgoing | None, fifo: bool) -> bool:
    """Byte for byte what was sent, the deduplication id apart."""
    return sent is not None and (
        (message.body, dict(message.attributes), message.group_id)
        == (sent.body, dict(sent.attributes), sent.group_id if fifo else message.group_id)
    )


def _ref(queue: Queue) -> QueueRef:
    return queue.ref


@contextmanager
def faulty(endpoint: str, folder: Path, *, fifo: bool = False) -> Iterator[Bench]:
    """Two queues of one's own on ``endpoint``, behind a proxy; deleted at the end."""
    client = QueueClient(session_on(endpoint))
    with proxied(endpoint) as proxy:
        source, target = (_created(client, fifo) for _ in range(2))
        try:
            yield Bench(proxy, folder, client, source, target, fifo)
        finally:
            for each in (source, target):
                client.session.sqs().delete_queue(QueueUrl=each.url)


def _created(client: QueueClient, fifo: bool) -> Queue:
    name = f"f{uuid.uuid4().hex[:12]}" + (".fifo" if fifo else "")
    attributes: dict[str, str] = {"FifoQueue": "true"} if fifo else {}
    client.session.sqs().create_queue(QueueName=name, Attributes=attributes)  # type: ignore[arg-type]
    return client.describe(client.resolve(name))


def bodies(messages: Iterable[Outgoing]) -> list[str]:
    return [each.body for each in messages]
