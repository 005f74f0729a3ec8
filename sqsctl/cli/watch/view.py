"""What ``sqsctl watch`` shows: the same picture for a screen, a pipe and a program."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import iso, safe_line, styled
from sqsctl.cli.screen.picture import hop_shape
from sqsctl.cli.screen.picture import picture as drawn
from sqsctl.cli.screen.sparkline import BLOCKS
from sqsctl.operations.diagnosis.health import Recent, hops
from sqsctl.operations.live.snapshot import VAGUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from sqsctl.operations.diagnosis.health import Hop
    from sqsctl.operations.live.snapshot import Depth, Failing, Picture

SPARK = 12
SHOWN_FAILURES = 8
NAME = 18


def picture_shape(picture: Picture) -> dict[str, Any]:
    """A line of ``watch -o json``."""
    return {
        "timestamp": iso(picture.at),
        "stack": picture.stack.name,
        "queues": [
            {
                "name": each.queue.name,
                "visible": each.queue.visible,
                "in_flight": each.queue.in_flight,
                "delayed": each.queue.delayed,
                "dead_letter_queue": each.dead_letters,
                "change_per_s": None if each.change_per_s is None else round(each.change_per_s, 2),
            }
            for each in picture.depths
        ],
        "mappings": [
            {"queue_arn": each.queue_arn, "function": each.function_name, "state": each.state}
            for each in picture.stack.mappings
        ],
        "functions": [
            {
                "name": each.function,
                "invocations_last_minute": each.invocations,
                "failures_last_minute": each.failures,
            }
            for each in picture.activity
        ],
        "hops": [hop_shape(each) for each in _states(picture)],
        "failures": [
            {
                "at": iso(each.at),
                "function": each.function,
                "check": each.check,
                "message": each.text,
                "request_id": each.request_id,
            }
            for each in picture.failures[:SHOWN_FAILURES]
        ],
        "trouble": list(picture.trouble),
    }


def show_picture_plainly(console: Console, picture: Picture) -> None:
    """One snapshot, as lines."""
    for line in rendered(picture):
        console.print(line, soft_wrap=True)
    console.print()


def rendered(
    picture: Picture, *, height: int | None = None, width: int | None = None
) -> list[Text]:
    """The snapshot's lines; with ``height`` the failures that fit, and no more lines than that.

    Lines of the picture that are longer than ``width`` are cut at their arrows.
    """
    stack = picture.stack
    found = [styled(f"{safe_line(stack.name)}  {picture.at:%H:%M:%S} UTC", "bold")]
    found += drawn(stack, _states(picture), width=width, figures=False)
    found.append(styled(""))
    for each in picture.depths:
        found.append(_depth(each, stack.name))
    for doing in picture.activity:
        said = f"λ {_short(doing.function, stack.name):<{NAME}} {doing.invocations:>5} /min"
        line = styled(said)
        if doing.failures:
            line.append(f"  {doing.failures} failed", "red")
        found.append(line)
    found += [styled(f"not readable: {safe_line(each)}", "yellow") for each in picture.trouble]
    room = (
        SHOWN_FAILURES if height is None else max(0, min(SHOWN_FAILURES, height - len(found) - 2))
    )
    if room:
        found.append(styled(""))
        found.append(
            styled("last failures", "bold") if picture.failures else styled("no failures", "dim")
        )
        alike = _alike(picture.failures)
        found += [_failure(each, times, stack.name) for each, times in alike[:room]]
    return found if height is None else found[:height]


def _states(picture: Picture) -> tuple[Hop, ...]:
    """The hops as the last minute has them, by the functions' logs."""
    recent = {each.function: Recent(each.invocations, each.failures) for each in picture.activity}
    return hops(picture.stack, recent=recent)


def _depth(depth: Depth, stack: str) -> Text:
    queue = depth.queue
    mark = "☠" if depth.dead_letters else "▤"
    line = styled(
        f"{mark} {_short(queue.name, stack):<{NAME}} {queue.visible:>7} visible"
        f" {queue.in_flight:>6} in flight ",
        "yellow" if depth.dead_letters and queue.approximate_total else "",
    )
    change = depth.change_per_s
    line.append(" " * 9 if change is None else f"{change:+8.1f}/s" if change else "       =/s")
    line.append(f" {spark(depth.history)}", "cyan")
    return line


def spark(values: tuple[int, ...]) -> str:
    """The last values as blocks; nothing for a single one."""
    shown = values[-SPARK:]
    most = max(shown, default=0)
    if len(shown) < 2 or not most:
        return ""
    return "".join(
        BLOCKS[min(len(BLOCKS) - 1, value * len(BLOCKS) // (most + 1))] for value in shown
    )


def _alike(failures: Sequence[Failing]) -> list[tuple[Failing, int]]:
    """Each failure once, as it was told last, and how often it was; the newest first."""
    newest: dict[tuple[str, str], Failing] = {}
    times: Counter[tuple[str, str]] = Counter()
    for each in failures:
        kind = (each.function, each.check if each.check and each.check not in VAGUE else each.text)
        newest.setdefault(kind, each)
        times[kind] += 1
    return [(each, times[kind]) for kind, each in newest.items()]


def _failure(failing: Failing, times: int, stack: str) -> Text:
    from datetime import UTC

    when = failing.at.astimezone(UTC).strftime("%H:%M:%S") if failing.at else ""
    line = styled("")
    line.append(f"  {when} {_short(failing.function, stack)} ", "dim")
    if failing.check:
        line.append(f"{failing.check} ", "bold yellow")
    if times > 1:
        line.append(f"×{times} ", "bold")
    line.append(safe_line(failing.text, 160), "red")
    return line


def _short(name: str, stack: str) -> str:
    return safe_line(name.removeprefix(f"{stack}-"), NAME)
