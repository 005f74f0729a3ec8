"""``produce --follow``: which queues and which log tell what became of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.gaps import unread
from sqsctl.errors import NotFoundError, SqsctlError

if TYPE_CHECKING:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.cli.common.routes import Way
    from sqsctl.model.queues import Queue, QueueRef
    from sqsctl.model.stack import Stack
    from sqsctl.operations.following.follow import Fate, Held
    from sqsctl.operations.following.log_sightings import Invocations
    from sqsctl.operations.logs.annotation import Annotated
    from sqsctl.operations.sending.bodies import Marks
    from sqsctl.operations.shared.control import Control

LOOKS = 3  # at a log that shows nothing yet


@dataclass(frozen=True)
class Followed:
    """What is looked at, and what the queues held before the run.

    ``stack`` names what runs fail of. ``unseen`` says why no consumer's log can be read, ``doubt``
    what else makes counts uncertain.
    """

    client: QueueClient
    queue: QueueRef
    dead: QueueRef | None
    groups: dict[str, str]
    before: Held
    since: datetime
    stack: Callable[[], Stack]
    unseen: str | None = None
    doubt: str | None = None


def prepare(run: Run, way: Way) -> Followed:
    """Find the queue behind the way, its dead-letter queue and its consumers; count.

    Raises NotFoundError where no queue can be told, and what hides it if it was not read.
    """
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.stack import Fact
    from sqsctl.operations.diagnosis.observe import observe
    from sqsctl.operations.following.follow import held
    from sqsctl.operations.following.known_stack import KnownStack

    needs = {Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS}
    if way.via == "http":
        needs.add(Fact.APIS)
    reference = run.stack(changing=True)
    stack = observe(run.session(), reference, needs=needs)
    client = QueueClient(run.session())
    doubt = None
    if way.queue is not None:
        facts = client.describe(way.queue.ref)
        queue = way.queue.ref
    else:
        facts, named = _behind(stack, way.label)
        queue = facts.ref
        if not named:
            doubt = f"that {way.label} feeds {facts.name} is a guess: its function does not name it"
    target = facts.dead_letter_target_arn
    dead = client.resolve(target) if target else None
    groups = {
        function.name: function.log_group
        for source, function, _ in stack.consumed()
        if source.arn == facts.arn
    }
    unseen = None
    if not groups:
        trouble = unread(stack, (Fact.MAPPINGS, Fact.FUNCTIONS), "its consumer is unknown", "probe")
        unseen = trouble.message if trouble else f"nothing consumes {queue.name}"
    return Followed(
        client,
        queue,
        dead,
        groups,
        held(client, queue, dead),
        datetime.now(UTC),
        KnownStack(run.session, reference),
        unseen,
        doubt,
    )


def _behind(stack: Stack, label: str) -> tuple[Queue, bool]:
    """The queue that a route or its function names (True), else the only one (False)."""
    from sqsctl.cli.common.routes import route_at
    from sqsctl.model.stack import Fact

    dead = stack.dead_letter_queues()
    mains = [each for each in stack.queues if each.arn not in dead]
    route = route_at(stack, label)
    function = stack.function(route.function_name or "") if route else None
    known = set(function.environment.values()) if function else set()
    if route and route.queue_name:
        known.add(route.queue_name)
    found = [each for each in mains if {each.url, each.arn, each.name} & known]
    if len(found) == 1:
        return found[0], True
    if len(mains) == 1:
        return mains[0], False
    unknown = f"which queue {label} feeds cannot be told"
    raise unread(stack, (Fact.QUEUES, Fact.FUNCTIONS), unknown, "probe") or NotFoundError(
        unknown,
        hint="send to it directly: `again --via sqs --queue NAME`",
        code="queue_not_found",
    )


def producer_log(run: Run, way: Way, since: datetime, control: Control) -> Invocations | None:
    """What the function behind the route did since then, as its log says.

    None where that cannot be told: it only sharpens what a 500 means. A log that shows nothing
    yet is looked at again for some seconds. Where AWS's clock may be behind, "nothing" is not
    believed.
    """
    from sqsctl.cli.common.routes import route_at
    from sqsctl.model.stack import Fact
    from sqsctl.operations.diagnosis.observe import observe
    from sqsctl.operations.following.follow import SKEW
    from sqsctl.operations.following.known_stack import KnownStack
    from sqsctl.operations.following.log_sightings import Sightings
    from sqsctl.operations.logs.annotation import annotate
    from sqsctl.operations.logs.tail import tail

    try:
        needs = {Fact.APIS, Fact.FUNCTIONS, Fact.MAPPINGS}
        reference = run.stack(changing=True)
        stack = observe(run.session(), reference, needs=needs)
        route = route_at(stack, way.label)
        function = stack.function(route.function_name or "") if route else None
        if function is None:
            return None
        known = KnownStack(run.session, reference)
        for _ in range(LOOKS):
            found = Sightings("", since)
            try:
                group = {function.name: function.log_group}
                lines = tail(run.session(), group, since=since - SKEW, follow=False)
                found.read(annotate(lines, known))
            except NotFoundError:
                pass  # it never logged: it was never called
            if found.invocations().failed or not control.pause(1.0):
                break
        unsure = found.earlier and not found.invocations().ended
        return None if unsure else found.invocations()
    except SqsctlError:
        return None


def watch(
    run: Run,
    followed: Followed,
    marks: Marks,
    accepted: int,
    *,
    timeout_s: float,
    control: Control,
    marked: int,
) -> Fate:
    """Wait for the messages' fate. Raises SqsctlError where the queues cannot be read."""
    from sqsctl.operations.following.follow import SKEW, UNMARKED, follow, held
    from sqsctl.operations.following.log_sightings import LogReader, Sightings
    from sqsctl.operations.logs.annotation import annotate
    from sqsctl.operations.logs.tail import Clock, tail

    sightings = Sightings(marks.run, followed.since)

    def lines(sleep: Callable[[float], None]) -> Iterable[Annotated]:
        return annotate(
            tail(
                run.session(),
                followed.groups,
                since=followed.since - SKEW,
                clock=Clock(sleep=sleep),
                notify=lambda _: None,
            ),
            followed.stack,
        )

    reader = LogReader(sightings.read, lines).start() if followed.groups and marked else None
    with run.progress("following", total=accepted) as bar:

        def progress(fate: Fate) -> None:
            done = fate.processed + fate.dead_lettered
            bar.update(
                done,
                note=f"{fate.processed} processed, {fate.dead_lettered} dead, "
                f"{fate.waiting} waiting",
            )

        try:
            return follow(
                lambda: held(followed.client, followed.queue, followed.dead),
                followed.before,
                accepted,
                timeout_s=timeout_s,
                sightings=sightings if reader else None,
                marked=marked,
                trouble=lambda: reader.trouble if reader else None,
                unseen=followed.unseen or UNMARKED,
                doubt=followed.doubt,
                control=control,
                progress=progress,
            )
        finally:
            if reader:
                reader.stop()
