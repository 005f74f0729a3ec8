"""sqsctl probe: one canary through the whole pipeline, with a time for each hop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, iso, lines, safe_line, styled
from sqsctl.cli.screen.views import milliseconds
from sqsctl.errors import Exit, NotFoundError, SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.cli.common.routes import Way
    from sqsctl.model.stack import Stack
    from sqsctl.operations.following.probe_hops import Hop, Route

NAME = 26


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "probe",
        epilog=examples(
            "sqsctl probe",
            "sqsctl probe --via sqs --timeout 30",
            'sqsctl probe --body \'{"input": 1, "trace": "{{id}}"}\'',
        ),
    )(probe)


def probe(
    run: Run,
    via: Annotated[
        str | None,
        typer.Option(
            "--via",
            help="http (through the API) or sqs (into the queue).",
            metavar="http|sqs",
            show_default="http where there is an API",
        ),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(
            "--path",
            help="Another route of the API.",
            metavar="/PATH",
            show_default="the producer's",
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body",
            help="A JSON object, or a text with {{id}} in it.",
            show_default='{"input": 1} and the id',
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds to wait for it.")
    ] = 60.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")
    ] = False,
    insights: InsightsOption = True,
) -> Answer:
    """Send one message through the pipeline, and time each hop.

    Exit 10 when it did not arrive; the last hop is where it stopped.
    """
    run.insights = insights
    from sqsctl.aws.cloudwatch.logs import LogClient
    from sqsctl.cli.common.routes import way_in
    from sqsctl.model.stack import Fact
    from sqsctl.operations.diagnosis.observe import observe
    from sqsctl.operations.following import probe as probing
    from sqsctl.operations.following.probe_hops import arrived as got_through
    from sqsctl.operations.following.probe_hops import canary, stopped_at

    message = canary(body)
    way = way_in(run, via, path)
    reference = run.stack(changing=not dry_run)
    if dry_run:
        said = f"would send {message.body} to {way.label} over {way.via}"
        return Answer(
            {"dry_run": True, "via": way.via, "to": way.label},
            lambda console: lines(console, [said]),
        )
    stack = observe(
        run.session(), reference, needs={Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS}
    )
    route = _route(run, stack, way)
    hops: list[Hop] = []
    with run.progress("following the canary") as bar:
        for hop in probing.probe(
            LogClient(run.session()),
            route,
            message,
            api=way.api,
            queue=way.queue,
            group_id="sqsctl-probe" if way.fifo else None,
            timeout_s=timeout,
        ):
            hops.append(hop)
            bar.update(note=f"{hop.name} {hop.status}")
    arrived, stopped = got_through(hops), stopped_at(hops)
    data: dict[str, Any] = {
        "id": message.id,
        "via": way.via,
        "arrived": arrived,
        "stopped_at": stopped.name if stopped else None,
        "total_ms": _total(hops),
        "hops": [_shape(each) for each in hops],
    }
    code = Exit.OK if arrived else Exit.NEGATIVE
    errors: tuple[SqsctlError, ...] = ()
    if stopped:
        errors = (
            SqsctlError(
                f"the message did not arrive: it stopped at {stopped.name}",
                hint="`sqsctl doctor` looks for the cause",
                exit=code,
                code="not_arrived",
            ),
        )
    names = _names(stack, route, way)
    return Answer(data, lambda console: show_hops(console, hops, names), code, errors)


def show_hops(console: Console, hops: list[Hop], names: Mapping[str, str]) -> None:
    """A line for each hop: how it went, its name, how long it took, what it said.

    ``names`` are those of the stack's parts by the hop's word.
    """
    from rich.cells import cell_len

    from sqsctl.operations.following.probe_hops import stopped_at

    marks = {"ok": ("✓", "green"), "failed": ("✗", "red"), "missing": ("?", "yellow")}
    shown = [names.get(each.name, each.name) for each in hops]
    width = min(NAME, max((len(each) for each in shown), default=0))
    for number, (each, name) in enumerate(zip(hops, shown, strict=True), 1):
        mark, style = marks[each.status]
        time = "–" if each.duration_ms is None else milliseconds(each.duration_ms)
        detail = each.detail if each.certain else f"{each.detail} by time alone".strip()
        head = f"{mark} {number} {safe_line(name, NAME):<{width}}  {time:>8}  "
        room = max(20, console.width - cell_len(head)) if console.is_terminal else None
        line = styled(head, style) + styled(safe_line(detail, room), "dim")
        console.print(line, soft_wrap=True)
    stopped, total = stopped_at(hops), _total(hops)
    if stopped is None and total is not None:
        lines(console, [f"{milliseconds(total)} from first to last"])


def _total(hops: list[Hop]) -> float | None:
    begun = [each.started_at for each in hops if each.started_at]
    ended = [each.ended_at for each in hops if each.ended_at]
    if not begun or not ended:
        return None
    return round((max(ended) - min(begun)).total_seconds() * 1000, 1)


def _shape(hop: Hop) -> dict[str, Any]:
    return {
        "name": hop.name,
        "status": hop.status,
        "started_at": iso(hop.started_at),
        "ended_at": iso(hop.ended_at),
        "duration_ms": None if hop.duration_ms is None else round(hop.duration_ms, 1),
        "detail": hop.detail,
        "request_id": hop.request_id,
        "certain": hop.certain,
    }


def _route(run: Run, stack: Stack, way: Way) -> Route:
    """Who logs where on the canary's way."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.cli.common.routes import route_at
    from sqsctl.operations.following.probe_hops import route_through

    client = QueueClient(run.session())
    first = route_at(stack, way.label) if way.via == "http" else None
    queue = way.queue.ref.name if way.queue else None
    found = route_through(
        stack,
        producer=first.function_name if first else None,
        queue=first.queue_name if first and first.queue_name else queue,
        describe=lambda queue: client.describe(queue.ref),
    )
    if found.consumer is None:
        raise _no_consumer(stack, way)
    return found


def _names(stack: Stack, route: Route, way: Way) -> dict[str, str]:
    """What the hops are called in this stack."""
    prefix = f"{stack.name}-"
    found = {"api": way.label if way.via == "http" else ""}
    found["producer"] = route.producer[0] if route.producer else ""
    found["consumer"] = route.consumer[0] if route.consumer else ""
    found["queue"] = route.queue.name if route.queue else ""
    return {hop: name.removeprefix(prefix) for hop, name in found.items() if name}


def _no_consumer(stack: Stack, way: Way) -> SqsctlError:
    """Nothing consumes the queue, or nobody was allowed to look."""
    from sqsctl.cli.screen.gaps import unread
    from sqsctl.model.stack import Fact

    named = way.label if way.via == "sqs" else f"a queue of {stack.name}"
    facts = (Fact.MAPPINGS, Fact.QUEUES, Fact.FUNCTIONS)
    command = "probe --via sqs" if way.via == "sqs" else "probe"
    return unread(stack, facts, f"who consumes {named} cannot be told", command) or NotFoundError(
        f"nothing consumes {named}",
        hint="`sqsctl doctor` looks for the cause",
        code="consumer_not_found",
    )
