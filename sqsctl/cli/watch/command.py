"""sqsctl watch: the whole stack, live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.keys import has_keys
from sqsctl.cli.screen.output import Answer
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.deployed import StackRef
    from sqsctl.model.queues import Queue
    from sqsctl.model.stack import Stack
    from sqsctl.operations.following.log_sightings import LogReader
    from sqsctl.operations.live.snapshot import Board, Picture
    from sqsctl.operations.logs.annotation import Annotated as Line

ANEW = timedelta(seconds=30)  # how often functions, mappings and the API are read again
LOOK_BACK = timedelta(minutes=10)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "watch",
        epilog=examples(
            "sqsctl watch",
            "sqsctl watch --count 1",
            "sqsctl watch --interval 5 -o json | jq -c .queues",
        ),
    )(watch)


def watch(
    run: Run,
    interval: Annotated[
        float, typer.Option("--interval", min=0.5, help="Seconds between two looks.")
    ] = 2.0,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="So many looks, then end.")
    ] = None,
) -> Answer | None:
    """Show the whole stack live: picture, rates, last failures.

    On a terminal it is a screen with keys: q quits; d runs doctor, e shows the last errors, p
    probes, r redrives after a question. Piped, or with --count, it is a plain snapshot a tick;
    with -o json an object a line.
    """
    from sqsctl.cli.watch.view import picture_shape, show_picture_plainly

    watcher = Watcher(run)
    run.following = True
    try:
        if count is None and not run.output.json and has_keys():
            from sqsctl.cli.watch.screen import live

            live(run, watcher.look, interval)
            return None
        from sqsctl.cli.screen.closed_pipe import watchful_sleep

        ticks = 0
        if count is not None or run.output.json:
            watcher.settle()
        while True:
            picture = watcher.look()
            if run.output.json:
                run.output.line(picture_shape(picture))
            else:
                show_picture_plainly(run.output.stdout, picture)
                run.output.stdout.file.flush()
            ticks += 1
            if count is not None and ticks >= count:
                return None
            watchful_sleep(interval)
    finally:
        watcher.close()


class Watcher:
    """Reads the stack: queues at each look, the rest now and then, logs beside it."""

    def __init__(self, run: Run) -> None:
        from sqsctl.aws.sqs.queues import QueueClient
        from sqsctl.operations.live.snapshot import Board

        self._run = run
        self._reference: StackRef = run.stack()
        self._read_at = datetime.now(UTC)
        self._stack: Stack = self._observe()
        self._client: QueueClient = QueueClient(run.session())
        self._board: Board = Board(self._stack)
        self._reader: LogReader | None = self._logs()

    def look(self) -> Picture:
        """The picture now. What cannot be read for a while is told in it."""
        trouble: list[str] = []
        now = datetime.now(UTC)
        if now - self._read_at > ANEW:
            self._read_at = now
            try:
                self._stack = self._observe()
                self._board.replace_stack(self._stack)
            except SqsctlError as error:
                trouble.append(_borne(error))
        queues = self._queues(trouble)
        if self._reader and self._reader.trouble:
            trouble.append(f"logs: {self._reader.trouble}")
        return self._board.look(queues, datetime.now(UTC), dict.fromkeys(trouble))

    def settle(self) -> None:
        """Wait until the log's past was read once, a moment at most."""
        if self._reader:
            self._settled.wait(3.0)

    def close(self) -> None:
        """Stop reading the logs."""
        if self._reader:
            self._reader.stop()

    def _observe(self) -> Stack:
        from sqsctl.model.stack import Fact
        from sqsctl.operations.diagnosis.observe import observe

        return observe(
            self._run.session(),
            self._reference,
            needs={Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS},
        )

    def _queues(self, trouble: list[str]) -> dict[str, Queue]:
        from sqsctl.aws.parallel import concurrently

        def read(queue: Queue) -> Queue | SqsctlError:
            try:
                return self._client.describe(queue.ref)
            except SqsctlError as error:
                return error

        found: dict[str, Queue] = {}
        queues = list(self._stack.queues)
        for before, now in zip(queues, concurrently(read, queues), strict=True):
            if isinstance(now, SqsctlError):
                trouble.append(_borne(now))
            else:
                found[before.arn] = now
        return found

    def _logs(self) -> LogReader | None:
        import threading

        from sqsctl.operations.following.known_stack import KnownStack
        from sqsctl.operations.following.log_sightings import LogReader
        from sqsctl.operations.logs.annotation import annotate
        from sqsctl.operations.logs.tail import Clock, tail

        self._settled = threading.Event()
        groups = {each.name: each.log_group for each in self._stack.functions}
        if not groups:
            return None

        def lines(sleep: Callable[[float], None]) -> Iterable[Line]:
            def pause(seconds: float) -> None:
                self._settled.set()  # between two looks: what was there is read
                sleep(seconds)

            return annotate(
                tail(
                    self._run.session(),
                    groups,
                    since=datetime.now(UTC) - LOOK_BACK,
                    clock=Clock(sleep=pause),
                    notify=lambda _: None,
                ),
                KnownStack(self._run.session, self._reference),
            )

        return LogReader(self._board.add, lines).start()


def _borne(error: SqsctlError) -> str:
    """What may pass is told in the picture; what cannot, ends the command."""
    if error.exit in {Exit.UNAVAILABLE, Exit.FAILED}:
        return error.message
    raise error
