"""A stack of the lab as incidents work on it: its queue, its consumer, its producer.

Everything goes through AWS's APIs, so a broken lab is broken exactly as a stack on AWS
can be.
"""

from __future__ import annotations

import io
import json
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Sequence
from typing import Any

from sqsctl.aws.lab_calls import signed_headers
from sqsctl.aws.lab_state import LabState, read_state, state_home
from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated
from sqsctl.errors import Exit, RefusedError, SqsctlError
from sqsctl.lab.incidents.parts import Parts, discovered

UPDATE_DEADLINE_S = 20.0
_POLL_S = 0.05


class Bench:
    """One stack on one lab. Raises RefusedError where the session is not a lab's."""

    def __init__(self, aws: Session, queue: str | None = None) -> None:
        self.aws = aws
        self.state = _lab_at(aws.target.endpoint)
        self.stack = aws.target.stack or self.state.stack
        self._named = queue
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        """What the incident is about, as it was found."""
        if self._parts is None:
            self._parts = discovered(self.aws, self.stack, self._named)
        return self._parts

    def remember(self, parts: Parts) -> None:
        """Parts that were found before anything was broken."""
        self._parts = parts

    def function(self, name: str) -> str:
        """The name of a function (consumer, producer). Raises RefusedError where there is none."""
        found = {"consumer": self.parts.consumer, "producer": self.parts.producer}[name]
        if not found:
            does = "consumes a queue" if name == "consumer" else f"sends to {self.queue_name}"
            raise unfit(f"no function of {self.stack} {does}")
        return found

    def queue(self, name: str) -> str:
        """The URL of a queue (queue, dlq). Raises RefusedError where there is none."""
        found = {"queue": self.parts.queue, "dlq": self.parts.dlq}[name]
        if not found and name == "dlq" and self.parts.queue:
            raise unfit(f"{self.queue_name} has no dead-letter queue")
        if not found:
            raise unfit(f"no function of {self.stack} consumes a queue")
        return found

    @property
    def mapping(self) -> str:
        """The UUID of the event source mapping between the queue and its consumer."""
        self.queue("queue")
        return self.parts.mapping

    @property
    def variable(self) -> str:
        """The producer's environment variable that names the queue."""
        self.function("producer")
        return self.parts.variable

    @property
    def queue_name(self) -> str:
        return self.queue("queue").rpartition("/")[2]

    @property
    def fifo(self) -> bool:
        return self.queue_name.endswith(".fifo")

    def role(self, function: str) -> str:
        """The name of a function's role."""
        return str(self.configuration(function)["Role"]).rpartition("/")[2]

    def send(self, bodies: Sequence[str]) -> None:
        """Send messages to the queue, past any producer."""
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body, **self._group(f"{start}-{number}")}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            with translated(f"queue {self.queue_name}"):
                self.aws.sqs_unretried().send_message_batch(
                    QueueUrl=self.queue("queue"),
                    Entries=entries,  # type: ignore[arg-type]
                )

    def _group(self, unique: str) -> dict[str, str]:
        if not self.fifo:
            return {}
        stamp = f"{time.time_ns()}-{unique}"
        return {"MessageGroupId": unique, "MessageDeduplicationId": stamp}

    def queue_arn(self, name: str) -> str:
        attributes = self.attributes(name)
        return attributes["QueueArn"]

    def attributes(self, queue: str) -> dict[str, str]:
        with translated(f"queue {queue}"):
            answer = self.aws.sqs().get_queue_attributes(
                QueueUrl=self.queue(queue), AttributeNames=["All"]
            )
        return {str(key): value for key, value in answer["Attributes"].items()}

    def configuration(self, function: str) -> dict[str, Any]:
        with translated(f"function {function}"):
            answer = self.aws.functions().get_function_configuration(
                FunctionName=self.function(function)
            )
        return dict(answer)

    def language(self, function: str) -> str:
        """python or nodejs. Raises RefusedError for what incidents have no code for."""
        found = self.configuration(function)
        runtime = str(found.get("Runtime", ""))
        for each in ("python", "nodejs"):
            if runtime.startswith(each):
                return each
        kind = runtime or "a container image"
        raise unfit(f"{self.function(function)} runs {kind}: incidents have Python and Node.js")

    def packaged(self, function: str, text: str, language: str) -> bytes:
        """A package with this text where the function's handler is looked for."""
        return package(text, language, str(self.configuration(function).get("Handler")))

    def code(self, function: str) -> bytes:
        """The function's package."""
        with translated(f"function {function}"):
            answer = self.aws.functions().get_function(FunctionName=self.function(function))
        return _downloaded(answer["Code"]["Location"], self.state.endpoint)

    def configure(self, function: str, **changes: Any) -> None:
        """Update a function's configuration and wait until it is in effect."""
        name = self.function(function)
        self.settle(function)
        with translated(f"function {function}"):
            self.aws.functions().update_function_configuration(FunctionName=name, **changes)
        self.settle(function)

    def deploy(self, function: str, package: bytes) -> None:
        """Update a function's code and wait until it is in effect."""
        name = self.function(function)
        self.settle(function)
        with translated(f"function {function}"):
            self.aws.functions().update_function_code(FunctionName=name, ZipFile=package)
        self.settle(function)

    def control(self, name: str, change: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask or tell the lab itself what no API of AWS's says: ``/_sqsctl/<name>``."""
        path = f"/_sqsctl/{name}"
        body = json.dumps(change).encode() if change else None
        method = "POST" if body else "GET"
        request = urllib.request.Request(  # noqa: S310 - the lab's own loopback endpoint
            f"{self.state.endpoint}{path}",
            data=body,
            method=method,
            headers=signed_headers(self.state, method, path, body or b""),
        )
        with _opener().open(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def settle(self, function: str) -> None:
        """Wait until no update of the function is under way."""
        deadline = time.monotonic() + UPDATE_DEADLINE_S
        while time.monotonic() < deadline:
            found = self.configuration(function)
            status = found.get("LastUpdateStatus", "Successful")
            if status == "Failed":
                raise SqsctlError(
                    f"the update of {function} failed: {found.get('LastUpdateStatusReason')}"
                )
            if status == "Successful" and found.get("State", "Active") == "Active":
                return
            time.sleep(_POLL_S)
        raise SqsctlError(
            f"the update of {function} was not in effect after {UPDATE_DEADLINE_S:.0f} s",
            exit=Exit.UNAVAILABLE,
        )


def unfit(reason: str) -> RefusedError:
    """Why an incident cannot be on this stack."""
    return RefusedError(
        reason, hint="`sqsctl lab incidents` lists the others", code="incident_does_not_fit"
    )


def package(text: str, language: str, handler: str = "index.handler") -> bytes:
    """A deployment package with one source file, the same bytes for the same text.

    The text defines ``handler``; the file and the name are those that the setting asks for.
    """
    if language == "nodejs":
        folder, slash, last = handler.rpartition("/")
        module, _, exported = last.partition(".")
        name = f"{folder}{slash}{module}.js"
        alias = f"\nmodule.exports.{exported} = module.exports.handler;\n"
    else:
        module, _, exported = handler.rpartition(".")
        name = f"{module.replace('.', '/')}.py"
        alias = f"\n\n{exported} = handler\n"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o644 << 16
        archive.writestr(info, text if exported == "handler" else text.rstrip() + alias)
    return target.getvalue()


def _downloaded(url: str, endpoint: str) -> bytes:
    if urllib.parse.urlsplit(url).netloc != urllib.parse.urlsplit(endpoint).netloc:
        raise RefusedError(f"the lab's code does not lie on the lab: {url.partition('?')[0]}")
    with _opener().open(url, timeout=30) as answer:
        data: bytes = answer.read()
    return data


def _opener() -> urllib.request.OpenerDirector:
    # A proxy of the user's is for the internet, never for loopback.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _lab_at(endpoint: str | None) -> LabState:
    for path in sorted((state_home() / "labs").glob("*.json")):
        state = read_state(path.stem)
        if state and state.endpoint == endpoint:
            return state
    raise RefusedError(
        "incidents are for the lab only",
        hint="`sqsctl lab up` starts one; --lab chooses it",
        code="not_a_lab",
    )
