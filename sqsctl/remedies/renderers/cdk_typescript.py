"""A CDK app in TypeScript or JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk


class CdkTypeScript(Cdk):
    language = "typescript"

    def key(self, name: str) -> str:
        return name

    def property(self, name: str, value: str) -> str:
        return f"{name}: {value},"

    def record(self, given: Mapping[str, str]) -> str:
        return f"{{ {', '.join(f'{key}: {value}' for key, value in given.items())} }}"

    def truth(self, value: object) -> str:
        return "true" if value else "false"

    def construct(self, name: str, identifier: str, given: Mapping[str, str]) -> str:
        return f"new {name}(this, {self.plain(identifier)}, {self.record(given)})"

    def allow_policy(self, names: Sequence[str]) -> str:
        return (
            "{ redrivePermission: sqs.RedrivePermission.BY_QUEUE, "
            f"sourceQueues: [/* {', '.join(names)} */] }}"
        )
