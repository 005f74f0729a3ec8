"""A CDK app in TypeScript or JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.remedies.renderers.cdk import Cdk, Name


class CdkTypeScript(Cdk):
    language = "typescript"

    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        names = [each for module, each in used if not module]
        names += [
            f"aws_{each} as {each}" for each in dict.fromkeys(name for name, _ in used) if each
        ]
        return (f"import {{ {', '.join(names)} }} from 'aws-cdk-lib';",) if names else ()

    def key(self, name: str) -> str:
        return name

    def property(self, name: str, value: str) -> str:
        return f"{name}: {value},"

    def called(self, name: Name) -> str:
        return ".".join(filter(None, name))

    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        del name
        return f"{{ {', '.join(f'{key}: {value}' for key, value in given.items())} }}"

    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        return self.new(name, "this", self.text(identifier), self.struct(name, given))

    def mapping(self, given: Mapping[str, str]) -> str:
        return self.struct(("", ""), {self._quoted(key): value for key, value in given.items()})

    def _quoted(self, key: str) -> str:
        return key if key.isidentifier() else self.text(key)

    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        del each
        return f"[{', '.join(items)}]"
