"""The stack as rows of hops: the way in, the hop with its state as a mark, what it does in figures.

The marks say the same as the colours: ✓ works, · nothing happened, ! strained, ✗ fails or is
blocked, ? not readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from sqsctl.cli.screen.output import safe_line, styled, wrapped
from sqsctl.cli.screen.senders import alone, sending
from sqsctl.cli.screen.views import duration, milliseconds
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
GAP = "   "  # between a hop and its figures


def show_picture(
    console: Console,
    stack: Stack,
    states: Sequence[Hop] | None = None,
    *,
    well: int | None = None,
) -> None:
    """Print the picture; on a terminal no line is wider than it."""
    width = console.width if console.is_terminal else None
    for line in picture(stack, states, width=width, well=well):
        console.print(line, soft_wrap=True)


def picture(
    stack: Stack,
    states: Sequence[Hop] | None = None,
    *,
    width: int | None = None,
    figures: bool = True,
    well: int | None = None,
) -> list[Text]:
    """The lines: for each queue who sends to it, the queue, its consumers, its dead-letter queue.

    Names are shown without the stack's own, which they begin with where a framework made
    them. What does not fit ``width`` stands below. Without ``figures`` there are the marks alone.
    Of queues with whom all is well, ``well`` are drawn and the others counted; None draws all.
    """
    known = hops(stack) if states is None else states
    return _Picture(stack, known, width, figures, well).drawn()


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


@dataclass(frozen=True)
class _Row:
    """One hop: what leads to it, the arrow, the hop, and what it does."""

    hop: Text
    into: str = ""
    arrow: str = "─>"
    note: str = ""
    style: str = ""


@dataclass
class _Picture:
    stack: Stack
    hops: Sequence[Hop]
    width: int | None
    figures: bool
    well: int | None
    rows: list[_Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_name: dict[tuple[str, str], Hop] = {
            (each.kind, each.name): each for each in self.hops
        }
        self._told: set[str] = set()
        self._drawn_routes: set[int] = set()
        # Where nobody asked for figures, only what is known to be wrong has a mark.
        gaps = self.stack.metrics.unread
        unwanted = bool(gaps) and all(each.on_purpose for each in gaps)
        self._asked = not unwanted or any(
            each.count is not None for each in self.hops if each.kind == "function"
        )

    def drawn(self) -> list[Text]:
        dead = self.stack.dead_letter_queues()
        sent = sending(self.stack)
        for api in self.stack.apis:
            self._api(api)
        targets = {queue for _, queue, _ in sent}
        for route in self._routes():
            leads = {queue for name, queue, _ in sent if name == route.function_name}
            if not leads & targets and route.queue_name not in {
                each.name for each in self.stack.queues
            }:
                self._route(route)
        for name in alone(self.stack):
            self.rows.append(self._function(name, arrow="  "))
        queues = [each for each in self.stack.queues if each.arn not in dead]
        counted_only = self._counted_only(queues, sent)
        for queue in queues:
            if queue.arn not in counted_only:
                self._queue(queue, led=self._senders(queue, sent))
        self._fed_by_services(queues)
        for mapping in self.stack.mappings:
            if self.stack.queue(mapping.queue_arn) is None:
                hop, note = self._gap(mapping.queue_arn.rpartition(":")[2], "▤")
                self.rows.append(_Row(hop, arrow="  ", note=note))
                self._consumer(mapping)
        if counted_only:
            said = f"{counted(len(counted_only), 'more queue')}: all is well there"
            self.rows.append(_Row(styled(said, "dim"), arrow="  "))
        return self._laid_out()

    def _counted_only(
        self, queues: Sequence[Queue], sent: Sequence[tuple[str, str, bool]]
    ) -> set[str]:
        """The ARNs of queues that are not drawn: more than ``well`` of those that work."""
        if self.well is None:
            return set()
        working = [each.arn for each in queues if self._works(each, sent)]
        return set(working[self.well :])

    def _works(self, queue: Queue, sent: Sequence[tuple[str, str, bool]]) -> bool:
        """Whether each hop of it was read and is well: senders, queue, consumers, DLQ."""
        mappings = [each for each in self.stack.mappings if each.queue_arn == queue.arn]
        dead = (queue.dead_letter_target_arn or "").rpartition(":")[2]
        hops = [("queue", queue.name), ("dead-letter-queue", dead)]
        hops += [("mapping", each.uuid) for each in mappings]
        hops += [("function", each.function_name) for each in mappings]
        hops += [("function", name) for name, target, _ in sent if target == queue.name]
        return bool(mappings) and all(
            hop in self._by_name and self._by_name[hop].state in {State.IDLE, State.OK}
            for hop in hops
        )

    # -- hops --------------------------------------------------------------------------------

    def _routes(self) -> list[Route]:
        return [route for api in self.stack.apis for route in api.routes]

    def _api(self, api: Api) -> None:
        """The API itself, where it answers badly: its figures are of all its routes together."""
        hop = self._by_name.get(("api", api.id))
        if not self.figures or hop is None or hop.state < State.STRAINED:
            return
        kind = {"http": "HTTP API", "rest": "REST API", "url": "function URL"}.get(api.kind, "API")
        line = self._marked("api", api.id, kind)
        self.rows.append(_Row(line, arrow="  ", note=_said(hop)))

    def _route(self, route: Route) -> None:
        if id(route) in self._drawn_routes:
            return
        self._drawn_routes.add(id(route))
        into = f"{safe_line(route.method)} {safe_line(route.path)}"
        if route.function_name is not None:
            self.rows.append(self._function(route.function_name, route.qualifier, into=into))
        elif route.queue_name in {each.name for each in self.stack.queues}:
            self.rows.append(_Row(styled("(the API sends by itself)", "dim"), into=into))
        elif route.queue_name:
            self.rows.append(_Row(styled(f"▤ {self._short(route.queue_name)}"), into=into))
        else:
            self.rows.append(_Row(styled("no function"), into=into))

    def _senders(self, queue: Queue, sent: Sequence[tuple[str, str, bool]]) -> bool:
        """Who sends to the queue: routes with their functions, then functions by themselves.

        Whether there is one.
        """
        before = len(self.rows)
        names = {name: sure for name, target, sure in sent if target == queue.name}
        for route in self._routes():
            if route.function_name in names or route.queue_name == queue.name:
                self._route(route)
        behind = {route.function_name for route in self._routes()}
        for name, sure in names.items():
            if name not in behind:
                row = self._function(name, arrow="  ")
                note = row.note if sure else f"{row.note} perhaps sends to it".strip()
                self.rows.append(replace(row, note=note))

        return len(self.rows) > before

    def _queue(self, queue: Queue, *, led: bool) -> None:
        hop = self._by_name.get(("queue", queue.name))
        age = f", oldest {duration(round(hop.oldest_age_s))}" if hop and hop.oldest_age_s else ""
        said = f"{queue.visible} waiting, {queue.in_flight} in flight{age}"
        head = self._marked("queue", queue.name, f"▤ {self._short(queue.name)}")
        self.rows.append(_Row(head, arrow="─>" if led else "  ", note=said))
        mappings = [each for each in self.stack.mappings if each.queue_arn == queue.arn]
        if not mappings and self.stack.gaps(Fact.MAPPINGS):
            self.rows.append(_Row(styled("? consumers not read", "dim")))
        elif not mappings:
            self._unmapped(queue)
        for mapping in mappings:
            self._consumer(mapping)
        self._dead_letters(queue)

    def _unmapped(self, queue: Queue) -> None:
        from sqsctl.checks.support.queue_use import received_by_hand

        by_hand = received_by_hand(queue, self.stack)
        if by_hand is None:
            self.rows.append(_Row(styled("nothing consumes it", "yellow")))
            return
        row = self._function(by_hand[0].name)
        self.rows.append(replace(row, note=f"{row.note} (receives by itself)".strip()))

    def _gap(self, name: str, icon: str) -> tuple[Text, str]:
        """A queue of which nothing was read: it is gone, or nobody may look at it."""
        reasons = {gap.reason for gap in self.stack.queues.unread if name in gap.what.split()}
        if "missing" in reasons:
            gone = styled(f"{MARKS[State.FAILING]} {icon} {self._short(name)}", "red")
            return gone, "does not exist"
        why = ", ".join(sorted(map(safe_line, reasons)))
        hop = styled(f"{MARKS[State.UNKNOWN]} {icon} {self._short(name)}", "yellow")
        return hop, f"not readable{f': {why}' if why else ''}"

    def _consumer(self, mapping: EventSourceMapping) -> None:
        hop = self._by_name.get(("mapping", mapping.uuid))
        row = self._function(mapping.function_name, mapping.qualifier)
        if mapping.provisioned_pollers:
            row = replace(row, note=", ".join(filter(None, (row.note, _pollers(mapping)))))
        if hop is not None and hop.state is State.BLOCKED:
            note = ", ".join(filter(None, (f"mapping {safe_line(mapping.state)}", row.note)))
            row = replace(row, arrow="╳>", style="red", note=note)
        self.rows.append(row)

    def _dead_letters(self, queue: Queue) -> None:
        if not queue.dead_letter_target_arn:
            self.rows.append(_Row(styled("no dead-letter queue", "yellow"), arrow="└>"))
            return
        dead = self.stack.queue(queue.dead_letter_target_arn)
        name = queue.dead_letter_target_arn.rpartition(":")[2]
        text = f"☠ {self._short(name)}"
        if dead is None:
            hop, note = self._gap(name, "☠")
        else:
            hop = self._marked("dead-letter-queue", name, text)
            note = counted(dead.visible, "message") if dead.visible else "empty"
        receives = counted(queue.max_receive_count or 0, "receive")
        note = f"{note}, after {receives}"
        others = ", ".join(
            safe_line(each.told) for each in self.stack.feeds_of(queue.dead_letter_target_arn)
        )
        also = f"{note}; also from {others}" if others else note
        self.rows.append(_Row(hop, arrow="└>", note=also))

    def _fed_by_services(self, queues: Sequence[Queue]) -> None:
        """Dead-letter queues of which no drawn queue tells: what sends its failures there."""
        drawn = {each.dead_letter_target_arn for each in queues}
        for arn in dict.fromkeys(each.queue_arn for each in self.stack.dead_letter_feeds):
            if arn in drawn:
                continue
            for feed in self.stack.feeds_of(arn):
                self.rows.append(_Row(styled(safe_line(feed.told)), arrow="  "))
            name = arn.rpartition(":")[2]
            dead = self.stack.queue(arn)
            if dead is None:
                self.rows.append(_Row(styled(f"☠ {self._short(name)}"), arrow="└>"))
                continue
            hop = self._marked("dead-letter-queue", name, f"☠ {self._short(name)}")
            note = counted(dead.visible, "message") if dead.visible else "empty"
            self.rows.append(_Row(hop, arrow="└>", note=note))

    # -- parts of rows -----------------------------------------------------------------------

    def _short(self, name: str | None) -> str:
        # Without a stack the title is a part's own name: nothing is made from that.
        parts = (*self.stack.queues, *self.stack.functions)
        title = "" if any(each.name == self.stack.name for each in parts) else self.stack.name
        return safe_line((name or "?").removeprefix(f"{title}-" if title else ""))

    def _function(
        self, name: str, qualifier: str | None = None, *, into: str = "", arrow: str = "─>"
    ) -> _Row:
        """A function, its figures told once."""
        shown = f"{self._short(name)}:{safe_line(qualifier)}" if qualifier else self._short(name)
        hop = self._by_name.get(("function", name))
        notes = [safe_line(hop.note)] if hop and hop.note else []
        if self.figures and hop is not None and name not in self._told:
            self._told.add(name)
            notes += [_said(hop)] if hop.count or hop.throttled else []
        line = self._marked("function", name, f"λ {shown}")
        return _Row(line, into=into, arrow=arrow, note=", ".join(notes))

    def _marked(self, kind: str, name: str, text: str) -> Text:
        hop = self._by_name.get((kind, name))
        state = hop.state if hop else State.UNKNOWN
        if state < State.STRAINED and not self._asked:
            return styled(safe_line(text))
        line = styled("")
        line.append(f"{MARKS[state]} ", _STYLES[state])
        line.append(safe_line(text), _STYLES[state] if state >= State.STRAINED else "")
        return line

    # -- layout ------------------------------------------------------------------------------

    def _laid_out(self) -> list[Text]:
        """The rows in columns; a row that does not fit gives its figures a line of their own."""
        into = max((cell_len(row.into) for row in self.rows), default=0)
        names = max((row.hop.cell_len for row in self.rows if row.note), default=0)
        if self.width is not None and into + names + 8 > self.width:
            into = 0  # ways in stand above
        return [line for row in self.rows for line in self._lines(row, into, names)]

    def _lines(self, row: _Row, into: int, names: int) -> Iterator[Text]:
        lead = row.into
        if cell_len(lead) > into:
            yield styled(f"  {lead}")
            lead = ""
        before = styled(f"  {lead}{' ' * (into - cell_len(lead))} " if into else "  ")
        line = before + styled(f"{row.arrow} ", row.style) + row.hop
        pad = " " * (names - row.hop.cell_len)
        note = styled(row.note, "dim")
        whole = line + styled(pad + GAP) + note if row.note else line
        if self.width is None or whole.cell_len <= self.width:
            yield whole
            return
        yield line
        indent = before.cell_len + 5
        for each in wrapped(note, max(16, self.width - indent)) if row.note else ():
            yield styled(" " * indent) + each


def _said(hop: Hop) -> str:
    """``98 runs, 12 failed, 3 throttled, 45 ms``: what is told is an average."""
    what = "request" if hop.kind == "api" else "run"
    count = hop.count or 0
    parts = [f"{count} {what}{'s' if count != 1 else ''}"]
    if hop.failed:
        parts.append(f"{hop.failed} with 5xx" if hop.kind == "api" else f"{hop.failed} failed")
    if hop.throttled:
        parts.append(f"{hop.throttled} throttled")
    if hop.average_ms is not None and count:
        parts.append(milliseconds(hop.average_ms))
    return ", ".join(parts)


def _pollers(mapping: EventSourceMapping) -> str:
    least, most = mapping.minimum_pollers or "?", mapping.maximum_pollers or "?"
    return f"{least} to {most} provisioned pollers"
