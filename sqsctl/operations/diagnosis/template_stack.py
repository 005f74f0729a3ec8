"""A Stack out of a packaged template: what can be known before a deploy.

Queues, mappings, functions, their code and what their roles may do. What only a deployed stack
has (logs, figures, messages, keys) is not asked for, so that checks that need it are
skipped and the others say what they would say of the deployed one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqsctl.aws import functions as function_shapes
from sqsctl.aws import mappings as mapping_shapes
from sqsctl.aws.sqs import shapes as queue_shapes
from sqsctl.model.deployed import DeployedStack, StackResource
from sqsctl.model.functions import EventSourceMapping, Function
from sqsctl.model.keys import Key, aws_managed
from sqsctl.model.queues import Queue
from sqsctl.model.stack import (
    Concurrency,
    Declared,
    Fact,
    Group,
    Permission,
    ResourcePolicy,
    Stack,
    Unread,
)
from sqsctl.model.unread import not_asked_for
from sqsctl.operations.diagnosis.simulations import simulations
from sqsctl.operations.diagnosis.template_apis import TemplateApis
from sqsctl.operations.diagnosis.template_packages import packages
from sqsctl.operations.packaged.intrinsics import ACCOUNT, UNKNOWN, Resolver
from sqsctl.operations.packaged.packaged_stack import PackagedStack, Resource
from sqsctl.operations.packaged.role_policies import RolePolicies
from sqsctl.operations.stacks.deploy_tool import made_by

NAMED_IN_TEMPLATE = "its value is known only once it is deployed"
_KNOWN = (
    Fact.QUEUES,
    Fact.FUNCTIONS,
    Fact.MAPPINGS,
    Fact.PACKAGES,
    Fact.PERMISSIONS,
    Fact.CONCURRENCY,
    Fact.APIS,
    Fact.POLICIES,
    Fact.KEYS,
    Fact.PROJECT,
)
_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "MaximumMessageSize",
    "KmsMasterKeyId",
    "FifoQueue",
    "ContentBasedDeduplication",
    "SqsManagedSseEnabled",
)


def stack_of(
    packaged: Sequence[PackagedStack],
    region: str,
    *,
    parameters: Mapping[str, str] | None = None,
    project: Group[Declared] | None = None,
) -> tuple[Stack, dict[str, tuple[PackagedStack, str]]]:
    """The snapshot of transformed stacks that belong together, and whose each name is.

    The second is the packaged stack and the logical id by each resource's name and ARN, as
    findings call it. Raises SqsctlError where a package is no zip.
    """
    parts = list(_parts(packaged, region, parameters))
    built = [each.build() for each in parts]
    groups: dict[str, Any] = {
        fact.value: Group(
            tuple(item for each in built for item in getattr(each, fact.value)),
            tuple(gap for each in built for gap in each.gaps(fact)),
        )
        for fact in Fact
    }
    groups[Fact.POLICIES.value] = replace(
        groups[Fact.POLICIES.value], items=tuple(_policies(parts, groups))
    )
    groups[Fact.PROJECT.value] = project or Group()
    names = {name: found for each in parts for name, found in each.names().items()}
    title = ", ".join(each.name for each in packaged)
    return replace(built[0], name=title, stack_name=packaged[0].name, **groups), names


def _parts(
    packaged: Sequence[PackagedStack], region: str, parameters: Mapping[str, str] | None
) -> Iterator[TemplateStack]:
    """Each stack with its resolver, those nested in it behind it."""
    exports: dict[str, Any] = {}
    for each in packaged:
        resolver = Resolver(
            each.template, each.name, region, parameters, exports=exports, nested=each.nested
        )
        exports |= resolver.exported()
        yield from _with_nested(each, region, resolver)


def _with_nested(
    packaged: PackagedStack, region: str, resolver: Resolver
) -> Iterator[TemplateStack]:
    yield TemplateStack(packaged, region, resolver)
    for key, inner in packaged.nested.items():
        yield from _with_nested(inner, region, resolver.below(key))


def _policies(
    parts: Sequence[TemplateStack], groups: Mapping[str, Any]
) -> Iterator[ResourcePolicy]:
    """The policy of every function and of every alias or version that something calls."""
    said: dict[tuple[str, str | None], list[dict[str, Any]]] = {
        (each.name, None): [] for each in groups[Fact.FUNCTIONS.value]
    }
    for api in groups[Fact.APIS.value]:
        for route in api.routes:
            if route.function_name:
                said.setdefault((route.function_name, route.qualifier), [])
    for part in parts:
        for function, qualifier, statement in part.statements:
            said.setdefault((function, qualifier), []).append(statement)
    for (function, qualifier), statements in said.items():
        document = {"Version": "2012-10-17", "Statement": statements}
        if all(map(_known, statements)):
            yield ResourcePolicy(function, json.dumps(document) if statements else None, qualifier)


class TemplateStack:
    """Builds the snapshot of one transformed template."""

    def __init__(self, packaged: PackagedStack, region: str, resolver: Resolver) -> None:
        self._packaged = packaged
        self._region = region
        self._resolver = resolver
        self._resources: dict[str, Resource] = {
            key: each for key, each in packaged.resources.items() if self._resolver.there(each)
        }
        self.statements: tuple[tuple[str, str | None, dict[str, Any]], ...] = ()
        self._unread: dict[Fact, list[Unread]] = {fact: [] for fact in Fact}

    def build(self) -> Stack:
        """The snapshot. Raises SqsctlError where a package cannot be read at all."""
        queues = tuple(self._queues())
        functions = tuple(self._functions())
        mappings = tuple(self._mappings())
        keys = tuple(self._keys(queues, functions))
        apis = TemplateApis(
            self._resources, self._resolver, lambda what: self._gap(Fact.APIS, what)
        )
        ways_in = tuple(apis.apis())
        self.statements = tuple(apis.statements())
        groups: dict[str, Any] = {
            Fact.APIS.value: self._group(Fact.APIS, ways_in),
            Fact.KEYS.value: self._group(Fact.KEYS, keys),
            Fact.QUEUES.value: self._group(Fact.QUEUES, queues),
            Fact.FUNCTIONS.value: self._group(Fact.FUNCTIONS, functions),
            Fact.MAPPINGS.value: self._group(Fact.MAPPINGS, mappings),
            Fact.CONCURRENCY.value: self._group(Fact.CONCURRENCY, tuple(self._reserved())),
            Fact.PACKAGES.value: self._group(
                Fact.PACKAGES,
                tuple(
                    packages(
                        self._packaged, self._resources, functions, self._unread[Fact.PACKAGES]
                    )
                ),
            ),
            Fact.PERMISSIONS.value: self._group(
                Fact.PERMISSIONS, tuple(self._permissions(functions, queues, mappings, keys))
            ),
        }
        for fact in Fact:
            if fact not in _KNOWN and fact is not Fact.ERRORS:
                gap = not_asked_for(fact.value.replace("_", " "))
                groups[fact.value] = Group((), (gap,))
        return Stack(
            name=self._packaged.name,
            region=self._region,
            account=ACCOUNT,
            stack_name=self._packaged.name,
            made_by=self._made_by(),
            **groups,
        )

    def names(self) -> dict[str, tuple[PackagedStack, str]]:
        """Whose each name and ARN is."""
        return {
            name: (self._packaged, key)
            for key in self._resources
            for name in (self._resolver.physical(key), self._resolver.arn(key))
        }

    def _group(self, fact: Fact, items: tuple[Any, ...]) -> Group[Any]:
        return Group(items, tuple(self._unread[fact]))

    def _of(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for key, each in self._resources.items():
            if each.get("Type") == kind:
                yield key, self._resolver.properties(each)

    # -- the facts --------------------------------------------------------------------------

    def _queues(self) -> Iterator[Queue]:
        policies: dict[str, str] = {}
        for _, said in self._of("AWS::SQS::QueuePolicy"):
            document = said.get("PolicyDocument")
            for url in said.get("Queues") or ():
                if isinstance(url, str) and _known(document):
                    policies[url] = json.dumps(document)
        for key, said in self._of("AWS::SQS::Queue"):
            url = self._resolver.url(key)
            attributes = {
                name: _text(said[name])
                for name in _ATTRIBUTES
                if name in said and said[name] is not UNKNOWN
            }
            for name in ("RedrivePolicy", "RedriveAllowPolicy"):
                policy = _parsed(said.get(name))
                if policy is not None and _known(policy):
                    attributes[name] = json.dumps(policy)
                elif policy is not None:
                    self._gap(Fact.QUEUES, f"{name} of queue {key}")
            if url in policies:
                attributes["Policy"] = policies[url]
            attributes["QueueArn"] = self._resolver.arn(key)
            for kind in ("", "NotVisible", "Delayed"):
                attributes[f"ApproximateNumberOfMessages{kind}"] = "0"
            yield _with_id(queue_shapes.queue(url, attributes), key)

    def _functions(self) -> Iterator[Function]:
        for key, said in self._of("AWS::Lambda::Function"):
            shape = {name: value for name, value in said.items() if _known(value)}
            environment = (
                said["Environment"] if isinstance(said.get("Environment"), Mapping) else {}
            )
            variables = environment.get("Variables")
            shape["Environment"] = {
                "Variables": {
                    name: _text(value) if value is not UNKNOWN else NAMED_IN_TEMPLATE
                    for name, value in (variables if isinstance(variables, Mapping) else {}).items()
                }
            }
            role = said.get("Role")
            shape["Role"] = role if isinstance(role, str) else None
            shape["FunctionName"] = self._resolver.physical(key)
            shape["FunctionArn"] = self._resolver.arn(key)
            shape["Layers"] = []  # read by path, not by ARN
            names = [self._resolver.physical(each) for each, _ in self._of("AWS::SQS::Queue")]
            yield _with_id(function_shapes.function(shape, names), key)

    def _mappings(self) -> Iterator[EventSourceMapping]:
        for key, said in self._of("AWS::Lambda::EventSourceMapping"):
            source, function = said.get("EventSourceArn"), said.get("FunctionName")
            if not isinstance(source, str) or not isinstance(function, str):
                if source is UNKNOWN or function is UNKNOWN:
                    self._gap(Fact.MAPPINGS, f"event source mapping {key}")
                continue
            if ":sqs:" not in source:
                continue
            shape = {name: value for name, value in said.items() if _known(value)}
            enabled = str(said.get("Enabled", True)).lower() != "false"
            shape |= {
                "UUID": key,
                "State": "Enabled" if enabled else "Disabled",
                "FunctionArn": self._function_arn(function),
            }
            yield _with_id(mapping_shapes.mapping(shape), key)

    def _reserved(self) -> Iterator[Concurrency]:
        for key, said in self._of("AWS::Lambda::Function"):
            reserved = said.get("ReservedConcurrentExecutions")
            if reserved is not None and str(reserved).isdigit():
                yield Concurrency(self._resolver.physical(key), int(reserved))

    def _permissions(
        self,
        functions: tuple[Function, ...],
        queues: tuple[Queue, ...],
        mappings: tuple[EventSourceMapping, ...],
        keys: tuple[Key, ...],
    ) -> Iterator[Permission]:
        roles = RolePolicies(self._resources, self._resolver)
        for asked in simulations(functions, queues, mappings, keys):
            for function, action in asked.wanted:
                decision = roles.decision(asked.role_arn, action, asked.resource)
                if decision is None:
                    what = f"whether {asked.role_arn.rpartition('/')[2]} may {action}"
                    self._gap(Fact.PERMISSIONS, what)
                    continue
                yield Permission(function, asked.role_arn, action, asked.resource, decision)

    def _keys(self, queues: tuple[Queue, ...], functions: tuple[Function, ...]) -> Iterator[Key]:
        """The template's own keys; of others that are named nothing is known."""
        told: set[str] = set()
        for key, said in self._of("AWS::KMS::Key"):
            own = {self._resolver.physical(key), self._resolver.arn(key)}
            for _, alias in self._of("AWS::KMS::Alias"):
                if alias.get("TargetKeyId") in own and isinstance(alias.get("AliasName"), str):
                    own = own | {alias["AliasName"]}
            told |= own
            document = said.get("KeyPolicy")
            enabled = str(said.get("Enabled", True)).lower() != "false"
            yield Key(
                tuple(sorted(own)),
                arn=self._resolver.arn(key),
                state="Enabled" if enabled else "Disabled",
                policy=json.dumps(document) if document and _known(document) else None,
            )
        named = [each.kms_key_id for each in queues] + [each.kms_key_arn for each in functions]
        for name in dict.fromkeys(filter(None, named)):
            if name not in told and not aws_managed(name):
                self._gap(Fact.KEYS, f"key {name}")

    # -- the rest ---------------------------------------------------------------------------

    def _function_arn(self, said: str) -> str:
        """A mapping's function as AWS names it, whether by name, ARN, alias or partial ARN."""
        if said.startswith("arn:"):
            return said
        for key, each in self._resources.items():
            if each.get("Type") == "AWS::Lambda::Function" and (
                said.partition(":")[0] == self._resolver.physical(key)
            ):
                qualifier = said.partition(":")[2]
                return self._resolver.arn(key) + (f":{qualifier}" if qualifier else "")
        return f"arn:aws:lambda:{self._region}:{ACCOUNT}:function:{said}"

    def _gap(self, fact: Fact, what: str) -> None:
        self._unread[fact].append(Unread(what, NAMED_IN_TEMPLATE))

    def _made_by(self) -> Any:
        resources = [
            StackResource(key, str(each.get("Type")), key) for key, each in self._resources.items()
        ]
        if self._packaged.tool == "terraform":
            return ""
        outputs = self._packaged.template.get("Outputs")
        keys = outputs if isinstance(outputs, Mapping) else {}
        stack = DeployedStack(
            self._packaged.name, "", "", outputs=dict.fromkeys(map(str, keys), "")
        )
        return "sam" if self._packaged.tool == "sam" else made_by(stack, resources)


def _with_id(item: Any, logical_id: str) -> Any:
    return replace(item, logical_id=logical_id)


def _known(value: Any) -> bool:
    """Whether nothing in a value is UNKNOWN."""
    if isinstance(value, Mapping):
        return all(map(_known, value.values()))
    if isinstance(value, list):
        return all(map(_known, value))
    return value is not UNKNOWN


def _parsed(value: Any) -> Any:
    """A policy that a template gives as JSON text, or as it is."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
