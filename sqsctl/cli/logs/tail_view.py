"""How log lines look: stern's colours on a terminal, plain text in a pipe, JSON for programs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import iso, safe, to_json, write_raw
from sqsctl.model.plurals import counted
from sqsctl.operations.logs.requests import Folder

if TYPE_CHECKING:
    from sqsctl.operations.logs.annotation import Annotated as Line

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
MAX_STREAMS = 4_096
_BAD = frozenset({"ERROR", "FATAL", "CRITICAL"})
_NOISE = ("LAMBDA_WARNING", "EXTENSION\t", "TELEMETRY\t", "XRAY TraceId")

Part = tuple[str, str]  # text, style


class Printer:
    """Prints lines to stdout. ``flush`` has to be called where nothing more comes for a while."""

    def __init__(
        self, run: Run, functions: Iterable[str], *, fold: bool, raw: bool = False
    ) -> None:
        self._run = run
        self._fold = fold
        self._raw = raw
        self._folders: dict[tuple[str, str], Folder] = {}
        names = list(functions)
        short = shortened(names, run.target.stack if run.target else None)
        self._names = {
            name: (f"{safe(short[name])} ", COLOURS[index % len(COLOURS)])
            for index, name in enumerate(names)
        }
        self._lines = self._failed = 0
        self._checks: Counter[str] = Counter()
        console = run.output.stdout
        self._coloured = console.is_terminal and not run.output.json

    def line(self, line: Line) -> None:
        """Print one line, unless it is all stack trace."""
        self._count(line)
        if self._raw:
            write_raw(line.event.message.rstrip("\n"))
            return
        if self._run.output.json:
            sys.stdout.write(to_json(line_shape(line)) + "\n")
            return
        parts = self._parts(line)
        if parts is not None:
            self._write(parts)

    def request(self, lines: Sequence[Line], wanted: Sequence[Line]) -> None:
        """Print the wanted lines of one request, under a heading that says how all of it went.

        The heading has what START, END and REPORT say. A line of no request comes as it is.
        """
        first = lines[0]
        if not wanted:
            return
        if self._raw or self._run.output.json or first.request_id is None:
            for each in wanted:
                self.line(each)
            return
        failed = any(each.check or each.level in _BAD for each in lines)
        checks = dict.fromkeys(each.check for each in lines if each.check)
        summary = next((each.summary for each in lines if each.summary), "not ended yet")
        heading: list[Part] = [
            ("✗ " if failed else "✓ ", "red" if failed else "green"),
            self._names[first.function],
            (f"{first.request_id} {summary}", "bold"),
        ]
        heading += [(f"  ← {check}", "bold yellow") for check in checks]
        self._write(heading)
        for each in wanted:
            if each.phase:
                self._count(each)
            else:
                self.line(each)

    @property
    def printed(self) -> bool:
        """Whether there was anything to show."""
        return bool(self._lines)

    def summary(self) -> str:
        """How much was shown, and how much of it told of failures."""
        said = counted(self._lines, "line") if self._lines else "no line"
        if self._failed:
            said += f", {self._failed} of errors"
        found = [f"{count} × {check}" for check, count in self._checks.most_common()]
        return said + (f": {', '.join(found)}" if found else "")

    def _count(self, line: Line) -> None:
        self._lines += 1
        if line.check or line.level in _BAD:
            self._failed += 1
            if line.check:
                self._checks[line.check] += 1

    def flush(self) -> None:
        """Let the reader see what was printed."""
        sys.stdout.flush()

    def _parts(self, line: Line) -> list[Part] | None:
        text = line.event.message.rstrip("\n")
        noise = line.platform or text.startswith(_NOISE)
        folded = 0
        if line.platform:
            text = _platform(line, text)
        elif self._fold:
            left, folded = self._folder(line).fold(text)
            if left is None:
                return None
            text = left
        style = "red" if line.level in _BAD else "dim" * noise
        message = safe(" ".join(text.split()) if noise else text)
        first, feed, rest = message.partition("\n")
        parts: list[Part] = [
            (_clock(line.event.timestamp), "dim"),
            self._names[line.function],
            (first, style),
        ]
        if line.check:
            parts.append((f"  ← {line.check}", "bold yellow"))
        if folded:
            parts.append((f"  ({counted(folded, 'line')} of stack trace: --no-fold)", "dim"))
        if feed:
            parts.append((f"\n{rest}", style))
        return parts

    def _folder(self, line: Line) -> Folder:
        key = (line.event.group, line.event.stream)
        if key not in self._folders and len(self._folders) >= MAX_STREAMS:
            self._folders.clear()
        return self._folders.setdefault(key, Folder())

    def _write(self, parts: Sequence[Part]) -> None:
        if not self._coloured:
            # rich would take more time for a line than everything else together.
            sys.stdout.write("".join(text for text, _ in parts) + "\n")
            return
        from rich.text import Text

        self._run.output.stdout.print(Text.assemble(*parts), soft_wrap=True)


def line_shape(line: Line) -> dict[str, Any]:
    """A line of ``logs tail -o json``."""
    event = line.event
    return {
        "timestamp": iso(event.timestamp),
        "function": line.function,
        "log_group": event.group,
        "stream": event.stream,
        "event_id": event.event_id or None,
        "request_id": line.request_id,
        "level": line.level or None,
        "message": event.message.rstrip("\n"),
        "check": line.check,
    }


def shortened(names: Iterable[str], stack: str | None) -> dict[str, str]:
    """Names without the stack's, which they all begin with where a framework made them."""
    return {name: name.removeprefix(f"{stack}-") or name for name in names}


def _platform(line: Line, text: str) -> str:
    """Lambda's own lines, without what is the same in all of them."""
    if line.summary and line.phase == "report":
        return f"REPORT {line.request_id} {line.summary}"
    return text.removesuffix(" Version: $LATEST") if text.startswith("START ") else text


def _clock(at: datetime | None) -> str:
    if at is None:
        return " "
    utc = at.astimezone(UTC)
    return f"{utc:%H:%M:%S}.{utc.microsecond // 1000:03d} "
