"""sqsctl produce: many messages, measured as k6 does."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.filters import check_rate
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines
from sqsctl.cli.send import (
    AttributeOption,
    BodyFileOption,
    BodyJsonOption,
    DelayOption,
    GroupOption,
    PathOption,
    ViaOption,
)
from sqsctl.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from sqsctl.cli.ways import Way
    from sqsctl.model.message import MessageAttribute
    from sqsctl.operations.bodies import Make
    from sqsctl.operations.k6 import Load

DEFAULT_BODY = '{"input": {{n}}}'
FOLLOW_TIMEOUT = "5m"
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}
_SHARE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*%")
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
            "--rate", help="Messages per second, held whatever happens.", rich_help_panel=_LOAD
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency", "-c", min=1, max=64, help="Requests at a time.", rich_help_panel=_LOAD
        ),
    ] = 4,
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
) -> Answer:
    """Send many messages, and measure how that went."""
    from sqsctl.cli.produce_run import Job, carry_out
    from sqsctl.cli.ways import attributes_from, body_from, way_in
    from sqsctl.operations import produce as load
    from sqsctl.operations.bodies import POISON, Poison
    from sqsctl.operations.thresholds import parse

    conditions = [parse(each) for each in threshold or []]
    seconds = _seconds(duration) if duration is not None else None
    patience = _seconds(follow_timeout or FOLLOW_TIMEOUT)
    if follow_timeout is not None and not follow:
        raise UsageError("--follow-timeout goes with --follow")
    check_rate(rate)
    if lines_from is not None and (body, body_json, body_file) != (None, None, None):
        raise UsageError("give the bodies once: with --from, or one body with another option")
    number = count if count or seconds or lines_from else 50
    plan = load.Plan(number, seconds, rate, concurrency, until_dry=lines_from is not None).checked()
    text = body_from(body, body_json, body_file, DEFAULT_BODY)
    bad = _poison(poison, poison_body, seed)
    if group is not None and groups is not None:
        raise UsageError("--group names the group, --groups deals out to many: give one of them")
    attributes = attributes_from(attribute)
    extras = bool(attributes or group or groups or delay is not None)
    way = way_in(
        run, via or ("sqs" if extras and path is None else None), path, connections=concurrency
    )
    if extras and way.via == "http":
        raise UsageError("attributes, groups and delays travel over SQS only", hint="--via sqs")
    if export_k6 is not None:
        from sqsctl.operations.k6 import Load

        url, host = _url(run, way)
        share, _, bad_body = bad or (0.0, 0, POISON)
        source = None if lines_from is None else _k6_file(lines_from)
        return _export(
            run,
            export_k6,
            Load(url, plan, text, host, share, bad_body, source, conditions),
            dry_run=dry_run,
        )
    if dry_run:
        many = f"{plan.count} messages" if plan.count else "messages"
        many += f" for {seconds:g} s" if seconds else ""
        many += f" from {lines_from}" if lines_from else ""
        said = f"would send {many} to {way.label} over {way.via}"
        return Answer(
            {"dry_run": True, "via": way.via, "to": way.label, "requested": plan.count},
            lambda console: lines(console, [said]),
        )
    spoiler = Poison(*bad) if bad else None
    stream = _opened(lines_from) if lines_from is not None else None
    try:
        make = _maker(
            text,
            stream,
            lines_from,
            again=bool(count or seconds) and lines_from != "-",
            attributes=attributes,
            group=group or ("g" if groups else None),
            delay=delay,
            fifo=way.fifo,
        )
        if groups:
            from sqsctl.operations.bodies import grouped

            make = grouped(make, groups)
        return carry_out(
            run,
            way,
            Job(make, plan, conditions, spoiler, seed if bad is None else bad[1]),
            follow_s=patience if follow else None,
        )
    finally:
        if stream is not None and stream is not sys.stdin.buffer:
            stream.close()


def _maker(
    text: str,
    stream: BinaryIO | None,
    name: str | None,
    *,
    again: bool,
    attributes: Mapping[str, MessageAttribute],
    group: str | None,
    delay: int | None,
    fifo: bool,
) -> Make:
    from sqsctl.operations.bodies import from_lines, template

    if stream is None:
        return template(text, attributes=attributes, group_id=group, delay_s=delay, fifo=fifo)
    if again and not stream.seekable():
        raise UsageError(f"{name} can be read once only, as a pipe", hint="leave out --duration")
    return from_lines(
        stream,
        "stdin" if name == "-" else str(name),
        again=again,
        attributes=attributes,
        group_id=group,
        delay_s=delay,
        fifo=fifo,
    )


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error


def _poison(share: str | None, body: str | None, seed: int | None) -> tuple[float, int, str] | None:
    """Share (0 to 1), seed and body; None without --poison."""
    import random

    from sqsctl.operations.bodies import POISON

    if share is None:
        if body is not None or seed is not None:
            raise UsageError("--poison-body and --seed go with --poison", hint="--poison 10%")
        return None
    match = _SHARE.fullmatch(share.strip())
    if not match or float(match["number"]) > 100:
        raise UsageError(f"--poison {share!r} is not a share", hint="for example 10%")
    own = random.randrange(2**32) if seed is None else seed  # noqa: S311 - nothing secret
    return float(match["number"]) / 100, own, POISON if body is None else body


def _url(run: Run, way: Way) -> tuple[str, str | None]:
    """Where k6 has to post to, and the Host header where that is not the API's own host."""
    from urllib.parse import urlsplit

    if way.api is None:
        raise UsageError("k6 speaks HTTP: there is no script for a run over SQS")
    endpoint = run.resolved().target.endpoint
    parts = urlsplit(way.api.url)
    if endpoint and urlsplit(endpoint).netloc != parts.netloc:
        return f"{endpoint.rstrip('/')}{parts.path or '/'}", parts.netloc
    return way.api.url, None


def _k6_file(name: str) -> str:
    if name == "-":
        raise UsageError("k6 reads bodies from a file, not from stdin", hint="--from FILE")
    return str(Path(name).resolve())


def _export(run: Run, file: Path, load: Load, *, dry_run: bool) -> Answer:
    from sqsctl.operations.k6 import script

    text = script(load)
    if not dry_run:
        try:
            with file.open("w" if run.yes else "x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError as error:
            raise RefusedError(
                f"{file} is there already", hint="--yes overwrites it", code="file_exists"
            ) from error
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}") from error
    said = f"{'would write' if dry_run else 'wrote'} {file}; run it: k6 run {file}"
    return Answer(
        {"file": str(file), "dry_run": dry_run, "via": "http", "bytes": len(text.encode())},
        lambda console: lines(console, [said]),
    )


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match["number"]) <= 0:
        raise UsageError(f"{text!r} is not a duration", hint="for example 30s or 5m")
    return float(match["number"]) * _UNITS[match["unit"]]
