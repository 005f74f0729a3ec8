"""sqsctl produce: many messages, measured as k6 does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.filters import check_rate
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines, safe_line, styled
from sqsctl.cli.send import (
    AttributeOption,
    BodyFileOption,
    BodyJsonOption,
    DelayOption,
    GroupOption,
    PathOption,
    ViaOption,
)
from sqsctl.errors import Exit, SqsctlError, UsageError, worst

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.transfer import Latency, ProduceProgress, ProduceSummary

DEFAULT_BODY = '{"input": {{n}}}'
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "produce",
        epilog=examples(
            "sqsctl produce --count 50",
            "sqsctl produce --count 10000 --via sqs --concurrency 8",
            "sqsctl produce --duration 30s --rate 20 --body '{\"input\": {{n}}}'",
            "sqsctl produce --count 100 --threshold 'p(95)<500' --threshold 'failed<1%'",
        ),
    )(produce)


def produce(
    run: Run,
    count: Annotated[
        int | None,
        typer.Option(
            "--count", "-n", min=1, help="How many messages.", show_default="50 without --duration"
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", help="For how long: 30s, 5m.", metavar="TIME")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Messages per second, held whatever happens.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=64, help="Requests at a time.")
    ] = 4,
    body: Annotated[
        str | None,
        typer.Option(
            "--body",
            help="The body; {{n}} is the number of the message.",
            show_default=DEFAULT_BODY,
        ),
    ] = None,
    body_json: BodyJsonOption = None,
    body_file: BodyFileOption = None,
    via: ViaOption = None,
    path: PathOption = None,
    attribute: AttributeOption = None,
    group: GroupOption = None,
    delay: DelayOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            help="A condition that decides the exit code: "
            "'p(95)<500', 'failed<1%', 'rate>=100'. Repeatable.",
            metavar="CONDITION",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")
    ] = False,
) -> Answer:
    """Send many messages, and measure how that went."""
    from sqsctl.cli.ways import attributes_from, body_from, way_in
    from sqsctl.operations import produce as load
    from sqsctl.operations.bodies import template
    from sqsctl.operations.control import Control, interruptible
    from sqsctl.operations.thresholds import parse

    conditions = [parse(each) for each in threshold or []]
    seconds = _seconds(duration) if duration is not None else None
    check_rate(rate)
    plan = load.Plan(count if count or seconds else 50, seconds, rate, concurrency).checked()
    text = body_from(body, body_json, body_file, DEFAULT_BODY)
    attributes = attributes_from(attribute)
    extras = bool(attributes or group or delay is not None)
    way = way_in(
        run, via or ("sqs" if extras and path is None else None), path, connections=concurrency
    )
    if extras and way.via == "http":
        raise UsageError("attributes, groups and delays travel over SQS only", hint="--via sqs")
    if dry_run:
        many = f"{plan.count} messages" if plan.count else f"messages for {seconds:g} s"
        said = f"would send {many} to {way.label} over {way.via}"
        return Answer(
            {"dry_run": True, "via": way.via, "to": way.label, "requested": plan.count},
            lambda console: lines(console, [said]),
        )
    make = template(text, attributes=attributes, group_id=group, delay_s=delay, fifo=way.fifo)
    sink: load.QueueSink | load.ApiSink
    if way.api is not None:
        sink = load.ApiSink(way.api)
    elif way.queue is not None:
        sink = load.QueueSink(way.queue, fifo=way.fifo)
    else:
        raise UsageError("there is no way to send")
    control = Control()
    notice = "stopping: finishing what is in flight (once more: stop at once)"
    with (
        run.progress(f"sending to {way.label}", total=plan.count) as bar,
        interruptible(control, lambda: run.output.notice(notice, style="yellow")),
    ):

        def progress(so_far: ProduceProgress) -> None:
            speed = so_far.done / so_far.elapsed_s if so_far.elapsed_s else 0
            failed = so_far.rejected + so_far.unknown
            bar.update(
                so_far.done, note=f"{so_far.accepted} accepted, {failed} failed, {speed:.0f}/s"
            )

        summary = load.produce(
            sink, make, plan, control=control, progress=progress, thresholds=conditions
        )
    return _answer(summary, way.label, control.exit)


def produce_shape(summary: ProduceSummary) -> dict[str, Any]:
    """The data of ``produce``."""
    return {
        "via": summary.via,
        "requested": summary.requested,
        "accepted": summary.accepted,
        "rejected": summary.rejected,
        "unknown": summary.unknown,
        "possible_duplicates": summary.possible_duplicates,
        "duration_s": round(summary.duration_s, 3),
        "rate_per_s": round(summary.rate_per_s, 2),
        "rate_held": summary.rate_held,
        "latency_ms": _latency_shape(summary.latency),
        "failed_latency_ms": _latency_shape(summary.failed_latency),
        "status_codes": {str(code): count for code, count in summary.status_codes.items()},
        "errors": dict(summary.errors),
        "thresholds": [
            {"expression": each.expression, "ok": each.ok, "value": each.value}
            for each in summary.thresholds
        ],
        "interrupted": summary.interrupted,
    }


def _latency_shape(latency: Latency) -> dict[str, float | None]:
    return {
        name: None if (value := getattr(latency, name)) is None else round(value, 2)
        for name in ("min", "avg", "med", "p90", "p95", "p99", "max")
    }


def _answer(summary: ProduceSummary, label: str, stopped: Exit) -> Answer:
    crossed = [each for each in summary.thresholds if not each.ok]
    left = summary.requested - summary.accepted
    code = worst(
        stopped if summary.interrupted else Exit.OK,
        Exit.PARTIAL if left else Exit.OK,
        Exit.AMBIGUOUS if summary.possible_duplicates else Exit.OK,
        Exit.NEGATIVE if crossed else Exit.OK,
    )
    if summary.via == "http" and left and not summary.accepted and not summary.status_codes:
        code = worst(stopped if summary.interrupted else Exit.UNAVAILABLE)  # nobody answered
    errors: tuple[SqsctlError, ...] = ()
    if code is not Exit.OK:
        reasons = []
        if summary.interrupted:
            reasons.append("stopped before everything was sent")
        if left:
            reasons.append(f"{left} of {summary.requested} messages were not accepted")
        if summary.possible_duplicates:
            reasons.append(f"{summary.possible_duplicates} may have been sent twice")
        reasons += [f"threshold crossed: {each.expression}" for each in crossed]
        hint = (
            "sqsctl doctor looks for the cause"
            if any(status >= 500 for status in summary.status_codes)
            else None
        )
        errors = (SqsctlError("; ".join(reasons), hint=hint, exit=code, code=code.name.lower()),)

    def human(console: Console) -> None:
        show_summary(console, summary, label)

    return Answer(produce_shape(summary), human, code, errors)


def show_summary(console: Console, summary: ProduceSummary, label: str) -> None:
    """In k6's order: thresholds, checks, distribution, status codes, errors."""
    for each in summary.thresholds:
        value = "no value" if each.value is None else f"{each.value:.2f}"
        console.print(
            styled(
                f"{'✓' if each.ok else '✗'} {each.expression}  {value}",
                "green" if each.ok else "red",
            ),
            soft_wrap=True,
        )
    share = 100 * summary.accepted / summary.requested if summary.requested else 0.0
    failed = summary.requested - summary.accepted
    mark, style = ("✓", "green") if not failed else ("✗", "red")
    console.print(styled(f"{mark} accepted by {label}", style), soft_wrap=True)
    lines(console, [f"  ↳ {share:.0f}% — ✓ {summary.accepted} / ✗ {failed}"])
    rows = [
        ("accepted", f"{summary.accepted}  {summary.rate_per_s:.2f}/s"),
        ("duration", f"{summary.duration_s:.2f} s"),
    ]
    if summary.rejected:
        rows.append(("rejected", f"{summary.rejected}"))
    if summary.unknown:
        rows.append(("unknown", f"{summary.unknown}"))
    if summary.possible_duplicates:
        rows.append(("possible duplicates", f"{summary.possible_duplicates}"))
    rows.append(("request duration", _spread(summary.latency)))
    if summary.failed_latency.count:
        rows.append(("  of failed ones", _spread(summary.failed_latency)))
    if summary.rate_held is False:
        rows.append(("rate", "could not be held: raise --concurrency or lower --rate"))
    for code, count in summary.status_codes.items():
        rows.append((f"status {code}", f"{count}"))
    width = max(len(name) for name, _ in rows) + 3
    lines(console, [f"{name + ' ':.<{width}}: {value}" for name, value in rows])
    for text, count in list(summary.errors.items())[:10]:
        console.print(styled(f"  {count} × {safe_line(text, 200)}", "red"), soft_wrap=True)


def _spread(latency: Latency) -> str:
    if not latency.count:
        return "none"
    parts = [
        ("avg", latency.avg),
        ("min", latency.min),
        ("med", latency.med),
        ("max", latency.max),
        ("p(90)", latency.p90),
        ("p(95)", latency.p95),
        ("p(99)", latency.p99),
    ]
    return " ".join(f"{name}={value:.2f}ms" for name, value in parts if value is not None)


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match["number"]) <= 0:
        raise UsageError(f"{text!r} is not a duration", hint="for example 30s or 5m")
    return float(match["number"]) * _UNITS[match["unit"]]
