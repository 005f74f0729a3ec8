"""What tools write in front of a log line: times, stream and group names.

``aws logs tail``, ``sam logs``, ``sls logs``, ``awslogs``, the console's copy button and
its CSV export each have their own; the runtime's own head (Node.js: time, request id,
level) is not one of them and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.stamps import from_epoch_ms, parse_stamp

_ROUNDS = 5


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
    rest, moment, stream, group, contained = line, None, "", "", False
    for _ in range(_ROUNDS):
        # What follows a container's name may be indented: a frame, a source line.
        probe = rest.lstrip(" ") if rest != line and not contained else rest
        if p.node_head.match(probe) or p.timeout.match(probe):
            rest = probe
            break
        if match := p.gutter.match(probe):
            rest = probe[match.end() :]
        elif match := p.container.match(probe):
            rest, contained = probe[match.end() :], True
        elif match := p.stamp.match(probe):
            after = probe[match.end() :]
            # The console's copy button leaves its own name in the copy.
            copied = after.startswith("Copy")
            after = after.removeprefix("Copy")
            if after and after[0] not in " \t,|" and not copied:
                break
            moment = moment or parse_stamp(match.group())
            rest = after[1:] if after[:1] in {" ", "\t", ",", "|"} else after
        elif match := p.epoch_ms.match(probe):
            moment = moment or from_epoch_ms(match.group())
            rest = probe[match.end() + 1 :]
        elif match := p.stream_name.match(probe):
            stream = stream or match.group()
            rest = probe[match.end() :]
        elif match := p.group_name.match(probe):
            group = group or match.group()
            rest = probe[match.end() :]
        elif match := p.clock.match(probe):
            rest = probe[match.end() + 1 :]
        else:
            break
    if rest is not line and (moment or stream or group) and not contained:
        # One separator belongs to the prefix; more are the message's own indentation.
        rest = rest[1:] if rest[:1] in {"\t", " "} and not rest[:2].isspace() else rest
        rest = _unquoted(rest)
    return Stripped(rest, moment, stream, group)


def _unquoted(text: str) -> str:
    """A CSV export quotes the message and doubles the quotes in it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text
