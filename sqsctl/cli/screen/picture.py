"""The stack as lines of hops, each with its state: a mark, and what it does in figures.

The marks say the same as the colours: ✓ works, · nothing happened, ! strained, ✗ fails or is
blocked, ? not readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import safe_line, styled
from sqsctl.cli.screen.views import duration
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact
from sqsctl.operations.diagnosis.health import Hop, State, hops

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from sqsctl.model.functions import (
        EventSourceMapping,
    )
    from sqsctl.model.stack import (
        Api,
        Queue,
        Route,
        Stack,
    )

MARKS: Mapping[State, str] = {
    State.UNKNOWN: "?",
    State.IDLE: "·",
    State.OK: "✓",
    State.STRAINED: "!",
    State.FAILING: "✗",
    State.BLOCKED: "✗",
}
_STYLES: Mapping[State, str] = {
    State.UNKNOWN: "dim",
    State.IDLE: "dim",
    State.OK: "green",
    State.STRAINED: "yellow",
    State.FAILING: "red",
    State.BLOCKED: "red",
}
_NOT_ASKED_FOR = "not asked for"
INDENT = "      "


def show_picture(console: Console, stack: Stack, states: Sequence[Hop] | None = None) -> None:
    """Print the picture; on a terminal no line is wider than it."""
    width = console.width if console.is_terminal else None
    for line in picture(stack, states, width=width):
        console.print(line, soft_wrap=True)


def picture(
    stack: Stack,
    states: Sequence[Hop] | None = None,
    *,
    width: int | None = None,
    figures: bool = True,
) -> list[Text]:
    """The lines: a line for each way in and each queue, their figures below.

    Names are shown without the stack's own, which they begin with where a framework made
    them. A line that is longer than ``width`` is cut at its arrow. Without ``figures`` there
    are the marks alone.
    """
    known = hops(stack) if states is None else states
    return _Picture(stack, known, width, figures).drawn()


def senders(stack: Stack) -> list[tuple[str, str, bool]]:
    """Functions behind no route that may send to a queue, that queue, and whether it is sure.

    A function is one that sends by its code, else by its role; where neither was read, it is a
    function that names the queue. A consumer that names the queue it reads, or where its dead
    letters go, is no sender.
    """
    from sqsctl.checks.support.queue_use import queue_use, variables_of

    behind = {route.function_name for api in stack.apis for route in api.routes}
    dead = stack.dead_letter_queues()
    reads = {(each.function_name, each.queue_arn) for each in stack.mappings}
    found: list[tuple[str, str, bool]] = []
    for function in stack.functions:
        if function.name in behind:
            continue
        for queue in stack.queues:
            if not any(variables_of(function, queue, stack)):
                continue
            use = queue_use(stack, function, queue)
            own = queue.arn in dead or (function.name, queue.arn) in reads
            if use.sends if own and use.source == "code" else not own and use.sends is not False:
                found.append((function.name, queue.name, bool(use.sends)))
    return found


def _alone(stack: Stack) -> list[str]:
    """Functions that lead to no other hop; of a whole stack only those that matter are drawn."""
    if stack.stack_name is not None:
        return []
    led = {route.function_name for api in stack.apis for route in api.routes}
    led |= {each.function_name for each in stack.mappings}
    led |= {function for function, _, _ in senders(stack)}
    return [each.name for each in stack.functions if each.name not in led]


def hop_shape(hop: Hop) -> dict[str, Any]:
    """An entry of ``hops``."""
    return {
        "kind": hop.kind,
        "name": hop.name,
        "state": hop.state.label,
        "count": hop.count,
        "failed": hop.failed,
        "throttled": hop.throttled,
        "average_ms": _rounded(hop.average_ms),
        "longest_ms": _rounded(hop.longest_ms),
        "oldest_age_s": _rounded(hop.oldest_age_s),
        "note": hop.note or None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


@dataclass
class _Picture:
    stack: Stack
    hops: Sequence[Hop]
    width: int | None
    figures: bool
    lines: list[Text] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_name: dict[tuple[str, str], Hop] = {
            (each.kind, each.name): each for each in self.hops
        }
        self._told: set[str] = set()
        # Where nobody asked for figures, only what is known to be wrong has a mark.
        gaps = {gap.reason for gap in self.stack.metrics.unread}
        self._asked = gaps != {_NOT_ASKED_FOR} or any(
            each.count is not None for each in self.hops if each.kind == "function"
        )

    def drawn(self) -> list[Text]:
        dead = self.stack.dead_letter_queues()
        for api in self.stack.apis:
            told = self._api(api)
            for route in api.routes:
                self._route(route, "    " if told else "  ")
        for function, target, sure in senders(self.stack):
            sends = self._function(function)
            self._arrow(sends, "─>" if sure else "─?>", styled(f"▤ {self._short(target)}"))
            self._figures(function)
        for name in _alone(self.stack):
            self.lines.append(self._function(name))
            self._figures(name)
        for queue in self.stack.queues:
            if queue.arn not in dead:
                self._queue(queue)
        for mapping in self.stack.mappings:
            if self.stack.queue(mapping.queue_arn) is None:
                name = self._short(mapping.queue_arn.rpartition(":")[2])
                self._consumer(self._unread(f"▤ {name}", "  "), mapping)
        return self.lines

    # -- hops --------------------------------------------------------------------------------

    def _api(self, api: Api) -> bool:
        """The API's own line: its figures are of all its routes together."""
        hop = self._by_name.get(("api", api.id))
        if not self.figures or hop is None or not hop.count:
            return False
        kind = {"http": "HTTP API", "rest": "REST API", "url": "function URL"}[api.kind]
        self.lines.append(self._marked("api", api.id, f"{kind}: {_said(hop)}"))
        return True

    def _route(self, route: Route, indent: str) -> None:
        into = styled(f"{indent}{safe_line(route.method)} {safe_line(route.path)}")
        if route.function_name is not None:
            behind = self._function(route.function_name, route.qualifier)
        elif route.queue_name:
            behind = styled(f"▤ {self._short(route.queue_name)}")
        else:
            behind = styled("no function")
        self._arrow(into, "─>", behind)
        if route.function_name is not None:
            self._figures(route.function_name)

    def _queue(self, queue: Queue) -> None:
        hop = self._by_name.get(("queue", queue.name))
        age = f", oldest {duration(round(hop.oldest_age_s))}" if hop and hop.oldest_age_s else ""
        said = f"({queue.visible} waiting, {queue.in_flight} in flight{age})"
        head = self._marked("queue", queue.name, f"▤ {self._short(queue.name)} {said}")
        mappings = [each for each in self.stack.mappings if each.queue_arn == queue.arn]
        if not mappings and self.stack.gaps(Fact.MAPPINGS):
            self._arrow(head, "─>", styled("? consumers not read", "dim"))
        elif not mappings:
            self._unmapped(head, queue)
        for mapping in mappings:
            self._consumer(head, mapping)
        self._dead_letters(queue)

    def _unmapped(self, head: Text, queue: Queue) -> None:
        from sqsctl.checks.support.queue_use import received_by_hand

        by_hand = received_by_hand(queue, self.stack)
        if by_hand is None:
            self._arrow(head, "─>", styled("nothing consumes it", "yellow"))
            return
        receiver = self._function(by_hand[0].name)
        self._arrow(head, "─>", receiver + styled(" (receives by itself)"))

    def _consumer(self, head: Text, mapping: EventSourceMapping) -> None:
        hop = self._by_name.get(("mapping", mapping.uuid))
        blocked = hop is not None and hop.state is State.BLOCKED
        arrow = f"─╳ {safe_line(mapping.state)} ╳─>" if blocked else "─>"
        behind = self._function(mapping.function_name, mapping.qualifier)
        self._arrow(head, arrow, behind, "red" if blocked else "")
        self._figures(mapping.function_name)

    def _dead_letters(self, queue: Queue) -> None:
        if not queue.dead_letter_target_arn:
            self.lines.append(styled("    └─ no dead-letter queue", "yellow"))
            return
        dead = self.stack.queue(queue.dead_letter_target_arn)
        name = queue.dead_letter_target_arn.rpartition(":")[2]
        count = f"({dead.visible} dead)" if dead else ""
        receives = counted(queue.max_receive_count or 0, "receive")
        head = styled(f"    └─ after {receives}")
        text = f"☠ {self._short(name)} {count}"
        if dead is None:
            self._arrow(head, "─>", self._unread(text.strip(), "", name=name))
        else:
            self._arrow(head, "─>", self._marked("dead-letter-queue", name, text, indent=""))

    def _unread(self, text: str, indent: str, name: str = "") -> Text:
        """A queue of which nothing was read: it is gone, or nobody may look at it."""
        named = name or text.rpartition(" ")[2]
        gone = any(
            gap.reason == "missing" and gap.what.endswith(named)
            for gap in self.stack.queues.unread
            if gap.what.startswith("queue ")
        )
        mark, style = (MARKS[State.FAILING], "red") if gone else (MARKS[State.UNKNOWN], "yellow")
        told = "does not exist" if gone else "not readable"
        return styled(f"{indent}{mark} {text} ({told})", style)

    # -- parts of lines ----------------------------------------------------------------------

    def _short(self, name: str | None) -> str:
        # Without a stack the title is a part's own name: nothing is made from that.
        parts = (*self.stack.queues, *self.stack.functions)
        title = "" if any(each.name == self.stack.name for each in parts) else self.stack.name
        return safe_line((name or "?").removeprefix(f"{title}-" if title else ""))

    def _function(self, name: str, qualifier: str | None = None) -> Text:
        shown = f"{self._short(name)}:{safe_line(qualifier)}" if qualifier else self._short(name)
        hop = self._by_name.get(("function", name))
        note = f" ({safe_line(hop.note)})" if hop and hop.note else ""
        return self._marked("function", name, f"λ {shown}{note}", indent="")

    def _marked(self, kind: str, name: str, text: str, *, indent: str = "  ") -> Text:
        hop = self._by_name.get((kind, name))
        state = hop.state if hop else State.UNKNOWN
        if state < State.STRAINED and not self._asked:
            return styled(f"{indent}{safe_line(text)}")
        line = styled(indent)
        line.append(f"{MARKS[state]} ", _STYLES[state])
        line.append(safe_line(text), _STYLES[state] if state >= State.STRAINED else "")
        return line

    def _arrow(self, head: Text, arrow: str, behind: Text, style: str = "") -> None:
        """Two hops and what is between; below each other where the terminal is narrow."""
        joint = styled(f" {arrow} ", style)
        if self.width is None or (head + joint + behind).cell_len < self.width:
            self.lines.append(head + joint + behind)
        else:
            self.lines += [head, styled(f"{INDENT}{arrow} ", style) + behind]

    def _figures(self, function: str) -> None:
        """What a function did, told once."""
        hop = self._by_name.get(("function", function))
        if not self.figures or hop is None or function in self._told:
            return
        self._told.add(function)
        if hop.count or hop.throttled:
            self.lines.append(styled(f"{INDENT}{_said(hop)}", "dim"))


def _said(hop: Hop) -> str:
    """``98 runs, 12 failed, 3 throttled, 45 ms on average (longest 1.2 s)``."""
    what = "request" if hop.kind == "api" else "run"
    count = hop.count or 0
    parts = [f"{count} {what}{'s' if count != 1 else ''}"]
    if hop.failed:
        parts.append(f"{hop.failed} with 5xx" if hop.kind == "api" else f"{hop.failed} failed")
    if hop.throttled:
        parts.append(f"{hop.throttled} throttled")
    if hop.average_ms is not None and count:
        longest = f" (longest {_took(hop.longest_ms)})" if hop.longest_ms is not None else ""
        parts.append(f"{_took(hop.average_ms)} on average{longest}")
    return ", ".join(parts)


def _took(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
