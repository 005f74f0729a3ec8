"""A template's values before a deploy: references filled in as far as they can be known.

What only a deploy knows (values that other stacks export, Parameter Store, ids that a service
gives) is UNKNOWN. Physical names that CloudFormation would make are the stack's name and the
logical id; ARNs and queue URLs are of an account that stands for any.
Source: CloudFormation user guide, "Intrinsic function reference", "Condition functions",
"Pseudo parameters reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqsctl.operations.packaged.packaged_stack import PackagedStack, Resource, properties

ACCOUNT = "123456789012"
PARTITION = "aws"
# What ends the id that stands for the root resource of a REST API.
ROOT_RESOURCE = "/root"
_DEEPEST = 60
_IN_TEXT = re.compile(r"\$\{(!?)([^${}]+)\}")


class _Unknown:
    """What only a deploy could tell."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()
_ABSENT = object()  # AWS::NoValue

_NAMES = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::IAM::Role": "RoleName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::Events::Rule": "Name",
    "AWS::KMS::Alias": "AliasName",
    "AWS::SSM::Parameter": "Name",
}
# ARN after the partition; {name} is the physical name, {place} region and account.
_ARNS = {
    "AWS::SQS::Queue": "sqs:{place}:{name}",
    "AWS::Lambda::Function": "lambda:{place}:function:{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::SNS::Topic": "sns:{place}:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::Logs::LogGroup": "logs:{place}:log-group:{name}:*",
    "AWS::DynamoDB::Table": "dynamodb:{place}:table/{name}",
    "AWS::Events::EventBus": "events:{place}:event-bus/{name}",
    "AWS::KMS::Key": "kms:{place}:key/{name}",
}
_REF_IS_ARN = frozenset({"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy"})


class Resolver:
    """Resolves the values of one template."""

    def __init__(
        self,
        template: Mapping[str, Any],
        stack: str,
        region: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        exports: Mapping[str, Any] | None = None,
        nested: Mapping[str, PackagedStack] | None = None,
    ) -> None:
        """``exports`` are what other stacks export, by name; ``nested`` the stacks in this one."""
        self._template = template
        self._exports = exports or {}
        self._nested = nested or {}
        self._below: dict[str, Resolver] = {}
        self._stack = stack
        self._region = region
        self._given = parameters or {}
        self._depth = 0

    def value(self, value: Any) -> Any:
        """A value without intrinsic functions; UNKNOWN where one cannot be told."""
        found = self._value(value)
        return None if found is _ABSENT else found

    def properties(self, resource: Resource) -> dict[str, Any]:
        """A resource's properties, each resolved."""
        found = {key: self._value(each) for key, each in properties(resource).items()}
        return {key: each for key, each in found.items() if each is not _ABSENT}

    def there(self, resource: Resource) -> bool:
        """Whether a resource's condition holds; True where nobody knows."""
        condition = resource.get("Condition")
        return condition is None or self._condition(str(condition)) is not False

    def physical(self, logical_id: str) -> str:
        """The name of a resource: its own, else the one that stands for CloudFormation's."""
        resource = self._resource(logical_id)
        kind = str(resource.get("Type"))
        own = self._value(properties(resource).get(_NAMES.get(kind, "")))
        if isinstance(own, str) and own:
            return own
        fifo = kind == "AWS::SQS::Queue" and _true(properties(resource).get("FifoQueue"))
        return f"{self._stack}-{logical_id}" + (".fifo" if fifo else "")

    def arn(self, logical_id: str) -> str:
        """The ARN of a resource; of a type that is not known one of the same shape."""
        kind = str(self._resource(logical_id).get("Type"))
        service = "".join(filter(str.isalnum, [*kind.split("::"), kind][1])).lower()
        shape = _ARNS.get(kind, f"{service}:{{place}}:{{name}}")
        text = shape.format(
            place=f"{self._region}:{ACCOUNT}", account=ACCOUNT, name=self.physical(logical_id)
        )
        return f"arn:{PARTITION}:{text}"

    def url(self, logical_id: str) -> str:
        """The URL of a queue."""
        return f"https://sqs.{self._region}.amazonaws.com/{ACCOUNT}/{self.physical(logical_id)}"

    def below(self, logical_id: str) -> Resolver:
        """The resolver of a nested stack, its parameters as this one gives them."""
        if logical_id not in self._below:
            inner = self._nested[logical_id]
            said = self._value(properties(self._resource(logical_id)).get("Parameters") or {})
            given = {} if said is UNKNOWN else {k: v for k, v in said.items() if v is not UNKNOWN}
            self._below[logical_id] = Resolver(
                inner.template, inner.name, self._region, given, nested=inner.nested
            )
        return self._below[logical_id]

    def exported(self) -> dict[str, Any]:
        """What the stack exports to others, by name."""
        outputs = self._template.get("Outputs")
        found: dict[str, Any] = {}
        for each in outputs.values() if isinstance(outputs, Mapping) else ():
            export = each.get("Export") if isinstance(each, Mapping) else None
            name = self._value(export.get("Name")) if isinstance(export, Mapping) else None
            if isinstance(name, str):
                found[name] = self._value(each.get("Value"))
        return found

    def output(self, name: str) -> Any:
        """The value of one of the stack's outputs."""
        outputs = self._template.get("Outputs")
        said = outputs.get(name) if isinstance(outputs, Mapping) else None
        return self._value(said.get("Value")) if isinstance(said, Mapping) else UNKNOWN

    # -- the functions ----------------------------------------------------------------------

    def _value(self, value: Any) -> Any:
        if self._depth > _DEEPEST:
            return UNKNOWN
        self._depth += 1
        try:
            if isinstance(value, Mapping):
                if len(value) == 1:
                    (name, inner), *_ = value.items()
                    if name in {"Ref", "Condition"} or str(name).startswith("Fn::"):
                        return self._function(str(name), inner)
                found = {key: self._value(each) for key, each in value.items()}
                return {key: each for key, each in found.items() if each is not _ABSENT}
            if isinstance(value, list):
                items = [self._value(each) for each in value]
                return [each for each in items if each is not _ABSENT]
            return value
        finally:
            self._depth -= 1

    def _function(self, name: str, inner: Any) -> Any:
        if name == "Ref":
            return self._ref(str(inner))
        if name == "Fn::GetAtt":
            parts = inner if isinstance(inner, list) else str(inner).split(".", 1)
            return self._attribute(str(parts[0]), str(parts[1]) if len(parts) > 1 else "")
        if name == "Fn::Sub":
            return self._sub(inner)
        if name == "Fn::If" and isinstance(inner, list) and len(inner) == 3:
            holds = self._condition(str(inner[0]))
            return UNKNOWN if holds is None else self._value(inner[1 if holds else 2])
        arguments = self._value(inner)
        if name == "Fn::ImportValue":
            return self._exports.get(str(arguments), UNKNOWN)
        if arguments is UNKNOWN or not isinstance(arguments, list):
            return UNKNOWN
        return self._of_list(name, arguments)

    def _of_list(self, name: str, arguments: list[Any]) -> Any:
        if name == "Fn::Join" and len(arguments) == 2 and isinstance(arguments[1], list):
            parts = arguments[1]
            return UNKNOWN if UNKNOWN in parts else str(arguments[0]).join(map(str, parts))
        if name == "Fn::Split" and len(arguments) == 2:
            text = arguments[1]
            return text.split(str(arguments[0])) if isinstance(text, str) else UNKNOWN
        if name == "Fn::Select" and len(arguments) == 2 and isinstance(arguments[1], list):
            index = int(arguments[0]) if str(arguments[0]).isdigit() else -1
            return arguments[1][index] if 0 <= index < len(arguments[1]) else UNKNOWN
        if name == "Fn::FindInMap" and len(arguments) >= 3:
            found: Any = self._template.get("Mappings")
            for key in arguments[:3]:
                found = found.get(str(key)) if isinstance(found, Mapping) else None
            return UNKNOWN if found is None else found
        return UNKNOWN

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self._region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": PARTITION,
            "AWS::StackName": self._stack,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _ABSENT,
        }
        if name in pseudo:
            return pseudo[name]
        parameters = self._template.get("Parameters")
        if name in self._given or (isinstance(parameters, Mapping) and name in parameters):
            said = parameters.get(name) if isinstance(parameters, Mapping) else None
            kind = str(said.get("Type", "")) if isinstance(said, Mapping) else ""
            text = self._given.get(name)
            if text is None and isinstance(said, Mapping) and "SSM" not in kind:
                text = said.get("Default")
            if not isinstance(text, str | int | float):
                return UNKNOWN if text is None else text
            listed = kind == "CommaDelimitedList" or kind.startswith("List<")
            return [each.strip() for each in str(text).split(",")] if listed else text
        kind = str(self._resource(name).get("Type", ""))
        if not kind:
            return UNKNOWN
        if kind == "AWS::SQS::Queue":
            return self.url(name)
        if kind in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}:
            said = properties(self._resource(name))
            function = str(self._value(said.get("FunctionName")))
            qualifier = self._value(said.get("Name")) if kind.endswith("Alias") else "1"
            return f"{self._function_arn(function)}:{qualifier}"
        return self.arn(name) if kind in _REF_IS_ARN else self.physical(name)

    def _function_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        return f"arn:{PARTITION}:lambda:{self._region}:{ACCOUNT}:function:{name}"

    def _attribute(self, name: str, attribute: str) -> Any:
        kind = str(self._resource(name).get("Type", ""))
        if attribute == "Arn" and kind:
            return self.arn(name)
        if kind == "AWS::SQS::Queue" and attribute in {"QueueName", "QueueUrl"}:
            return self.physical(name) if attribute == "QueueName" else self.url(name)
        if attribute == "RootResourceId" and kind:
            return f"{self.physical(name)}{ROOT_RESOURCE}"
        if attribute == "KeyId" and kind:
            return self.physical(name)
        if attribute in {"TopicArn", "TableArn"} and kind:
            return self.arn(name)
        if attribute.startswith("Outputs.") and name in self._nested:
            return self.below(name).output(attribute.removeprefix("Outputs."))
        return UNKNOWN

    def _sub(self, inner: Any) -> Any:
        text, given = (inner[0], inner[1]) if isinstance(inner, list) and inner[1:] else (inner, {})
        text = text[0] if isinstance(text, list) and text else text
        unknown = False

        def filled(match: re.Match[str]) -> str:
            nonlocal unknown
            if match[1]:
                return f"${{{match[2]}}}"
            name = match[2].strip()
            if isinstance(given, Mapping) and name in given:
                found = self._value(given[name])
            else:
                base, dot, attribute = name.partition(".")
                found = self._attribute(base, attribute) if dot else self._ref(name)
            if found is UNKNOWN or found is _ABSENT:
                unknown = True
            return str(found)

        made = _IN_TEXT.sub(filled, str(text))
        return UNKNOWN if unknown else made

    def _condition(self, name: str) -> bool | None:
        conditions = self._template.get("Conditions")
        said = conditions.get(name) if isinstance(conditions, Mapping) else None
        return self._holds(said)

    def _holds(self, said: Any) -> bool | None:
        """Whether a condition holds; None where nobody knows."""
        if not isinstance(said, Mapping) or len(said) != 1 or self._depth > _DEEPEST:
            return None
        (name, inner), *_ = said.items()
        self._depth += 1
        try:
            if name == "Condition":
                return self._condition(str(inner))
            if name == "Fn::Equals" and isinstance(inner, list) and len(inner) == 2:
                left, right = (self._value(each) for each in inner)
                return None if UNKNOWN in (left, right) else str(left) == str(right)
            if not isinstance(inner, list):
                return None
            parts = [self._holds(each) for each in inner]
        finally:
            self._depth -= 1
        if name == "Fn::Not" and len(parts) == 1:
            return None if parts[0] is None else not parts[0]
        decisive = {"Fn::And": False, "Fn::Or": True}.get(str(name))
        if decisive is None:
            return None
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive

    def _resource(self, logical_id: str) -> Resource:
        resources = self._template.get("Resources")
        found = resources.get(logical_id) if isinstance(resources, Mapping) else None
        return found if isinstance(found, Mapping) else {}


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
