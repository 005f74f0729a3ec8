"""A CDK app in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk


class CdkPython(Cdk):
    language = "python"
    comment = "#"
    lambdas = "lambda_."
    api_arn = "api.arn_for_execute_api()"

    def key(self, name: str) -> str:
        return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)

    def property(self, name: str, value: str) -> str:
        return f"{self.key(name)}={value},"

    def record(self, given: Mapping[str, str]) -> str:
        return ", ".join(f"{self.key(key)}={value}" for key, value in given.items())

    def mapping(self, given: Mapping[str, str]) -> str:
        return f"{{{', '.join(f'{self.plain(key)}: {value}' for key, value in given.items())}}}"

    def truth(self, value: object) -> str:
        return "True" if value else "False"

    def new(self, name: str, inside: str) -> str:
        return f"{name}({inside})"

    def construct(self, name: str, identifier: str, given: Mapping[str, str]) -> str:
        return f"{name}(self, {self.plain(identifier)}, {self.record(given)})"

    def dead_letter_queue(self, given: Mapping[str, str]) -> str:
        return f"sqs.DeadLetterQueue({self.record(given)})"

    def allow_policy(self, names: Sequence[str]) -> str:
        return (
            "sqs.RedriveAllowPolicy(redrive_permission=sqs.RedrivePermission.BY_QUEUE, "
            f"source_queues=[])  # {', '.join(names)}"
        )
