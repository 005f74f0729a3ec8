"""What tools write in front of a log line: times, stream and group names.

``aws logs tail``, ``sam logs``, ``sls logs``, ``awslogs``, the console's copy button and
its CSV export each have their own; the runtime's own head (Node.js: time, request id,
level) is not one of them and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqsctl.logtext import patterns as p
from sqsctl.logtext.timestamps import parse_stamp
from sqsctl.model.times import from_epoch_ms

_ROUNDS = 5
_GUTTER = frozenset("▶▼►▸▾│| \t")


@dataclass(frozen=True, slots=True)
class Stripped:
    """A line without its prefixes, and what they said."""

    text: str
    timestamp: datetime | None = None
    stream: str = ""
    group: str = ""


def clean(line: str) -> str:
    """The line without colour codes, byte order mark and line end."""
    if "\x1b" in line:
        line = p.ansi.sub("", line)
    return line.rstrip("\r\n").lstrip("\ufeff")


def strip_prefix(line: str) -> Stripped:
    """Take the prefixes off one line; its indentation stays where there were none."""
    found = Stripped(line)
    contained = False
    for _ in range(_ROUNDS):
        # What follows a container's name may be indented: a frame, a source line.
        probe = found.text.lstrip(" ") if found.text != line and not contained else found.text
        first = probe[:1]
        if first.isdigit():
            step = _numeric(probe)
        elif first == "/" and (match := p.group_name.match(probe)):
            step = Stripped(probe[match.end() :], group=match.group())
        elif first in _GUTTER and (match := p.gutter.match(probe)):
            step = Stripped(probe[match.end() :])
        elif " | " in probe[:90] and (match := p.container.match(probe)):
            step, contained = Stripped(probe[match.end() :]), True
        else:
            break
        if step is None:
            break
        found = Stripped(
            step.text,
            found.timestamp or step.timestamp,
            found.stream or step.stream,
            found.group or step.group,
        )
    if found.text is line or contained or not (found.timestamp or found.stream or found.group):
        return found
    rest = found.text
    # One separator belongs to the prefix; more are the message's own indentation.
    rest = rest[1:] if rest[:1] in {"\t", " "} and not rest[:2].isspace() else rest
    return Stripped(_unquoted(rest), found.timestamp, found.stream, found.group)


def _numeric(probe: str) -> Stripped | None:
    """Take one prefix that begins with a digit; None where the line's own text begins."""
    if p.node_head.match(probe) or p.timeout_line(probe) or p.old_node_head.match(probe):
        return None
    if match := p.stamp.match(probe):
        after = probe[match.end() :]
        # The console's copy button leaves its own name in the copy.
        copied = after.startswith("Copy")
        after = after.removeprefix("Copy")
        if after and after[0] not in " \t,|" and not copied:
            return None
        rest = after[1:] if after[:1] in {" ", "\t", ",", "|"} else after
        return Stripped(rest, parse_stamp(match.group()))
    if match := p.epoch_ms.match(probe):
        return Stripped(probe[match.end() + 1 :], from_epoch_ms(match.group()))
    if match := p.stream_name.match(probe):
        return Stripped(probe[match.end() :], stream=match.group())
    if match := p.clock.match(probe):
        return Stripped(probe[match.end() + 1 :])
    return None


def _unquoted(text: str) -> str:
    """A CSV export quotes the message and doubles the quotes in it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text
