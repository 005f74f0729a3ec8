"""One kind of work on two queues, stopped at some moment, gone on with, and judged exactly."""

from __future__ import annotations

import io
import json
import signal
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.operations.moving import archive
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.pause import forsaken, put_back
from sqsctl.operations.moving.redrive import RedriveStoppedError
from sqsctl.operations.shared.paused_notes import where_of
from tests.faults.bench import Bench, session_on
from tests.faults.proxy import When
from tests.faults.test_crash import at, victim
from tests.faults.victim import chosen, fed_by, notes_beside, work

MESSAGES = 30
_MOVES = ("ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch")
KINDS = {
    "edit": _MOVES,
    "canary": _MOVES,
    "pause": ("UpdateEventSourceMapping", "GetEventSourceMapping", *_MOVES),
    "restore": ("SendMessageBatch",),
    "export": ("ReceiveMessage", "ChangeMessageVisibilityBatch"),
    "purge": ("ReceiveMessage", "DeleteMessageBatch"),
}
ENDED_POLITELY = 143
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_MAY_READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
    }
)


@dataclass(frozen=True)
class Moment:
    """The ``number``-th request of an operation, before or after it; ``after_s`` later, if set."""

    operation: str
    when: When
    number: int
    after_s: float | None = None


@dataclass
class Trial:
    bench: Bench
    kind: str
    ended: bool = False  # it was faster than the signal, or outlived it

    @property
    def archive(self) -> Path:
        return self.bench.folder.parent / "archive"

    @contextmanager
    def prepared(self) -> Iterator[None]:
        bench = self.bench
        bench.fill(MESSAGES)
        if self.kind == "restore":
            assert self.exported() == MESSAGES
        if self.kind == "pause":
            with fed_function(bench):
                yield
        else:
            yield

    def exported(self) -> int:
        port = self.bench.direct.open(self.bench.source.ref)
        return export(
            port, self.bench.direct.describe(self.bench.source.ref), self.archive
        ).messages

    def stopped(self, number: signal.Signals, moment: Moment) -> None:
        """Send the signal at that moment; the process ends by it, or was faster."""
        with victim(self.bench, workers=2, kind=self.kind) as process:

            def act() -> None:
                process.send_signal(number)

            timer = threading.Timer(moment.after_s or 0, act)
            begin: Callable[[], None] = act if moment.after_s is None else timer.start
            if at(self.bench, moment.operation, moment.when, moment.number, begin).wait(20):
                process.wait(15)
            process.wait(15)
            ends = {0, -signal.SIGKILL if number == signal.SIGKILL else ENDED_POLITELY}
            assert process.returncode in ends
            if process.returncode != -signal.SIGKILL and process.stdout:
                self.note(process.stdout.read())
            self.ended = process.returncode == 0
        if self.kind == "export" and self.archive.exists():
            assert archive.check(self.archive).problem == "", "what has the name is whole"
        if self.kind == "pause" and number != signal.SIGKILL:
            assert self.consumer_is_on(), "only kill -9 leaves it off"

    def slept(self, seconds: float, moment: Moment) -> None:
        """Stop the process (SIGSTOP) at that moment, for so long; it then goes on to its end."""
        with victim(self.bench, workers=2, kind=self.kind) as process:

            def sleep() -> None:
                process.send_signal(signal.SIGSTOP)
                threading.Event().wait(seconds)
                process.send_signal(signal.SIGCONT)

            assert at(self.bench, moment.operation, moment.when, moment.number, sleep).wait(30)
            told, _ = process.communicate(timeout=60)
        self.ended = process.returncode == 0
        self.note(told)

    def note(self, told: str) -> None:
        self.bench.told.update(json.loads(told or "{}").get("possible_duplicates", ()))

    def go_on(self) -> None:
        """Again, as a user would, until nothing is left to do."""
        bench = self.bench
        bench.proxy.faults.clear()
        bench.proxy.settle()
        client = QueueClient(session_on(bench.proxy.url))
        end = time.monotonic() + 60  # a look that was killed hides what it saw for a while
        while time.monotonic() < end:
            threading.Event().wait(0.2)
            self.enable_what_was_left(client)
            try:
                done = work(self.kind, client, bench.source, bench.target, bench.folder, 2)
            except RedriveStoppedError as error:
                bench.told.update(error.summary.possible_duplicates)
                continue
            except SqsctlError:
                continue
            bench.told.update(getattr(done, "possible_duplicates", ()))
            if self.done():
                return
        raise AssertionError("it never came to an end")

    def done(self) -> bool:
        if self.kind == "restore":
            return True
        if self.kind == "export":
            return archive.check(self.archive).messages == MESSAGES
        left = MESSAGES // 2 if self.kind == "purge" else 0
        return self.bench.count(self.bench.source) <= left

    def enable_what_was_left(self, client: QueueClient) -> None:
        if self.kind != "pause":
            return
        where = where_of(client.place, fed_by(self.bench.target.arn))
        mine, others = forsaken(notes_beside(self.bench.folder), where)
        assert others == (), "a note is of this server, account and region"
        left = put_back(MappingClient(client.session), mine, poll_s=0.02)
        assert (left.missing, left.left) == ((), ())
        assert self.consumer_is_on()

    def consumer_is_on(self) -> bool:
        mappings = MappingClient(self.bench.direct.session)
        (mapping,) = mappings.of_queue(fed_by(self.bench.target.arn))
        return mapping.state in {"Enabled", "Enabling"}

    def judge(self) -> None:
        bench = self.bench
        if self.kind == "pause":
            assert self.consumer_is_on()
            assert list(notes_beside(bench.folder).glob("*.json")) == []
        arrived = Counter(plain(each) for each in bench.drain(bench.target))
        stayed = bench.drain(bench.source)
        wanted = {each.body for each in bench.filled}
        if self.kind == "purge":
            kept = [each for each in stayed if not chosen(each)]
            assert len(kept) == MESSAGES // 2, "what was not chosen is all there, once each"
            assert arrived == Counter()
            return
        if self.kind == "export":
            written = Counter(each.message.body for each in archive.entries(self.archive))
            once = Counter(wanted)
            assert (written, Counter(each.body for each in stayed), arrived) == (once, once, {})
            return
        if self.kind == "restore":
            assert {each.body for each in stayed} == wanted, "an export takes nothing out"
            there = set(arrived)
        else:
            there = {*arrived, *(plain(each) for each in stayed)}
        assert wanted - there == set(), "lost"
        assert there - wanted == set(), "unexpected"
        doubled = {body for body, times in arrived.items() if times > 1}
        told = {bench.ids[each] for each in bench.told if each in bench.ids}
        assert doubled - told == set(), "duplicates that nobody told"


def plain(message: Message) -> str:
    return message.body.removeprefix("edited ")


@contextmanager
def fed_function(bench: Bench) -> Iterator[None]:
    """A function with a queue of its own, switched on."""
    arn = fed_by(bench.target.arn)
    name = arn.rpartition(":")[2]
    session = bench.direct.session
    sqs, functions, iam = session.sqs(), session.functions(), session.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=_MAY_READ)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("index.py", "def handler(event, context):\n    return {}\n")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=iam.get_role(RoleName=name)["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )
    mapping = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=name)["UUID"]
    try:
        yield
    finally:
        functions.delete_event_source_mapping(UUID=mapping)
        functions.delete_function(FunctionName=name)
        sqs.delete_queue(QueueUrl=url)
        iam.delete_role_policy(RoleName=name, PolicyName="reads")
        iam.delete_role(RoleName=name)
