"""Execution environments: where a function is initialised, kept warm and invoked.

Upstream's workers report an init error as a bare exception, kill a worker after every
error and log nothing of its life. Here an environment lives as on Lambda: one log
stream for its life, the init phase (10 s) before its first invocation, an init that
failed logged and repeated once within the invocation, a reset after a timeout or a
crash that keeps the environment and its stream, an error of the handler that ends
nothing.
Source: Lambda developer guide, "Understanding the Lambda execution environment
lifecycle" (init, invoke, failures during each, suppressed init).
"""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqsctl.lab.fidelity.functions import deployment as deployed
from sqsctl.lab.fidelity.functions import starting
from sqsctl.lab.fidelity.functions.deployment import Deployment
from sqsctl.lab.fidelity.functions.lambda_logs import LogStream, Report, stamp, stream_name
from sqsctl.lab.fidelity.functions.sandbox import Answer, Sandbox

INIT_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation answers: the payload as JSON text, whether it is an error.

    ``tail`` is what it logged; ``duration_ms`` what it is billed for, init apart.
    """

    payload: str
    failed: bool
    duration_ms: float
    tail: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a phase failed, as REPORT and the answer word it.

    ``status`` is error or timeout. ``fatal`` is False where only the handler raised:
    the environment lives on, and REPORT has no status.
    """

    status: str
    error_type: str
    payload: str
    fatal: bool = True


class Environment:
    """One execution environment. Used by one invocation at a time."""

    def __init__(
        self,
        deployment: Deployment,
        code: Path,
        layers: tuple[Path, ...],
        credentials: Callable[[], dict[str, str]],
    ) -> None:
        self.deployment = deployment
        self.used_at = time.monotonic()
        self._code = code
        self._layers = layers
        self._credentials = credentials
        self._home = Path(tempfile.mkdtemp(prefix="environment-"))
        self._paths = deployed.translations(deployment, code, layers)
        self._sandbox: Sandbox | None = None
        self._ready = False
        self._abandoned = False
        self._begun = False  # the init phase was tried
        self._init_ms: float | None = None  # of an init whose REPORT is still to come
        self.logs = LogStream(
            group=deployment.log_group,
            name=stream_name(deployment.version, uuid.uuid4().hex),
            json_format=deployment.log_format == "JSON",
            system_level=deployment.system_level,
            application_level=deployment.application_level,
        )

    def warm(self) -> bool:
        """Initialise before there is anything to do; whether it went well.

        As with Lambda's proactive initialisation the first invocation finds it done. What it
        logged is seen with that invocation: a function that nobody called has no log.
        """
        self.logs.hold()
        self._init_phase()
        return self._ready

    def invoke(self, event: Any, request_id: str, arn: str, trace_id: str = "") -> Outcome:
        """Run one invocation, init included where it is the first."""
        self.logs.tail.clear()
        self.logs.release()
        if self._sandbox and not self._sandbox.alive:
            self._reset()  # it ended between two invocations
        if not self._begun:
            self._init_phase()
        init_ms, self._init_ms = self._init_ms, None
        limit_s = float(self.deployment.timeout_s)
        # An init that is repeated, or follows a crash, is part of the invocation and comes
        # before its START, though the invocation is what fails.
        answer = Answer("ready") if self._ready else self._init(limit_s, phase="invoke")
        used_s = answer.used_s
        self.logs.start(request_id, self.deployment.version)
        if self._ready:
            answer = self._handled(event, request_id, arn, trace_id, max(0.0, limit_s - used_s))
            used_s += answer.used_s
        failure, payload = self._outcome(answer, request_id)
        duration_ms = used_s * 1000
        if failure and failure.status == "timeout":
            duration_ms = limit_s * 1000
        self.logs.end(request_id, self._report(duration_ms, init_ms, failure))
        self.used_at = time.monotonic()
        if failure and failure.fatal:
            self._reset()
        return Outcome(
            payload=failure.payload if failure else payload,
            failed=failure is not None,
            duration_ms=duration_ms,
            tail="".join(self.logs.tail),
        )

    def close(self) -> None:
        """End the environment for good."""
        self._reset()
        shutil.rmtree(self._home, ignore_errors=True)

    def abandon(self) -> None:
        """End it at once and without a trace, though another thread may be using it."""
        self._abandoned = True
        self.logs.silence()
        sandbox = self._sandbox
        if sandbox:
            sandbox.kill_now()

    def _init_phase(self) -> None:
        """The init before the first invocation; its duration is for that one's REPORT."""
        self._begun = True
        self.logs.init_start(self.deployment.runtime)
        answer = self._init(INIT_LIMIT_S, phase="init")
        if self._ready:
            self._init_ms = answer.used_s * 1000
        else:
            self._reset()

    def _init(self, limit_s: float, phase: str) -> Answer:
        """Start the runtime and load the function; how that ended."""
        self._sandbox = self._started()
        answer = self._sandbox.wait(limit_s)
        self._sandbox.flush()
        self._ready = answer.kind == "ready"
        if not self._ready:
            status, error_type, _ = _ending(answer)
            self.logs.init_report(answer.used_s * 1000, phase, status, error_type)
        return answer

    def _handled(
        self, event: Any, request_id: str, arn: str, trace_id: str, limit_s: float
    ) -> Answer:
        assert self._sandbox is not None  # noqa: S101 - _init made it
        self._sandbox.send(
            {
                "event": json.dumps(event, ensure_ascii=False),
                "request_id": request_id,
                "arn": arn,
                "trace_id": trace_id,
                "deadline_ms": int((time.time() + limit_s) * 1000),
            }
        )
        answer = self._sandbox.wait(limit_s)
        self._sandbox.flush()
        return answer

    def _outcome(self, answer: Answer, request_id: str) -> tuple[Failure | None, str]:
        """How the handler failed, if it did, else what it answered."""
        if answer.kind == "result":
            return None, answer.payload
        if answer.kind == "error":
            return Failure("error", "", self._mapped(answer.payload), fatal=False), ""
        if answer.kind == "fatal":  # it answered, and ends: an error that nobody caught
            kind = str(json.loads(answer.payload).get("errorType"))
            return Failure("error", kind, self._mapped(answer.payload)), ""
        return self._failure(answer, request_id), ""

    def _failure(self, answer: Answer, request_id: str) -> Failure:
        """What ended the invocation together with its runtime, logged as Lambda logs it."""
        status, error_type, why = _ending(answer)
        if answer.kind == "init_error":  # the runtime logged it
            return Failure(status, error_type, self._mapped(answer.payload))
        if status == "timeout":
            why = f"Task timed out after {self.deployment.timeout_s:.2f} seconds"
            shown, line = "Sandbox.Timedout", f"{stamp()} {request_id} {why}\n\n"
        else:
            shown, line = error_type, f"RequestId: {request_id} Error: {why}\n{error_type}\n"
        if self.logs.json_format:
            entry = {"timestamp": stamp(), "level": "ERROR", "requestId": request_id}
            line = json.dumps(entry | {"message": why}) + "\n"
        self.logs.write([(_now(), line)])
        said = {"errorType": shown, "errorMessage": f"RequestId: {request_id} Error: {why}"}
        return Failure(status, error_type, json.dumps(said))

    def _report(self, duration_ms: float, init_ms: float | None, failure: Failure | None) -> Report:
        limit = self.deployment.memory_mb
        used = self._sandbox.used_mb if self._sandbox else 0
        fatal = failure if failure and failure.fatal else None
        return Report(
            duration_ms=duration_ms,
            memory_mb=limit,
            used_mb=min(used, limit),
            init_ms=init_ms,
            status=fatal.status if fatal else "",
            error_type=fatal.error_type if fatal else "",
        )

    def _started(self) -> Sandbox:
        self._reset()
        environment = deployed.environment(
            self.deployment,
            code=self._code,
            layers=self._layers,
            stream=self.logs.name,
            credentials=self._credentials(),
            home=self._home,
        )
        command = deployed.command(self.deployment)
        started = Sandbox(
            partial(starting.started, command, environment, self._code),
            memory_mb=self.deployment.memory_mb,
            write=self.logs.write,
            translate=self._mapped,
        )
        if self._abandoned:
            started.close()
            raise ProcessLookupError("the environment was ended")
        return started

    def _reset(self) -> None:
        self._ready = False
        if self._sandbox:
            self._sandbox.close()
            self._sandbox = None

    def _mapped(self, text: str) -> str:
        for here, there in self._paths:
            text = text.replace(here, there)
        return text


def _ending(answer: Answer) -> tuple[str, str, str]:
    """Status, error type and wording of what ended a runtime."""
    if answer.kind == "init_error":
        return "error", str(json.loads(answer.payload).get("errorType")), ""
    if answer.kind == "timeout":
        return "timeout", "", ""
    if answer.kind == "memory":
        return "error", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
    code = answer.exit_code
    if code == 0:
        why = "Runtime exited without providing a reason"
    elif code is not None and code < 0:
        name = (signal.strsignal(-code) or str(-code)).lower()
        why = f"Runtime exited with error: signal: {name}"
    else:
        why = f"Runtime exited with error: exit status {code}"
    return "error", "Runtime.ExitError", why


def _now() -> int:
    return int(time.time() * 1000)
