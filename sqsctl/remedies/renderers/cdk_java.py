"""A CDK app in Java (or another language of the JVM)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk, Name

_PACKAGE = "software.amazon.awscdk"


class CdkJava(Cdk):
    language = "java"
    end = ";"

    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        return [
            f"import {'.'.join(filter(None, (_package(module), name)))};" for module, name in used
        ]

    def key(self, name: str) -> str:
        return name

    def property(self, name: str, value: str) -> str:
        return f".{name}({value})"

    def called(self, name: Name) -> str:
        return name[1]

    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        return f"{self.class_(name)}.builder(){self._set(given)}.build()"

    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        made = f"{self.class_(name)}.Builder.create(this, {self.text(identifier)})"
        return f"{made}{self._set(given)}.build()"

    def built(self, name: Name, given: Mapping[str, str]) -> str:
        return f"{self.class_(name)}.Builder.create(){self._set(given)}.build()"

    def _set(self, given: Mapping[str, str]) -> str:
        return "".join(self.property(key, value) for key, value in given.items())

    def mapping(self, given: Mapping[str, str]) -> str:
        pairs = [f"{self.text(key)}, {value}" for key, value in given.items()]
        if len(pairs) <= 10:
            return f"{self.class_(('java', 'Map'))}.of({', '.join(pairs)})"
        entries = ", ".join(f"{self.class_(('java', 'Map'))}.entry({each})" for each in pairs)
        return f"Map.ofEntries({entries})"

    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        del each
        return f"{self.class_(('java', 'List'))}.of({', '.join(items)})"

    def got(self, owner: str, name: str) -> str:
        return f"{owner}.get{name[:1].upper()}{name[1:]}()"


def _package(module: str) -> str:
    if module == "java":
        return "java.util"
    return f"{_PACKAGE}.services.{module.replace('_', '.')}" if module else _PACKAGE
