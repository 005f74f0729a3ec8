"""A Session whose clients answer what a test says, by botocore's own Stubber."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.stub import Stubber

from sqsctl.aws.session import Credentials, Session
from sqsctl.model.target import Target

REGION = "ap-northeast-2"


class Stubbed:
    """Queue answers per service; ``session`` gives them back in that order."""

    def __init__(self, *, endpoint: str | None = None) -> None:
        target = Target("endpoint" if endpoint else "aws", REGION, endpoint=endpoint)
        self.session = Session(target, credentials=Credentials("test", "test"))
        self._stubbers: dict[str, Stubber] = {}

    def answer(
        self,
        service: str,
        operation: str,
        answer: Mapping[str, Any],
        expected: Mapping[str, Any] | None = None,
    ) -> None:
        """The next call to ``service`` must be this one."""
        self._stubber(service).add_response(
            operation, dict(answer), None if expected is None else dict(expected)
        )

    def refuse(
        self, service: str, operation: str, code: str, message: str = "no", status: int = 400
    ) -> None:
        """The next call to ``service`` must be this one, and fails."""
        self._stubber(service).add_client_error(operation, code, message, status)

    def _stubber(self, service: str) -> Stubber:
        if service not in self._stubbers:
            stubber = Stubber(self.session.client(service))
            stubber.activate()
            self._stubbers[service] = stubber
        return self._stubbers[service]

    def done(self) -> None:
        """Every answer was asked for."""
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()
