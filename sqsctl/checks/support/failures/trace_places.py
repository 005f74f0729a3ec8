"""Where an error was thrown: the function's own line, and the library below it, in any language."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A frame's file and line, as the runtimes of each language write it.
_FRAME = re.compile(
    r"File \\?\"(?P<py>[^\"\n\\]{1,300})\\?\", line (?P<py_line>\d{1,6})"
    # A path that begins within another, as in internal/module.js, is nobody's file.
    r"|(?<![\w.])(?:file://)?"
    r"(?P<path>/(?!/)[\w./@\-+]{1,300}\.(?:[cm]?js|ts|rb|php|go|kt|cs|py))\\?\"?"
    r"(?::line |:|\()(?P<line>\d{1,6})"
    r"|\(?(?P<class>[\w.$]{1,200})\.[\w$<>]{1,100}"
    r"\((?P<java>\w{1,80}\.(?:java|kt|scala)):(?P<java_line>\d{1,6})\)"
    r"|,? ?\\?\"?(?P<old>/var/task/[\w./\-]{1,300})  (?P<old_line>\d{1,6})  "
)
_LIBRARY = re.compile(
    r"/node_modules/|/site-packages/|/gems/|/vendor/|/var/(?:runtime|lang)/|/usr/|/opt/|^node:"
    # Go's modules have a version in their path; its runtime's files have no module.
    r"|@v\d|^runtime/"
)
_GEM = re.compile(r"/gems/(?P<gem>[A-Za-z][\w\-]*?)-\d[\w.]*/(?P<file>\S+)")
_OF_OTHERS = re.compile(
    r"(?:java|javax|jdk|sun|kotlin|scala|com\.amazonaws|software\.amazon|lambdainternal|org\.spring"
    r"|io\.(?:opentelemetry|micronaut|quarkus|netty)|reactor|com\.fasterxml|org\.apache|datadog)\."
)


@dataclass(frozen=True, slots=True)
class Thrown:
    """A line of the function's code, without /var/task; ``library`` is what threw below it.

    ``file`` is empty where the trace holds a library's frames alone.
    """

    file: str
    line: int
    library: str = ""


def thrown_at(trace: str) -> Thrown | None:
    """The function's own line nearest to where the error was thrown; None where none is told."""
    frames = [_of(match) for match in _FRAME.finditer(trace)]
    if not frames:
        return None
    # Python tells the innermost frame last, the others first.
    if '.py", line' in trace or '.py\\", line' in trace or "  /var/task" in trace:
        frames.reverse()
    own = next((each for each in frames if not each[2]), None)
    if own is None:
        top = frames[0]
        # The runtimes' own frames around the handler are nobody's fault.
        of_runtime = re.search(r"/var/(?:runtime|lang)/|^node:|^/usr/", top[0])
        return (
            None if of_runtime else Thrown("", 0, f"{top[0].removeprefix('/var/task/')}:{top[1]}")
        )
    gem = _GEM.search(frames[0][0])
    library = f"gem {gem['gem']} ({gem['file']}:{frames[0][1]})" if gem and frames[0][2] else ""
    return Thrown(own[0].removeprefix("/var/task/"), own[1], library)


def first_file(trace: str) -> str:
    """The file of the first frame, a library's own or the function's; empty where there is none."""
    match = _FRAME.search(trace)
    return _of(match)[0] if match else ""


def _of(match: re.Match[str]) -> tuple[str, int, bool]:
    """File, line, and whether it is a library's."""
    if match.group("java"):
        foreign = _OF_OTHERS.match(match.group("class")) is not None
        return match.group("java"), int(match.group("java_line")), foreign
    path = match.group("py") or match.group("path") or match.group("old")
    line = match.group("py_line") or match.group("line") or match.group("old_line")
    return path, int(line), _LIBRARY.search(path) is not None or path.startswith("<")
