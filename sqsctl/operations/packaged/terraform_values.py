"""The arguments of a planned resource of Terraform: values, or references to other resources.

Source: hashicorp/terraform-provider-aws, the reference page of each resource (attributes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqsctl.operations.packaged.terraform_source import Block
from sqsctl.operations.target.yaml_documents import json_of

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Planned:
    """A resource of a plan: the values that are known, which are not, and the expressions."""

    address: str
    type: str
    logical_id: str
    values: Values
    unknown: Values
    expressions: Values
    targets: Callable[[Any], Iterator[tuple[str, str]]]
    constants: Callable[[Any], Iterator[Any]] = lambda _: iter(())
    written: Block | None = None

    def references(self, key: str) -> tuple[tuple[str, str], ...]:
        """Address and attribute of each resource that an argument's expression names."""
        return tuple(self.targets(named_in(self.expressions.get(key))))

    def wanted(self, key: str) -> str:
        """The attribute that is meant where a reference has lost it (``x[each.key]``)."""
        return "arn" if key.endswith(("arn", "arns", "endpoint", "destination")) else "id"


class Plan(Protocol):
    """Where other resources are found: by address, or by the name that they will have."""

    @property
    def resources(self) -> Mapping[str, Planned]: ...

    def called(self, name: str) -> Planned | None: ...

    def find(self, address: str, like: Planned | None = None) -> Planned | None: ...


@dataclass(frozen=True)
class Making:
    planned: Planned
    plan: Plan
    notes: list[str]

    def value(self, key: str) -> Any:
        """An argument: what is known, else a reference; None where it is not given."""
        known = self.planned.values.get(key)
        if known not in (None, "", []):
            return known
        return self.referred(key, self.planned.expressions.get(key))

    def referred(self, key: str, expression: Any) -> Any:
        """What the first reference of an expression stands for; None where it is told nowhere."""
        for address, attribute in self.planned.targets(named_in(expression)):
            target = self.plan.find(address, self.planned)
            found = attribute_of(target, attribute or self.planned.wanted(key)) if target else None
            if found is not None:
                return found
        return None

    def nested(self, *keys: str) -> Any:
        """An argument of a nested block, the first of each: known, else a reference."""
        value: Any = self.planned.values
        said: Any = self.planned.expressions
        for key in keys:
            value = _first(value).get(key)
            said = _first(said).get(key)
        if value not in (None, "", [], {}):
            return value
        return self.referred(keys[-1], said)

    def target(self, key: str) -> Planned | None:
        """The resource that an argument names."""
        for address, _ in self.planned.references(key):
            found = self.plan.find(address, self.planned)
            if found is not None:
                return found
        known = self.planned.values.get(key)
        return self.plan.called(known) if isinstance(known, str) and known else None

    def values(self, **wanted: str) -> dict[str, Any]:
        """CloudFormation's properties from arguments, those that are given."""
        found = {key: self.value(argument) for key, argument in wanted.items()}
        return {key: value for key, value in found.items() if value is not None}

    def policy(self, key: str) -> Any:
        """A policy's document; from a data source's statements where it is not known yet."""
        known = self.planned.values.get(key)
        if isinstance(known, str) and known:
            return json_of(known, f"{key} of {self.planned.address}")
        named = self.planned.references(key)
        for address, _ in named:
            target = self.plan.find(address, self.planned)
            if target and target.type == "aws_iam_policy_document":
                return _document(target, self.plan)
        resources = [
            found
            for address, attribute in named
            if (target := self.plan.find(address, self.planned))
            and (found := attribute_of(target, attribute or "arn")) is not None
        ]
        if not resources:
            return None
        self.notes.append(
            f"{self.planned.address}: {key} is known only after an apply; everything on what it "
            "names was allowed instead"
        )
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": _once(resources)}],
        }

    def blocks(self, key: str) -> list[Values]:
        """The nested blocks of an argument."""
        found = self.planned.values.get(key)
        return [each for each in found or () if isinstance(each, Mapping)]


def _first(value: Any) -> Values:
    """A block as it is, or the first of a list of blocks."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, Mapping) else {}


def _once(values: list[Any]) -> list[Any]:
    return [each for index, each in enumerate(values) if each not in values[:index]]


def named_in(expression: Any) -> list[str]:
    """Every reference in an expression, blocks included."""
    found: list[str] = []
    if isinstance(expression, Mapping):
        said = expression.get("references")
        if isinstance(said, list):
            found += [str(each) for each in said]
        for key, each in expression.items():
            if key != "references":
                found += named_in(each)
    elif isinstance(expression, list):
        for each in expression:
            found += named_in(each)
    return found


def attribute_of(target: Planned, attribute: str) -> Any:
    """An attribute of a resource as a template refers to it."""
    name = target.logical_id
    if target.type == "aws_s3_bucket" and attribute == "arn":
        # By its name: a queue's policy speaks of the bucket, which waits for the policy.
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{bucket_name(target)}"}
    told = _ATTRIBUTES.get(target.type, {})
    how = told.get(attribute or "id")
    if how == "ref":
        return {"Ref": name}
    if how:
        return {"Fn::Sub": how.replace("@", name)} if "$" in how else {"Fn::GetAtt": [name, how]}
    known = target.values.get(attribute)
    return known if isinstance(known, str) else None


def bucket_name(bucket: Planned) -> str:
    """A bucket's name; one made of its prefix or address where Terraform would make one."""
    known = bucket.values.get("bucket")
    if isinstance(known, str) and known:
        return known
    prefix = bucket.values.get("bucket_prefix")
    stem = prefix if isinstance(prefix, str) else ""
    return f"{stem}{re.sub('[^a-z0-9]+', '-', bucket.address.lower()).strip('-')}"[:63]


_EXECUTION = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${@}"
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "aws_sqs_queue": {"arn": "Arn", "id": "ref", "url": "ref", "name": "QueueName"},
    "aws_lambda_function": {
        "arn": "Arn",
        "invoke_arn": "Arn",
        "qualified_arn": "Arn",
        "function_name": "ref",
        "id": "ref",
    },
    "aws_lambda_alias": {"arn": "ref", "invoke_arn": "ref"},
    "aws_lambda_layer_version": {"arn": "ref"},
    "aws_iam_role": {"arn": "Arn", "name": "ref", "id": "ref"},
    "aws_iam_policy": {"arn": "ref", "id": "ref"},
    "aws_sns_topic": {"arn": "ref", "id": "ref"},
    "aws_s3_bucket": {"arn": "Arn", "id": "ref", "bucket": "ref"},
    "aws_cloudwatch_log_group": {"arn": "Arn", "name": "ref"},
    "aws_apigatewayv2_api": {"id": "ref", "execution_arn": _EXECUTION},
    "aws_apigatewayv2_integration": {"id": "ref"},
    "aws_cloudwatch_event_rule": {"arn": "Arn", "id": "ref", "name": "ref"},
    "aws_cloudwatch_event_bus": {"arn": "Arn", "id": "ref", "name": "ref"},
    "aws_kms_key": {"arn": "Arn", "id": "ref", "key_id": "ref"},
}


def _document(target: Planned, plan: Plan) -> dict[str, Any]:
    """An aws_iam_policy_document whose statements the configuration holds."""
    statements = []
    for block in target.expressions.get("statement") or ():
        said = {
            "Effect": _constant(block.get("effect")) or "Allow",
            "Action": _constant(block.get("actions")) or [],
            "Resource": _constant(block.get("resources")) or _referred(target, block, plan),
        }
        principals = [
            {str(_constant(each.get("type"))): _constant(each.get("identifiers"))}
            for each in block.get("principals") or ()
        ]
        if principals:
            said["Principal"] = principals[0]
        statements.append(said)
    return {"Version": "2012-10-17", "Statement": statements}


def _constant(expression: Any) -> Any:
    return expression.get("constant_value") if isinstance(expression, Mapping) else None


def _referred(target: Planned, block: Values, plan: Plan) -> list[Any]:
    found = [
        value
        for address, attribute in target.targets(named_in(block.get("resources")))
        if (other := plan.find(address, target))
        and (value := attribute_of(other, attribute or "arn")) is not None
    ]
    return _once(found) or ["*"]
