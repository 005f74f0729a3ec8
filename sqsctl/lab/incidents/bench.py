"""The lab's stack as incidents work on it: its resources by their logical names.

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
from typing import Any

from sqsctl.aws.lab_calls import signed_headers
from sqsctl.aws.lab_state import LabState, read_state, state_home
from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated
from sqsctl.errors import Exit, NotFoundError, RefusedError, SqsctlError

# Logical ids of the template, by the short names that incidents use.
FUNCTIONS = {
    "producer": "ProducerLambdaFunction",
    "jobsWorker": "JobsWorkerLambdaFunction",
    "hello": "HelloLambdaFunction",
}
QUEUES = {"jobs": "jobsQueueCEDBAE3E", "dlq": "jobsDlqD18CF374"}
MAPPING = "JobsWorkerEventSourceMappingSQSJobsQueueCEDBAE3E"
ROLE = "IamRoleLambdaExecution"
API = "HttpApi"

UPDATE_DEADLINE_S = 20.0
_POLL_S = 0.05


class Bench:
    """One stack on one lab. Raises RefusedError where the session is not a lab's."""

    def __init__(self, aws: Session) -> None:
        self.aws = aws
        self.state = _lab_at(aws.target.endpoint)
        self.stack = aws.target.stack or self.state.stack
        self._resources: dict[str, str] | None = None

    def physical(self, logical: str) -> str:
        """The physical id of a resource of the stack."""
        if self._resources is None:
            with translated(f"stack {self.stack}"):
                pages = (
                    self.aws.cloudformation()
                    .get_paginator("list_stack_resources")
                    .paginate(StackName=self.stack)
                )
                self._resources = {
                    each["LogicalResourceId"]: each["PhysicalResourceId"]
                    for page in pages
                    for each in page["StackResourceSummaries"]
                    if "PhysicalResourceId" in each
                }
        try:
            return self._resources[logical]
        except KeyError:
            raise NotFoundError(
                f"the stack {self.stack} has no {logical}",
                hint="sqsctl lab reset, then sqsctl lab up deploys it anew",
            ) from None

    def function(self, name: str) -> str:
        return self.physical(FUNCTIONS[name])

    def queue(self, name: str) -> str:
        """The URL of a queue (jobs, dlq)."""
        return self.physical(QUEUES[name])

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
        """python or nodejs."""
        runtime = str(self.configuration(function).get("Runtime", ""))
        return "nodejs" if runtime.startswith("nodejs") else "python"

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


def package(text: str, language: str) -> bytes:
    """A deployment package with one source file, the same bytes for the same text."""
    name = "index.js" if language == "nodejs" else "index.py"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o644 << 16
        archive.writestr(info, text)
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
        hint="sqsctl lab up starts one; --lab chooses it",
        code="not_a_lab",
    )
