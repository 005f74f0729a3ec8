"""A CDK app in C# (or another language of .NET)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk, Name

_NAMESPACE = "Amazon.CDK"


class CdkCSharp(Cdk):
    language = "csharp"
    end = ";"
    api_arn = "api.ArnForExecuteApi()"

    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        modules = dict.fromkeys(module for module, _ in used)
        return [f"using {_namespace(each)};" for each in modules]

    def key(self, name: str) -> str:
        return f"{name[:1].upper()}{name[1:]}"

    def property(self, name: str, value: str) -> str:
        return f"{self.key(name)} = {value},"

    def called(self, name: Name) -> str:
        return name[1]

    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        told = ", ".join(f"{self.key(key)} = {value}" for key, value in given.items())
        return f"new {self.class_(name)} {{ {told} }}"

    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        props = self.struct((name[0], f"{name[1]}Props"), given)
        return self.new(name, "this", self.text(identifier), props)

    def built(self, name: Name, given: Mapping[str, str]) -> str:
        return self.new(name, self.struct((name[0], f"{name[1]}Props"), given))

    def mapping(self, given: Mapping[str, str]) -> str:
        told = ", ".join(f"[{self.text(key)}] = {value}" for key, value in given.items())
        return f"new {self.class_(('System', 'Dictionary'))}<string, string> {{ {told} }}"

    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        kind = f" {self.class_(each)}" if each else ""
        return f"new{kind}[] {{ {', '.join(items)} }}"


def _namespace(module: str) -> str:
    if module == "System":
        return "System.Collections.Generic"
    known = {
        "": "",
        "sqs": ".AWS.SQS",
        "iam": ".AWS.IAM",
        "lambda": ".AWS.Lambda",
        "sns": ".AWS.SNS",
        "cloudwatch": ".AWS.CloudWatch",
        "cloudwatch_actions": ".AWS.CloudWatch.Actions",
    }
    return f"{_NAMESPACE}{known[module]}"
