"""sqsctl probe: one canary through the whole pipeline, with a time for each hop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, iso, lines, safe_line, styled
from sqsctl.errors import Exit, NotFoundError, SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.stack import Stack
    from sqsctl.operations.trace import Hop, Route

WIDTH = 40


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
) -> Answer:
    """Send one canary through the pipeline, and show how long each hop took.

    Exit 10 when it did not arrive; the last hop is where it stopped.
    """
    from sqsctl.aws.logs import LogClient
    from sqsctl.cli.ways import way_in
    from sqsctl.model.stack import Fact
    from sqsctl.operations import trace
    from sqsctl.operations.observe import observe

    message = trace.canary(body)
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
    route = _route(run, stack, way.label if way.via == "http" else None)
    hops: list[Hop] = []
    with run.progress("following the canary") as bar:
        for hop in trace.probe(
            LogClient(run.session()),
            route,
            message,
            api=way.api,
            queue=way.queue,
            timeout_s=timeout,
        ):
            hops.append(hop)
            bar.update(note=f"{hop.name} {hop.status}")
    arrived = bool(hops) and hops[-1].name == "log" and hops[-1].status == "ok"
    data: dict[str, Any] = {
        "id": message.id,
        "via": way.via,
        "arrived": arrived,
        "stopped_at": None if arrived or not hops else hops[-1].name,
        "total_ms": _total(hops),
        "hops": [_shape(each) for each in hops],
    }
    code = Exit.OK if arrived else Exit.NEGATIVE
    errors: tuple[SqsctlError, ...] = ()
    if not arrived:
        where = hops[-1].name if hops else "the start"
        errors = (
            SqsctlError(
                f"the canary did not arrive: it stopped at {where}",
                hint="sqsctl doctor looks for the cause",
                exit=code,
                code="not_arrived",
            ),
        )
    return Answer(data, lambda console: show_hops(console, hops), code, errors)


def show_hops(console: Console, hops: list[Hop]) -> None:
    """A waterfall: when each hop began and how long it took."""
    begun = [each.started_at for each in hops if each.started_at]
    ended = [at for each in hops if (at := each.ended_at or each.started_at)]
    first = min(begun, default=None)
    span = (max(ended) - first).total_seconds() * 1000 if first and ended else 0.0
    marks = {"ok": ("✓", "green"), "failed": ("✗", "red"), "missing": ("?", "yellow")}
    for each in hops:
        mark, style = marks[each.status]
        offset = (
            (each.started_at - first).total_seconds() * 1000 if each.started_at and first else 0
        )
        took = each.duration_ms or 0.0
        left = round(WIDTH * offset / span) if span else 0
        bar = " " * min(left, WIDTH) + "━" * max(1, round(WIDTH * took / span) if span else 1)
        time = f"{took:8.0f} ms" if each.duration_ms is not None else " " * 11
        sure = "" if each.certain else " (by time alone)"
        console.print(
            styled(f"{mark} {each.name:<11} {time}  {bar[: WIDTH + 1]:<{WIDTH + 1}} ", style)
            + styled(f"{safe_line(each.detail, 120)}{sure}", "dim"),
            soft_wrap=True,
        )
    total = _total(hops)
    if total is not None:
        lines(console, [f"{total:.0f} ms from first to last"])


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


def _route(run: Run, stack: Stack, label: str | None) -> Route:
    """Who logs where on the canary's way."""
    from sqsctl.aws.queues import QueueClient
    from sqsctl.model.queues import QueueRef
    from sqsctl.operations.trace import Route

    groups = {each.name: each.log_group for each in stack.functions}
    consumer: tuple[str, str] | None = None
    dead = None
    for queue, function, _ in stack.consumed():
        consumer = (function.name, function.log_group)
        dead = stack.queue(queue.dead_letter_target_arn or "")
        break
    if consumer is None:
        raise NotFoundError(
            f"nothing consumes a queue of {stack.name}",
            hint="sqsctl doctor looks for the cause",
            code="consumer_not_found",
        )
    producer: tuple[str, str] | None = None
    for api in stack.apis:
        for route in api.routes:
            name = route.function_name
            if label == f"{route.method} {route.path}" and name and name in groups:
                producer = (name, groups[name])
    client = QueueClient(run.session())

    def dead_letters() -> int:
        if dead is None:
            return 0
        facts = client.describe(QueueRef(dead.name, dead.url, dead.arn))
        return facts.visible + facts.in_flight

    return Route(consumer, producer, dead_letters if dead else None)
