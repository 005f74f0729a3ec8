"""sqsctl produce: many messages, measured as k6 does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sqsctl.cli.common.filters import check_rate
from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.common.message_options import (
    AttributeOption,
    BodyFileOption,
    BodyJsonOption,
    DelayOption,
    GroupOption,
    PathOption,
    ViaOption,
)
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer
from sqsctl.errors import UsageError

DEFAULT_BODY = '{"input": {{n}}}'
FOLLOW_TIMEOUT = "5m"
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}
_BODIES = "Bodies"
_LOAD = "Load"
_AFTER = "Afterwards"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "produce",
        epilog=examples(
            "sqsctl produce --count 50 --follow",
            "sqsctl produce --count 10000 --via sqs --concurrency 8",
            "sqsctl produce --duration 30s --rate 20 --body '{\"input\": {{n}}}'",
            "sqsctl produce --count 100 --threshold 'p(95)<500' --threshold 'failed<1%'",
            "sqsctl produce --from orders.jsonl --poison 10% --seed 7",
            "sqsctl produce --duration 5m --rate 500 --export-k6 load.js",
        ),
    )(produce)


def produce(
    run: Run,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            "-n",
            min=1,
            help="How many messages.",
            show_default="50 without --duration and --from",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration", help="For how long: 30s, 5m.", metavar="TIME", rich_help_panel=_LOAD
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            help="Messages per second, held however long the answers take.",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            "-c",
            min=1,
            max=64,
            help="Requests at a time.",
            show_default="4; with --rate as many as it needs; 1 on FIFO queues, to keep the order",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body",
            help="The body; {{n}} is the number of the message.",
            show_default=DEFAULT_BODY,
            rich_help_panel=_BODIES,
        ),
    ] = None,
    body_json: BodyJsonOption = None,
    body_file: BodyFileOption = None,
    lines_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="JSON Lines: each line a body; - reads stdin. Once through, or as often as "
            "--count or --duration asks for.",
            metavar="FILE",
            rich_help_panel=_BODIES,
        ),
    ] = None,
    any_text: Annotated[
        bool,
        typer.Option(
            "--any-text",
            help="With --from: lines that are no JSON are sent as well.",
            rich_help_panel=_BODIES,
        ),
    ] = False,
    poison: Annotated[
        str | None,
        typer.Option(
            "--poison",
            help="This share of the messages gets a bad body.",
            metavar="PERCENT%",
            rich_help_panel=_BODIES,
        ),
    ] = None,
    poison_body: Annotated[
        str | None,
        typer.Option(
            "--poison-body",
            help="The bad body; {{n}} is the number.",
            show_default="text that is not JSON",
            rich_help_panel=_BODIES,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            help="The same messages are poisoned in every run with this number.",
            rich_help_panel=_BODIES,
        ),
    ] = None,
    via: ViaOption = None,
    path: PathOption = None,
    attribute: AttributeOption = None,
    group: GroupOption = None,
    groups: Annotated[
        int | None,
        typer.Option(
            "--groups", min=1, max=1_000_000, help="Deal messages out to so many message groups."
        ),
    ] = None,
    delay: DelayOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            help="A condition that decides the exit code: "
            "'p(95)<500', 'failed<1%', 'rate>=100'. Repeatable.",
            metavar="CONDITION",
            rich_help_panel=_AFTER,
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Go on until every message is processed or dead-lettered. Bodies that are JSON "
            "objects get the key sqsctl_run, by which the consumer's log shows them.",
            rich_help_panel=_AFTER,
        ),
    ] = False,
    follow_timeout: Annotated[
        str | None,
        typer.Option(
            "--follow-timeout",
            help="With --follow: no longer than this.",
            metavar="TIME",
            show_default=FOLLOW_TIMEOUT,
            rich_help_panel=_AFTER,
        ),
    ] = None,
    export_k6: Annotated[
        Path | None,
        typer.Option(
            "--export-k6",
            help="Write the load as a k6 script, and send nothing.",
            metavar="FILE",
            rich_help_panel=_AFTER,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")
    ] = False,
    insights: InsightsOption = True,
) -> Answer:
    """Send many messages, and measure how that went."""
    run.insights = insights
    from sqsctl.cli.common.routes import attributes_from, body_from, way_in
    from sqsctl.cli.produce import bodies, k6
    from sqsctl.cli.produce.carry_out import Job, carry_out, rehearse
    from sqsctl.operations.sending import produce as load
    from sqsctl.operations.sending.bodies import POISON, Poison
    from sqsctl.operations.sending.thresholds import parse

    conditions = [parse(each) for each in threshold or []]
    seconds = _seconds(duration) if duration is not None else None
    patience = _seconds(follow_timeout or FOLLOW_TIMEOUT)
    if follow_timeout is not None and not follow:
        raise UsageError("--follow-timeout goes with --follow")
    if export_k6 is not None and follow:
        raise UsageError("a k6 script cannot follow messages: leave out --follow")
    check_rate(rate)
    if lines_from is not None and (body, body_json, body_file) != (None, None, None):
        raise UsageError("give the bodies once: with --from, or one body with another option")
    if any_text and lines_from is None:
        raise UsageError("--any-text goes with --from")
    number = count if count or seconds or lines_from else 50
    at_a_time = concurrency or load.concurrency_for(rate)
    plan = load.Plan(number, seconds, rate, at_a_time, until_dry=lines_from is not None).checked()
    text = body_from(body, body_json, body_file, DEFAULT_BODY)
    bad = bodies.poison(poison, poison_body, seed)
    if group is not None and groups is not None:
        raise UsageError("--group names the group, --groups deals out to many: give one of them")
    attributes = attributes_from(attribute)
    extras = bool(attributes or group or groups or delay is not None)
    way = way_in(
        run, via or ("sqs" if extras and path is None else None), path, connections=at_a_time
    )
    if way.fifo and not (group or groups):
        raise UsageError(
            f"{way.label} is a FIFO queue: its messages belong to groups",
            hint="`again --group NAME`, or `again --groups 10` to deal them out",
        )
    if way.fifo and concurrency is None:
        plan = replace(plan, concurrency=1)  # so that they arrive in the order of their numbers
    if extras and way.via == "http":
        raise UsageError(
            "attributes, groups and delays travel over SQS only", hint="`again --via sqs`"
        )
    wanted = bodies.Bodies(
        text,
        lines_from,
        any_text=any_text,
        count=count,
        endless=seconds is not None,
        attributes=attributes,
        group=group,
        groups=groups,
        delay=delay,
        fifo=way.fifo,
    )
    spoiler = Poison(*bad) if bad else None
    if export_k6 is not None:
        from sqsctl.operations.sending.k6 import Load

        url, host = k6.target(run, way)
        source = k6.bodies(lines_from)
        with bodies.made(run, wanted):  # for its complaints
            share, _, bad_body = bad or (0.0, 0, POISON)
        lab = run.resolved().lab
        headers = lab.call_headers if lab else {}
        what = Load(url, plan, text, host, share, bad_body, source, conditions, headers)
        return k6.export(run, export_k6, what, dry_run=dry_run)
    with bodies.made(run, wanted) as make:
        job = Job(make, plan, conditions, spoiler, bad[1] if bad else None, lines_from)
        if dry_run:
            return rehearse(way, job)
        return carry_out(run, way, job, follow_s=patience if follow else None)


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match["number"]) <= 0:
        raise UsageError(f"{text!r} is not a duration", hint="for example 30s or 5m")
    return float(match["number"]) * _UNITS[match["unit"]]
