"""What ``sqsctl produce`` says at its end: k6's order for people, promised keys for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import Answer, lines, prose, safe_line, styled
from sqsctl.cli.screen.views import milliseconds
from sqsctl.errors import Exit, SqsctlError, worst
from sqsctl.model.plurals import counted
from sqsctl.operations.following.http_failures import explanations, suspects
from sqsctl.operations.sending.histogram import buckets

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.transfer import Latency, ProduceSummary
    from sqsctl.operations.following.follow import Fate
    from sqsctl.operations.following.log_sightings import Invocations

ENOUGH = 20  # requests that a histogram needs to say something
BAR = 30


@dataclass(frozen=True)
class Outcome:
    """Everything a run ended with. ``seed`` and ``poisoned`` are there with --poison."""

    summary: ProduceSummary
    label: str
    stopped: Exit = Exit.INTERRUPTED
    seed: int | None = None
    poisoned: int | None = None
    fate: Fate | None = None
    fate_trouble: SqsctlError | None = None
    follow_interrupted: bool = False
    producer_log: Invocations | None = None


def answer(outcome: Outcome) -> Answer:
    """The answer of the command, with its exit code."""
    summary = outcome.summary
    code, reasons = _verdict(outcome)
    errors: tuple[SqsctlError, ...] = ()
    if code is not Exit.OK:
        errors = (
            SqsctlError(
                "; ".join(reasons), hint=_hint(outcome), exit=code, code=_code(summary, code)
            ),
        )
    return Answer(shape(outcome), lambda console: show(console, outcome), code, errors)


def _verdict(outcome: Outcome) -> tuple[Exit, list[str]]:
    summary, fate = outcome.summary, outcome.fate
    crossed = [each for each in summary.thresholds if not each.ok]
    left = summary.requested - summary.accepted
    interrupted = summary.interrupted or outcome.follow_interrupted
    waiting = fate.waiting if fate else 0
    dead = fate.dead_lettered if fate else 0
    code = worst(
        outcome.stopped if interrupted else Exit.OK,
        Exit.PARTIAL if left or waiting or outcome.fate_trouble or summary.ended_by else Exit.OK,
        Exit.AMBIGUOUS if summary.possible_duplicates else Exit.OK,
        Exit.NEGATIVE if crossed or dead else Exit.OK,
    )
    silent = summary.via == "http" and left and not summary.accepted and not summary.status_codes
    if summary.gave_up or silent:
        code = outcome.stopped if interrupted else Exit.UNAVAILABLE
    reasons = []
    if summary.gave_up:
        reasons.append(f"gave up: {summary.gave_up}")
    if summary.ended_by:
        reasons.append(f"ended after {counted(summary.requested, 'message')}: {summary.ended_by}")
    if summary.interrupted:
        reasons.append("stopped before everything was sent")
    if left:
        reasons.append(f"{left} of {counted(summary.requested, 'message')} not accepted")
    if summary.possible_duplicates:
        reasons.append(f"{summary.possible_duplicates} may have been sent twice")
    if waiting and fate:
        why = f"after {fate.waited_s:.0f} s" if fate.timed_out else "when it was stopped"
        reasons.append(f"{waiting} were not processed {why}")
    if dead:
        reasons.append(f"{dead} were dead-lettered")
    if outcome.fate_trouble:
        reasons.append(f"not followed: {outcome.fate_trouble.message}")
    if outcome.follow_interrupted and not waiting:
        reasons.append("following was stopped")
    reasons += [f"threshold crossed: {each.expression}" for each in crossed]
    return code, reasons


def _code(summary: ProduceSummary, code: Exit) -> str:
    return "unreachable" if summary.gave_up and code is Exit.UNAVAILABLE else code.name.lower()


def _hint(outcome: Outcome) -> str | None:
    summary = outcome.summary
    if summary.gave_up:
        return "is the endpoint there? sqsctl lab status, or --endpoint-url"
    if outcome.fate and outcome.fate.dead_lettered:
        return "sqsctl dlq groups says what they died of"
    failing = any(status >= 500 or status == 429 for status in summary.status_codes)
    if failing or (outcome.fate and outcome.fate.waiting):
        return "`sqsctl doctor` looks for the cause"
    return None


def shape(outcome: Outcome) -> dict[str, Any]:
    """The data of ``produce``."""
    summary = outcome.summary
    found: dict[str, Any] = {
        "via": summary.via,
        "requested": summary.requested,
        "accepted": summary.accepted,
        "rejected": summary.rejected,
        "unknown": summary.unknown,
        "not_sent": _not_sent(summary),
        "possible_duplicates": summary.possible_duplicates,
        "duration_s": round(summary.duration_s, 3),
        "rate_per_s": round(summary.rate_per_s, 2),
        "rate_held": summary.rate_held,
        "rate_asked_per_s": summary.rate_asked,
        "rate_late_s": None if summary.rate_held is None else round(summary.late_s, 3),
        "latency_ms": latency_shape(summary.latency),
        "failed_latency_ms": latency_shape(summary.failed_latency),
        "histogram": histogram_shape(summary.latency),
        "failed_histogram": histogram_shape(summary.failed_latency),
        "status_codes": {str(code): count for code, count in summary.status_codes.items()},
        "explanations": [
            {
                "status": each.status,
                "count": each.count,
                "meaning": each.meaning,
                "checks": list(each.checks),
            }
            for each in explanations(summary, outcome.producer_log)
        ],
        "errors": dict(summary.errors),
        "thresholds": [
            {"expression": each.expression, "ok": each.ok, "value": each.value}
            for each in summary.thresholds
        ],
        "interrupted": summary.interrupted,
        "gave_up": summary.gave_up,
        "ended_by": summary.ended_by,
        "seed": outcome.seed,
        "poisoned": outcome.poisoned,
    }
    found["follow"] = fate_shape(outcome.fate) if outcome.fate else None
    return found


def fate_shape(fate: Fate) -> dict[str, Any]:
    """What --follow found."""
    return {
        "processed": fate.processed,
        "dead_lettered": fate.dead_lettered,
        "waiting": fate.waiting,
        "timed_out": fate.timed_out,
        "seen_in_log": fate.seen,
        "certain": fate.certain,
        "method": fate.method,
        "waited_s": round(fate.waited_s, 1),
        "stages_ms": {name: latency_shape(each) for name, each in fate.stages},
        "invocations": _invocations_shape(fate),
        "dead_lettered_after_s": None
        if fate.dead_after_s is None
        else {"first": round(fate.dead_after_s[0], 1), "last": round(fate.dead_after_s[1], 1)},
    }


def _invocations_shape(fate: Fate) -> dict[str, Any] | None:
    found = fate.invocations
    if found is None:
        return None
    return {"ended": found.ended, "failed": found.failed, "checks": dict(found.checks)}


def latency_shape(latency: Latency) -> dict[str, float | None]:
    """A spread in milliseconds; None where there was nothing to measure."""
    return {
        name: None if (value := getattr(latency, name)) is None else round(value, 2)
        for name in ("min", "avg", "med", "p90", "p95", "p99", "max")
    }


def histogram_shape(latency: Latency) -> list[dict[str, float | int]]:
    """Rows of a histogram; counts add up to all requests."""
    return [
        {
            "over_ms": round(each.over_ms, 3),
            "upto_ms": round(each.upto_ms, 3),
            "count": each.count,
        }
        for each in buckets(latency)
    ]


def show(console: Console, outcome: Outcome) -> None:
    """The histogram, then in k6's order: thresholds, checks, distribution, status codes, errors."""
    summary = outcome.summary
    show_histogram(console, "request duration", summary.latency)
    show_histogram(console, "of failed ones", summary.failed_latency)
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
    console.print(styled(f"{mark} accepted by {outcome.label}", style), soft_wrap=True)
    lines(console, [f"  ↳ {share:.0f}% — ✓ {summary.accepted} / ✗ {failed}"])
    rows = _rows(outcome)
    width = max(len(name) for name, _ in rows) + 3
    lines(console, [f"{name + ' ':.<{width}}: {value}" for name, value in rows])
    for told in explanations(summary, outcome.producer_log):
        said = f"  {told.count} × {told.status}: {told.meaning}"
        prose(console, styled(said, "yellow"))
        if told.checks or told.status >= 500:
            lines(console, [f"  → {' '.join(('sqsctl doctor', *told.checks))}"])
    for text, count in list(summary.errors.items())[:10]:
        console.print(styled(f"  {count} × {safe_line(text, 200)}", "red"), soft_wrap=True)
    if outcome.fate:
        show_fate(console, outcome.fate)


def _rows(outcome: Outcome) -> list[tuple[str, str]]:
    summary = outcome.summary
    rows = [
        ("accepted", f"{summary.accepted}  {summary.rate_per_s:.1f}/s"),
        ("duration", f"{summary.duration_s:.1f} s"),
    ]
    for name, count in (
        ("rejected", summary.rejected),
        ("unknown", summary.unknown),
        ("not sent", _not_sent(summary)),
        ("possible duplicates", summary.possible_duplicates),
    ):
        if count:
            rows.append((name, f"{count}"))
    if outcome.poisoned is not None:
        rows.append(
            ("poisoned", f"{outcome.poisoned}  (the same ones again: --seed {outcome.seed})")
        )
    rows.append(("request duration", spread(summary.latency)))
    if summary.failed_latency.count:
        rows.append(("  of failed ones", spread(summary.failed_latency)))
    if summary.rate_held is False:
        said = f"{summary.rate_asked:g}/s could not be held, arrivals up to {summary.late_s:.1f} s"
        rows.append(("rate", f"{said} late: raise --concurrency or lower --rate"))
    rows += [(f"status {code}", f"{count}") for code, count in summary.status_codes.items()]
    return rows


def show_histogram(console: Console, title: str, latency: Latency) -> None:
    """Rows of bars; nothing where there is too little to draw."""
    found = buckets(latency)
    if len(found) < 2 or latency.count < ENOUGH:
        return
    most = max(each.count for each in found)
    lines(console, [f"{title}, up to"])
    for each in found:
        bar = "■" * max(1 if each.count else 0, round(BAR * each.count / most))
        console.print(
            styled(f"  {milliseconds(each.upto_ms):>8} ")
            + styled(f"{bar:<{BAR}}", "cyan")
            + styled(f" {each.count}"),
            soft_wrap=True,
        )


def show_fate(console: Console, fate: Fate) -> None:
    """Where the messages are now, and how long each stage took."""
    style = "green" if fate.processed == fate.accepted else "yellow"
    said = (
        f"{fate.accepted} accepted = {fate.processed} processed + {fate.dead_lettered} "
        f"dead-lettered + {fate.waiting} {'timed out' if fate.timed_out else 'waiting'}"
    )
    console.print(styled(said, style), soft_wrap=True)
    rows = [(name, spread(each)) for name, each in fate.stages]
    if fate.dead_after_s is not None:
        first, last = (f"{each:.0f}" for each in fate.dead_after_s)
        after = f"{first} to {last} s" if first != last else f"{first} s"
        rows.append(("dead-letters", f"{after} after the last message was sent"))
    found = fate.invocations
    if found and found.failed:
        died = ", ".join(f"{count} × {check}" for check, count in found.checks)
        said = f"{found.ended}, {found.failed} failed{': ' if died else ''}{died}"
        rows.append(("invocations", said))
    width = max((len(name) for name, _ in rows), default=0) + 3
    lines(console, [f"{name + ' ':.<{width}}: {value}" for name, value in rows])
    if found and found.failed:
        lines(console, [f"  → {' '.join(('sqsctl doctor', *suspects(found)))}"])
    sure = "these counts are certain" if fate.certain else "these counts are not certain"
    prose(console, styled(f"{sure}: {fate.method}", "dim"))


def spread(latency: Latency) -> str:
    """``avg=12 ms  med=10 ms  p95=31 ms  max=1.1 s``; all percentiles are in the JSON."""
    if not latency.count:
        return "none"
    parts = [
        ("avg", latency.avg),
        ("med", latency.med),
        ("p95", latency.p95),
        ("max", latency.max),
    ]
    known = [f"{name}={milliseconds(value)}" for name, value in parts if value is not None]
    return "  ".join(known)


def _not_sent(summary: ProduceSummary) -> int:
    return summary.requested - summary.accepted - summary.rejected - summary.unknown
