"""One process that runs a function: its channels, its memory, its end.

Upstream reads a worker's standard error after the fact and never looks at memory. Here
one loop reads everything that the process writes while it runs, in order, and kills it
when its time is up (``own_time``) or when its resident memory exceeds what the function has,
as Lambda does ("Memory errors" and "Timeouts" in the Lambda developer guide).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqsctl.lab.fidelity.functions.own_time import OwnTime
from sqsctl.lab.fidelity.functions.starting import Process

TICK_S = 0.02
_RAW, _RECORD = 1, 2
_CHUNK = 65_536
_HEAD = 16

_PROC = Path("/proc")

Lines = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a wait ended.

    ``kind``: ready, init_error, result, error or fatal (the runtime said so), or timeout,
    memory, exit. ``payload`` is the runtime's JSON text; ``exit_code`` is as
    subprocess has it (negative for a signal); ``used_s`` what counts of the time that it took.
    """

    kind: str
    payload: str = ""
    exit_code: int | None = None
    used_s: float = 0.0


class Sandbox:
    """A started process. Not safe for two threads at once; its owner sees to that."""

    def __init__(
        self,
        start: Callable[[Sequence[int]], Process],
        *,
        memory_mb: int,
        write: Callable[[Lines], None],
        translate: Callable[[str], str],
    ) -> None:
        self._limit_mb = memory_mb
        self._write = write
        self._translate = translate
        self._peak_kb = 0
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._frames = bytearray()
        self._partial: dict[str, bytes] = {}
        self._open = True
        self._control, theirs = socket.socketpair()
        telemetry, their_telemetry = os.pipe()
        out, their_out = os.pipe()
        self._fds = {telemetry: "telemetry", out: "out"}
        try:
            self._process = start((theirs.fileno(), their_telemetry, their_out))
        except BaseException:
            self._control.close()
            for fd in self._fds:
                os.close(fd)
            raise
        finally:
            theirs.close()
            os.close(their_telemetry)
            os.close(their_out)
        self._control.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ)
        for fd in self._fds:
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def used_mb(self) -> int:
        """The most resident memory it ever had, MB, rounded up."""
        return -(-self._peak_kb // 1024)

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a message; it goes out while ``wait`` runs."""
        body = json.dumps(message).encode()
        self._outbox += len(body).to_bytes(4, "big") + body
        self._watch(selectors.EVENT_READ | selectors.EVENT_WRITE)

    def wait(self, limit_s: float) -> Answer:
        """Until the runtime answers, the process ends, or it must be ended.

        ``limit_s`` counts as ``own_time`` does. Everything written until then is logged
        when this returns. After timeout and memory the process is dead.
        """
        clock = OwnTime(self._process.pid)
        while True:
            left = limit_s - clock.wall_s()
            self._turn(min(TICK_S, left) if left > 0 else TICK_S)
            answer = self._answer()
            if self._over_limit():
                answer = Answer("memory")
            elif not answer and not self.alive:
                self._drain()
                answer = self._answer() or Answer("exit", exit_code=self._process.returncode)
            # Only once this much has passed can it have been used: asking the kernel costs.
            elif not answer and clock.wall_s() >= limit_s and clock.used_s() >= limit_s:
                answer = Answer("timeout")
            if answer:
                used_s = clock.used_s()
                if answer.kind in {"memory", "timeout"}:
                    self.kill()
                return replace(answer, used_s=used_s)

    def close(self) -> None:
        """End the process and let go of everything."""
        self.kill()
        self._selector.close()
        self._control.close()
        for fd in self._fds:
            os.close(fd)
        self._fds = {}

    def kill(self) -> None:
        """End the process and whatever it started, and log what it still wrote."""
        self.kill_now()
        if self._fds:
            self._drain()

    def kill_now(self) -> None:
        """End the process and whatever it started. Any thread may call this."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def flush(self) -> None:
        """Log unfinished lines: an invocation ends them."""
        left = [text for text in self._partial.values() if text]
        self._partial.clear()
        self._emit([(int(time.time() * 1000), text) for text in left])

    def _turn(self, seconds: float) -> None:
        for key, events in self._selector.select(seconds):
            if key.fileobj is self._control:
                if events & selectors.EVENT_WRITE:
                    self._push()
                if events & selectors.EVENT_READ:
                    self._pull()
            else:
                self._read(key.fd)
        # The runtime answers after its last line; whatever it wrote before is in the pipes now.
        if len(self._inbox) >= 4:
            self._drain()

    def _push(self) -> None:
        try:
            sent = self._control.send(self._outbox[:_CHUNK])
        except BlockingIOError:
            return
        except OSError:
            self._outbox.clear()  # it is gone; wait() will see that
        else:
            del self._outbox[:sent]
        if not self._outbox:
            self._watch(selectors.EVENT_READ)

    def _pull(self) -> None:
        try:
            data = self._control.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._inbox += data
        else:
            self._watch(0)

    def _watch(self, events: int) -> None:
        """Which events of the control socket to wait for; none once the other side closed it."""
        if not self._open:
            return
        if events:
            self._selector.modify(self._control, events)
        else:
            self._selector.unregister(self._control)
            self._open = False

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, _CHUNK)
        except (BlockingIOError, OSError):
            return False
        if not data:
            with contextlib.suppress(KeyError):
                self._selector.unregister(fd)
            return False
        if self._fds[fd] == "telemetry":
            self._frames += data
            self._unframe()
        else:
            self._raw("out", data, int(time.time() * 1000))
        return True

    def _drain(self) -> None:
        for fd in self._fds:
            while self._read(fd):
                pass

    def _unframe(self) -> None:
        while len(self._frames) >= _HEAD:
            size = int.from_bytes(self._frames[4:8], "big")
            if len(self._frames) < _HEAD + size:
                return
            kind = int.from_bytes(self._frames[0:4], "big")
            at = int.from_bytes(self._frames[8:16], "big") // 1000
            body = bytes(self._frames[_HEAD : _HEAD + size])
            del self._frames[: _HEAD + size]
            if kind == _RECORD:
                self._emit([(at, body)])
            elif kind == _RAW:
                self._raw("print", body, at)

    def _raw(self, source: str, data: bytes, at: int) -> None:
        *lines, rest = (self._partial.get(source, b"") + data).split(b"\n")
        self._partial[source] = rest
        self._emit([(at, line + b"\n") for line in lines])

    def _emit(self, events: list[tuple[int, bytes]]) -> None:
        if events:
            self._write(
                [(at, self._translate(text.decode(errors="replace"))) for at, text in events]
            )

    def _answer(self) -> Answer | None:
        if len(self._inbox) < 4:
            return None
        size = int.from_bytes(self._inbox[:4], "big")
        if len(self._inbox) < 4 + size:
            return None
        message = json.loads(bytes(self._inbox[4 : 4 + size]))
        del self._inbox[: 4 + size]
        if not _PROC.is_dir():  # elsewhere the runtime's own figure has to do
            self._peak_kb = max(self._peak_kb, int(message.get("peak_kb", 0)))
        return Answer(str(message["kind"]), str(message.get("payload", "")))

    def _over_limit(self) -> bool:
        self._peak_kb = max(self._peak_kb, _high_water_kb(self._process.pid))
        return self._peak_kb > self._limit_mb * 1024


def _high_water_kb(pid: int) -> int:
    """VmHWM of a process in KB; 0 where there is no /proc or the process ended."""
    try:
        status = (_PROC / str(pid) / "status").read_bytes()
    except OSError:
        return 0
    _, found, rest = status.partition(b"VmHWM:")
    return int(rest.split()[0]) if found else 0
