"""A Terraform plan, or a state, as the CloudFormation template of the same resources.

``terraform show -json`` of a plan holds the values that are known before an apply, and for the
others what their expressions refer to. References become Ref and Fn::GetAtt. What an
expression makes of them (jsonencode) the plan does not hold: ``without`` says what was
taken instead.
Source: Terraform, "JSON Output Format" (planned_values, values, configuration: expressions
with constant_value or references; module_calls).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.packaged import terraform_parts, terraform_resources
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.project_root import named
from sqsctl.operations.packaged.terraform_source import INDEX, block_of
from sqsctl.operations.packaged.terraform_values import Planned
from sqsctl.operations.target.yaml_documents import deep

_DEEPEST = 20
# What other resources name these by, where they do not refer to them.
_NAMES = {
    "aws_cloudwatch_event_rule": "name",
    "aws_iam_role": "name",
    "aws_lambda_function": "function_name",
    "aws_s3_bucket": "bucket",
    "aws_sqs_queue": "url",
}
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")


def read(path: Path, document: Mapping[str, Any]) -> PackagedStack:
    """The stack of a plan's or a state's JSON. Raises UsageError where it has no resources."""
    root = deep(document, "planned_values", "root_module") or deep(
        document, "values", "root_module"
    )
    configuration = deep(document, "configuration", "root_module")
    if not isinstance(root, Mapping):
        raise UsageError(f"{path} is no JSON of a Terraform plan", hint="terraform show -json PLAN")
    config = configuration if isinstance(configuration, Mapping) else {}
    unknown = {
        str(each.get("address")): deep(each, "change", "after_unknown") or {}
        for each in document.get("resource_changes") or ()
        if isinstance(each, Mapping)
    }
    variables = deep(document, "variables")
    scope = _Module(config, variables=variables if isinstance(variables, Mapping) else {})
    found = tuple(
        replace(each, written=block_of(path.parent, each.address))
        for each in _resources(root, config, scope, unknown)
    )
    plan = _Plan({each.address: each for each in found})
    template: dict[str, Any] = {"Resources": {}}
    code: dict[str, Path] = {}
    notes: list[str] = []
    for each in plan.resources.values():
        made = terraform_resources.converted(each, plan, notes)
        if made is not None:
            template["Resources"][each.logical_id] = made
        said = each.values.get("filename")
        if isinstance(said, str) and (here := named(path.parent, said)) is not None:
            code[each.logical_id] = here
    terraform_parts.join(template["Resources"], plan, notes)
    if not template["Resources"]:
        raise UsageError(f"{path} plans no resources of AWS")
    name = _NO_LETTER.sub("-", path.resolve().parent.name).strip("-") or "terraform"
    if not name[0].isalpha():
        name = f"terraform-{name}"
    region = _region(document)
    return PackagedStack(
        name,
        "terraform",
        path,
        template,
        code,
        without=tuple(notes),
        region=region,
        addresses={each.logical_id: each.address for each in found},
    )


@dataclass(frozen=True)
class _Module:
    """A module's configuration, and how to look outward from it."""

    config: Mapping[str, Any]
    prefix: str = ""
    parent: _Module | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    def child(self, name: str, called: str = "") -> _Module | None:
        """The module of a call; ``called`` is its name with the index that was said."""
        call = deep(self.config, "module_calls", name)
        inner = deep(call, "module")
        if not isinstance(inner, Mapping):
            return None
        arguments = deep(call, "expressions")
        return _Module(
            inner,
            f"{self.prefix}module.{called or name}.",
            self,
            arguments if isinstance(arguments, Mapping) else {},
        )

    def targets(self, references: Any, left: int = _DEEPEST) -> Iterator[tuple[str, str]]:
        """Address and attribute of each resource that references lead to."""
        texts = [str(each) for each in references] if isinstance(references, list) else []
        for said in texts if left else ():
            if any(each != said and each.startswith(f"{said}.") for each in texts):
                continue  # the same, less precisely
            parts = _parts(said)
            if parts[0] == "var" and len(parts) > 1 and self.parent is not None:
                inner = deep(self.arguments, parts[1], "references")
                yield from self.parent.targets(inner, left - 1)
            elif parts[0] == "module" and len(parts) > 2:
                below = self.child(INDEX.sub("", parts[1]), parts[1])
                if below is not None:
                    inner = deep(below.config, "outputs", parts[2], "expression", "references")
                    yield from below.targets(inner, left - 1)
            elif parts[0] == "local":
                continue  # a plan does not hold what locals are made of
            elif parts[0] == "data" and len(parts) > 2:
                yield f"{self.prefix}{'.'.join(parts[:3])}", ".".join(parts[3:])
            elif len(parts) > 1:
                yield f"{self.prefix}{'.'.join(parts[:2])}", ".".join(parts[2:])

    def constants(self, references: Any, left: int = _DEEPEST) -> Iterator[Any]:
        """The values of the variables that references lead to, where they are told."""
        for said in references if isinstance(references, list) and left else ():
            parts = _parts(str(said))
            if parts[0] != "var" or len(parts) < 2:
                continue
            if self.parent is None:
                yield deep(self.variables, parts[1], "value")
                continue
            argument = self.arguments.get(parts[1])
            if isinstance(argument, Mapping) and "constant_value" in argument:
                yield argument["constant_value"]
            elif argument is None:
                yield deep(self.config, "variables", parts[1], "default")
            else:
                yield from self.parent.constants(deep(argument, "references"), left - 1)


def _parts(reference: str) -> list[str]:
    """A reference at its dots, but for those within an index."""
    return re.findall(r"(?:[^.\[]|\[[^\]]*\])+", reference) or [""]


class _Plan:
    """The planned resources, and what their unknown values refer to."""

    def __init__(self, resources: Mapping[str, Planned]) -> None:
        self._resources = resources
        self._by_plain: dict[str, list[Planned]] = {}
        for each in resources.values():
            self._by_plain.setdefault(INDEX.sub("", each.address), []).append(each)

    @property
    def resources(self) -> Mapping[str, Planned]:
        """All of them, by address."""
        return self._resources

    def find(self, address: str, like: Planned | None = None) -> Planned | None:
        """The resource at an address; of several instances the one with the indices of ``like``.

        An index that the address names itself (``jobs["mails"]``) decides first.
        """
        among = self._by_plain.get(INDEX.sub("", address), [])
        said = INDEX.findall(address)
        own = INDEX.findall(like.address) if like else []
        for wanted in (said, own):
            fitting = [
                each for each in among if wanted and set(INDEX.findall(each.address)) & set(wanted)
            ]
            if fitting:
                return fitting[0]
        return among[0] if among else None

    def called(self, name: str) -> Planned | None:
        """What has this name by then, where it is known before the apply."""
        return next(
            (
                each
                for each in self.resources.values()
                if each.values.get(_NAMES.get(each.type, "")) == name
            ),
            None,
        )


def _resources(
    module: Mapping[str, Any],
    config: Mapping[str, Any],
    scope: _Module,
    unknown: Mapping[str, Any],
) -> Iterator[Planned]:
    configured = {
        str(each.get("address")): each
        for each in config.get("resources") or ()
        if isinstance(each, Mapping)
    }
    seen = set()
    for each in module.get("resources") or ():
        address = str(each.get("address"))
        plain = INDEX.sub("", address).removeprefix(INDEX.sub("", scope.prefix))
        expressions = deep(configured.get(plain), "expressions")
        seen.add(plain)
        yield _planned(address, each, expressions, scope, unknown.get(address))
    # Data sources that wait for the apply stand in the configuration alone.
    for plain, each in configured.items():
        if each.get("mode") == "data" and plain not in seen:
            yield _planned(f"{scope.prefix}{plain}", each, each.get("expressions"), scope, None)
    for below in module.get("child_modules") or ():
        name = INDEX.sub("", str(below.get("address"))).rpartition("module.")[2]
        called = str(below.get("address")).rpartition("module.")[2]
        inner = scope.child(name, called) or _Module({}, f"{scope.prefix}module.{called}.", scope)
        yield from _resources(below, inner.config, inner, unknown)


def _planned(
    address: str, each: Mapping[str, Any], expressions: Any, scope: _Module, unknown: Any
) -> Planned:
    values = each.get("values")
    said = expressions if isinstance(expressions, Mapping) else {}
    return Planned(
        address=address,
        type=str(each.get("type")),
        logical_id="".join(
            part[:1].upper() + part[1:] for part in _NO_LETTER.split(address.replace("aws_", ""))
        ),
        values=values if isinstance(values, Mapping) else {},
        unknown=unknown if isinstance(unknown, Mapping) else {},
        expressions=said,
        targets=scope.targets,
        constants=scope.constants,
    )


def _region(document: Mapping[str, Any]) -> str | None:
    value = deep(
        document, "configuration", "provider_config", "aws", "expressions", "region",
        "constant_value",
    )  # fmt: skip
    return value if isinstance(value, str) else None
