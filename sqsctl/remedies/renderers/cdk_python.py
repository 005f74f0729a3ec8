"""A CDK app in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk, Name


class CdkPython(Cdk):
    language = "python"
    comment = "#"
    api_arn = "api.arn_for_execute_api()"

    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        names = [each for module, each in used if not module]
        names += [
            f"aws_{each} as {_module(each)}"
            for each in dict.fromkeys(name for name, _ in used)
            if each
        ]
        return (f"from aws_cdk import {', '.join(names)}",) if names else ()

    def key(self, name: str) -> str:
        return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)

    def property(self, name: str, value: str) -> str:
        return f"{self.key(name)}={value},"

    def called(self, name: Name) -> str:
        return ".".join(filter(None, (_module(name[0]), name[1])))

    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        told = ", ".join(f"{self.key(key)}={value}" for key, value in given.items())
        return f"{self.class_(name)}({told})" if name[1] else told

    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        return f"{self.class_(name)}(self, {self.text(identifier)}, {self.struct(('', ''), given)})"

    def mapping(self, given: Mapping[str, str]) -> str:
        return f"{{{', '.join(f'{self.text(key)}: {value}' for key, value in given.items())}}}"

    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        del each
        return f"[{', '.join(items)}]"

    def truth(self, value: object) -> str:
        return "True" if value else "False"

    def new(self, name: Name, *arguments: str) -> str:
        return f"{self.class_(name)}({', '.join(arguments)})"

    def variable(self, logical_id: str) -> str:
        return self.key(super().variable(logical_id))


def _module(name: str) -> str:
    return "lambda_" if name == "lambda" else name
