"""What a sandbox runs out of, or never had, as operating systems and languages word it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqsctl.checks.support.failures.failure_cases import Case

What = Literal[
    "open files",
    "threads",
    "read-only file system",
    "full disk",
    "program",
    "program's permission",
    "file's permission",
]

_SIGNS: tuple[tuple[What, re.Pattern[str]], ...] = (
    ("open files", re.compile(r"\b(?:EMFILE|ENFILE)\b|\[Errno 2[34]\]|[Tt]oo many open files")),
    (
        "threads",
        re.compile(
            r"can't start new thread|[Uu]nable to create (?:new )?native thread"
            r"|can't create Thread: |failed to create new OS thread"
            r"|pthread_create(?:\(\))?[^\n]{0,60}(?:failed|Resource temporarily)"
            r"|\bspawn(?:Sync)? \S{1,200} EAGAIN\b|fork/exec \S{1,200}: resource temporarily"
            r"|(?:fork|Cannot fork|unable to fork)[^\n]{0,60}Resource temporarily unavailable"
            r"|OpenBLAS blas_thread_init"
        ),
    ),
    (
        "read-only file system",
        re.compile(
            r"\bEROFS\b|\[Errno 30\]|[Rr]ead-only file ?system"
            r"|attempt to write a readonly database"
        ),
    ),
    # The kernel's limit on watched files has the same code and nothing to do with a disk.
    (
        "full disk",
        re.compile(
            r"\bENOSPC\b(?!: System limit)|\[Errno 28\]|[Nn]o space left on (?:the )?device"
            r"|There is not enough space on the disk"
        ),
    ),
)
# The name of a program, as whoever was to start it words its absence.
_NAME = r"[\w.+\-/]{1,200}"
_PROGRAM = re.compile(
    rf"\bspawn(?:Sync)? (?P<node>{_NAME}) ENOENT\b"
    rf"|exec: \"(?P<go>{_NAME})\": executable file not found"
    rf"|fork/exec (?P<fork>(?!/var/(?:task|runtime)/[\w\-]+:){_NAME}): no such"
    rf"|Cannot run program \"(?P<java>{_NAME})\"[^\n]{{0,200}}error=2\b"
    rf"|(?:^|[:\n] ?)(?:[\w./\-]*sh|[\w./\-]*bootstrap)?:? ?(?:line )?\d*:? ?"
    rf"(?P<shell>{_NAME}): (?:command )?not found\s*$"
    rf"|trying to start process '(?P<dotnet>{_NAME})'[^\n]{{0,300}}No such file",
    re.MULTILINE,
)
_NO_SUCH_FILE = re.compile(
    rf"\[Errno 2\] No such file or directory: u?['\"](?P<python>{_NAME})['\"]"
    rf"|No such file or directory - (?P<ruby>{_NAME})(?=$|[\s\"])"
)
# Frames below which a missing file is a program that was to be started.
_STARTS = re.compile(
    r"subprocess\.py|_execute_child|in Popen|posix_spawn|os\.exec|/open3\.rb|[`']spawn'"
    r"|Kernel#`|[`']popen|[`']system'|asyncio/(?:base_)?subprocess"
)
_NOT_EXECUTABLE = re.compile(
    rf"\bspawn(?:Sync)? (?P<node>{_NAME}) EACCES\b"
    rf"|Cannot run program \"(?P<java>{_NAME})\"[^\n]{{0,200}}error=13\b"
)
_DENIED_FILE = re.compile(rf"\[Errno 13\] Permission denied: ['\"](?P<python>{_NAME})['\"]")
# A file of the package or a layer whose mode lets nobody but its owner read it.
_UNREADABLE = re.compile(
    r"(?:EACCES: permission denied, \w+ '|\[Errno 13\] Permission denied: u?['\"]|Permission denied"
    r" @ \w+ - |AccessDeniedException: )(?P<path>/(?:var/task|opt)/[^\s'\"]{1,300})"
)
_READ_ONLY_PATH = re.compile(
    r"(?:open|mkdir|write|unlink|rename|copyfile|symlink|rmdir|utime) '(?P<node>/[^'\n]{1,300})'"
    r"|file ?system: ['\"](?P<python>[^'\"\n]{1,300})['\"]"
    r"|(?P<java>/[^\s:'\"]{1,300}): Read-only|(?:open|mkdir) (?P<go>/[^\s:'\"]{1,300}): read-only"
    r"|@ (?:rb_sysopen|dir_s_mkdir) - (?P<ruby>[^\s\"]{1,300})"
)
_AT_EXIT = re.compile(r"exit status 127|Runtime\.ExitError")


@dataclass(frozen=True, slots=True)
class Limit:
    """What was met. ``name`` is the program or the path that the error names, else empty."""

    what: What
    name: str = ""


def limit(case: Case) -> Limit | None:
    """The limit of the sandbox that a failure met; None for other failures."""
    told = "\n".join((case.text, *(f"{kind}: {message}" for kind, message in case.failure.causes)))
    for what, sign in _SIGNS:
        if sign.search(told) and not _of_a_database(told):
            return Limit(what, _path(told) if what == "read-only file system" else "")
    return _program(case)


def _of_a_database(text: str) -> bool:
    """A server that is out of space or files says so in the words of its own machine."""
    return re.search(r"could not extend file|Disk full \(|Errcode: (?:24|28|30)", text) is not None


def _program(case: Case) -> Limit | None:
    text = case.text
    if "InvalidEntrypoint" in text:
        return None  # what the platform was to start is the handler's affair
    if match := _NOT_EXECUTABLE.search(text):
        return Limit("program's permission", _first(match))
    if match := _PROGRAM.search(text):
        return Limit("program", _first(match))
    starts = _STARTS.search(case.trace) is not None
    if (match := _DENIED_FILE.search(text)) and starts:
        return Limit("program's permission", _first(match))
    if match := _UNREADABLE.search(text):
        return Limit("file's permission", match["path"])
    if match := _NO_SUCH_FILE.search(text):
        name = _first(match)
        # Without a trace only a bare name, which no data file has, is a program's.
        bare = not case.trace.strip() and re.fullmatch(r"[\w+\-]{1,60}", name)
        return Limit("program", name) if starts or bare else None
    if _AT_EXIT.search(text):
        for line in reversed(case.failure.context):
            if match := _PROGRAM.search(line):
                return Limit("program", _first(match))
    return None


def _path(text: str) -> str:
    match = _READ_ONLY_PATH.search(text)
    return _first(match) if match else ""


def _first(match: re.Match[str]) -> str:
    return next((each for each in match.groups() if each), "")
