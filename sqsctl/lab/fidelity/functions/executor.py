"""Invocations of Python and Node.js functions run in environments of our own.

Upstream's seams: ``lambda_svc._execute_function_warm`` (runs one invocation),
``_emit_lambda_logs`` (writes its log afterwards; nothing left to do here),
``invalidate_worker`` (code or configuration changed). A changed function ends idle
environments at once and busy ones after their invocation, as AWS does.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from sqsctl.lab.fidelity.functions import deployment as deployed
from sqsctl.lab.fidelity.functions import starting
from sqsctl.lab.fidelity.functions.deployment import Deployment
from sqsctl.lab.fidelity.functions.environments import Environment
from sqsctl.lab.fidelity.permissions import may_log

IDLE_LIMIT_S = 300.0
UPDATE_S = 1.0  # how long LastUpdateStatus stays InProgress on AWS, about

_MARK = "sqsctl"  # results of ours, whose log is already written


class Pool:
    """All environments: those in use, and those waiting warm."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = {}
        self._busy: set[Environment] = set()
        self._retired: set[Environment] = set()

    def take(self, key: str, fingerprint: str) -> Environment | None:
        """The warm environment that was used last, if one fits; others are ended."""
        with self._lock:
            waiting = self._idle.pop(key, [])
            fitting = [each for each in waiting if each.deployment.fingerprint == fingerprint]
            stale = [each for each in waiting if each not in fitting]
            taken = fitting.pop() if fitting else None
            if fitting:
                self._idle[key] = fitting
            if taken:
                self._busy.add(taken)
        _close(stale)
        return taken

    def add(self, environment: Environment) -> None:
        with self._lock:
            self._busy.add(environment)

    def discard(self, environment: Environment) -> None:
        """It is of no use: end it."""
        with self._lock:
            self._busy.discard(environment)
            self._retired.discard(environment)
        _close([environment])

    def give_back(self, key: str, environment: Environment) -> None:
        """Keep it warm, unless its function changed meanwhile."""
        oldest = time.monotonic() - IDLE_LIMIT_S
        with self._lock:
            self._busy.discard(environment)
            if environment in self._retired:
                self._retired.discard(environment)
                ended = [environment]
            else:
                self._idle.setdefault(key, []).append(environment)
                ended = []
            for waiting in self._idle.values():
                ended += [each for each in waiting if each.used_at < oldest]
                waiting[:] = [each for each in waiting if each.used_at >= oldest]
        _close(ended)

    def retire(self, name: str, version: str | None) -> None:
        """End the environments of a function, or of one version: busy ones when they finish."""

        def affected(environment: Environment) -> bool:
            deployment = environment.deployment
            return deployment.name == name and version in {None, deployment.version}

        with self._lock:
            ended = [each for waiting in self._idle.values() for each in waiting if affected(each)]
            for waiting in self._idle.values():
                waiting[:] = [each for each in waiting if not affected(each)]
            self._retired |= {each for each in self._busy if affected(each)}
        _close(ended)

    def clear(self) -> None:
        """End every idle environment, and let the busy ones end after their invocation."""
        with self._lock:
            ended = [each for waiting in self._idle.values() for each in waiting]
            self._idle.clear()
            self._retired |= self._busy
        _close(ended)

    def abandon(self) -> None:
        """End all at once, in the middle of whatever they do: the lab is emptied, or ends."""
        with self._lock:
            busy = list(self._busy)
        for environment in busy:
            environment.abandon()
        self.clear()
        starting.prepared.close()


pool = Pool()


def install(*, speed: float) -> None:
    """Put the pool in the place of upstream's workers; updates take effect so much faster."""
    from ministack.services import lambda_svc

    lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = UPDATE_S / speed

    emit, invalidate = lambda_svc._emit_lambda_logs, lambda_svc.invalidate_worker

    def emit_logs(func: Any, *args: Any, log_source: str | None = None, **kwargs: Any) -> None:
        if log_source != _MARK:
            emit(func, *args, log_source=log_source, **kwargs)

    def invalidate_worker(name: str, qualifier: str | None = None, **scope: Any) -> None:
        pool.retire(name, qualifier)
        invalidate(name, qualifier=qualifier, **scope)

    lambda_svc._execute_function_warm = execute
    lambda_svc._emit_lambda_logs = emit_logs
    lambda_svc.invalidate_worker = invalidate_worker


def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run one invocation; the result has the keys that upstream's callers read."""
    from ministack.services import lambda_svc

    config = func.get("config") or func
    code = func.get("code_zip")
    if not code:
        return _refusal("InvalidParameterValueException", "The function has no code")
    deployment = deployed.described(config, code)
    key = _key(deployment)
    environment = pool.take(key, deployment.fingerprint)
    if environment is None:
        try:
            environment = _made(deployment, config, code)
        except OSError as error:
            return _refusal("Runtime.InvalidEntrypoint", str(error))
    logs = environment.logs
    try:
        logs.enabled = may_log(config, logs.group, logs.name)
        outcome = environment.invoke(
            event,
            request_id,
            deployment.arn,
            lambda_svc._xray_trace_id_for_invocation(config) or "",
        )
    except OSError as error:
        return _refusal("Runtime.InvalidEntrypoint", str(error))
    finally:
        pool.give_back(key, environment)
    body = json.loads(outcome.payload) if outcome.payload else None
    result = {
        "body": body,
        "log": outcome.tail,
        "log_source": _MARK,
        "request_id": request_id,
    }
    if outcome.failed:
        result |= {"error": True, "function_error": "Unhandled"}
    return result


def warm(reference: str) -> bool:
    """Initialise an environment for a function, named as in Invoke; whether one is warm now.

    One whose init fails is thrown away: its first invocation will fail and say so.
    """
    from ministack.services import lambda_svc

    record, config, _ = lambda_svc._get_func_record_for_ref(reference)
    if record is None or config is None:
        return False
    func = lambda_svc._execution_record_for_config(record, config)
    config, code = func.get("config") or func, func.get("code_zip")
    if not code:
        return False
    deployment = deployed.described(config, code)
    key = _key(deployment)
    environment = pool.take(key, deployment.fingerprint)
    if environment is not None:
        pool.give_back(key, environment)
        return True
    try:
        environment = _made(deployment, config, code)
    except OSError:
        return False
    try:
        ready = environment.warm()
    except OSError:
        ready = False
    if ready:
        pool.give_back(key, environment)
    else:
        pool.discard(environment)
    return ready


def _made(deployment: Deployment, config: dict[str, Any], code: bytes) -> Environment:
    from ministack.core.lambda_runtime import execution_credentials

    made = Environment(
        deployment,
        deployed.code_folder(deployment, code),
        deployed.layer_folders(config),
        lambda: dict(execution_credentials(config)),
    )
    pool.add(made)
    return made


def _key(deployment: Deployment) -> str:
    return f"{deployment.account}:{deployment.region}:{deployment.name}:{deployment.version}"


def _refusal(kind: str, message: str) -> dict[str, Any]:
    return {
        "body": {"errorType": kind, "errorMessage": message},
        "error": True,
        "function_error": "Unhandled",
        "log": "",
        "log_source": _MARK,
    }


def _close(environments: list[Environment]) -> None:
    for each in environments:
        each.close()
