"""A CDK app in Go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk, Name

_MODULE = "github.com/aws/aws-cdk-go/awscdk/v2"
_JSII = "github.com/aws/jsii-runtime-go"


class CdkGo(Cdk):
    language = "go"
    api_arn = "api.ArnForExecuteApi(nil, nil, nil)"

    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        modules = dict.fromkeys(module for module, _ in used)
        paths = [f'"{_MODULE}/{_package(each)}"' if each else f'"{_MODULE}"' for each in modules]
        return ["import (", *(f"\t{each}" for each in (*paths, f'"{_JSII}"')), ")"]

    def key(self, name: str) -> str:
        return f"{name[:1].upper()}{name[1:]}"

    def property(self, name: str, value: str) -> str:
        return f"{self.key(name)}: {value},"

    def called(self, name: Name) -> str:
        return f"{_package(name[0])}.{name[1]}"

    def truth(self, value: object) -> str:
        return f"jsii.Bool({super().truth(value)})"

    def text(self, value: str) -> str:
        return f"jsii.String({super().text(value)})"

    def number(self, value: int) -> str:
        return f"jsii.Number({value})"

    def amount(self, name: Name, unit: str, value: int) -> str:
        return f"{self.class_(name)}_{self.key(unit)}({self.number(value)})"

    def constant(self, name: Name, value: str) -> str:
        return f"{self.class_(name)}_{value}()"

    def option(self, name: Name, value: str) -> str:
        return f"{self.class_(name)}_{value}"

    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        told = ", ".join(f"{self.key(key)}: {value}" for key, value in given.items())
        return f"&{self.class_(name)}{{{told}}}"

    def new(self, name: Name, *arguments: str) -> str:
        self.used.add(name)
        return f"{_package(name[0])}.New{name[1]}({', '.join(arguments)})"

    def principal(self, host: str) -> str:
        return self.new(("iam", "ServicePrincipal"), self.text(host), "nil")

    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        props = self.struct((name[0], f"{name[1]}Props"), given)
        return self.new(name, "stack", self.text(identifier), props)

    def built(self, name: Name, given: Mapping[str, str]) -> str:
        return self.new(name, self.struct((name[0], f"{name[1]}Props"), given))

    def mapping(self, given: Mapping[str, str]) -> str:
        told = ", ".join(f"{super(CdkGo, self).text(key)}: {each}" for key, each in given.items())
        return f"&map[string]*string{{{told}}}"

    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        kind = self.class_(each) if each else "*string"
        return f"&[]{kind}{{{', '.join(items)}}}"

    def got(self, owner: str, name: str) -> str:
        return f"{self.attribute(owner, name)}()"


def _package(module: str) -> str:
    return f"aws{module.replace('_', '')}" if module else "awscdk"
