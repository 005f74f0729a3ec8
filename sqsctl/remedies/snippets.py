"""Lines that keep a fix in the project: one setting in the words of each tool.

Made from the calls of a fix (SetQueueAttributes, UpdateFunctionConfiguration,
UpdateEventSourceMapping, AddPermission and the like), whose parameters are CloudFormation's
properties by the same names. Nothing is made up: what has no known logical id has no lines in a
template, and what no tool's words are known for has none at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqsctl.model.finding import Step
from sqsctl.model.stack import Stack
from sqsctl.remedies.notation import (
    REMOVED,
    Reference,
    Substitution,
    merged,
    read,
    without_target,
    yaml_lines,
)
from sqsctl.remedies.property_names import CDK, CDK_CLASS, CDK_HASH, TERRAFORM, TERRAFORM_TYPE

Kind = Literal["queue", "function", "mapping", "permission"]

_OPERATIONS: Mapping[str, tuple[Kind, str]] = {
    "set_queue_attributes": ("queue", "QueueUrl"),
    "update_function_configuration": ("function", "FunctionName"),
    "put_function_concurrency": ("function", "FunctionName"),
    "delete_function_concurrency": ("function", "FunctionName"),
    "update_event_source_mapping": ("mapping", "UUID"),
    "add_permission": ("permission", "FunctionName"),
}
_NOT_PROPERTIES = frozenset({"StatementId", "Qualifier"})


@dataclass(frozen=True, slots=True)
class Setting:
    """Properties of one resource. ``logical_id`` is empty where no stack holds it.

    ``name`` is what people know it by: a queue's or a function's name, for a mapping both.
    ``function`` is the logical id of the function behind it; ``dead_letters`` the name of a
    queue that is to be made first.
    """

    kind: Kind
    name: str
    function: str
    logical_id: str
    properties: Mapping[str, object]
    dead_letters: str = ""


def settings(steps: Iterable[Step], stack: Stack) -> Iterator[Setting]:
    """What the steps set, and on which resource."""
    made = ""
    for each in steps:
        given = dict(each.parameters)
        if each.operation == "create_queue":
            made = str(given["QueueName"])
        if each.operation not in _OPERATIONS:
            continue
        kind, key = _OPERATIONS[each.operation]
        name = str(given.pop(key, "")).rpartition("/")[2]
        attributes = given.pop("Attributes", None)
        if isinstance(attributes, Mapping):
            given |= {str(name): read(value) for name, value in attributes.items()}
        if each.operation == "delete_function_concurrency":
            given["ReservedConcurrentExecutions"] = REMOVED
        if given.get("FilterCriteria") == {}:
            given["FilterCriteria"] = REMOVED
        given = {key: value for key, value in given.items() if key not in _NOT_PROPERTIES}
        found = _setting(kind, name, given, stack)
        yield replace(found, dead_letters=made) if "RedrivePolicy" in given else found


def cloudformation(found: Iterable[Setting]) -> tuple[str, ...]:
    """Resources of a template, with the properties to set."""
    return tuple(yaml_lines(_resources(found)))


def sam(found: Iterable[Setting]) -> tuple[str, ...]:
    """As CloudFormation; a mapping is an event of its function."""
    template: dict[str, object] = {}
    for each in found:
        event = each.logical_id.removeprefix(each.function)
        if each.kind != "mapping" or event in {"", each.logical_id}:
            template = merged(template, _resources((each,)))
            continue
        events = {event: {"Properties": each.properties}}
        template = merged(template, {each.function: {"Properties": {"Events": events}}})
    return tuple(yaml_lines(template))


def serverless_resources(found: Iterable[Setting]) -> tuple[str, ...]:
    """Queues of serverless.yml's own ``resources``."""
    made = _resources(each for each in found if each.kind == "queue")
    return tuple(yaml_lines({"resources": {"Resources": made}})) if made else ()


def serverless_extensions(found: Iterable[Setting]) -> tuple[str, ...]:
    """What Serverless or a plugin made and offers no key for: ``resources.extensions``."""
    made = _resources(found)
    return tuple(yaml_lines({"resources": {"extensions": made}})) if made else ()


def cdk(found: Iterable[Setting]) -> tuple[str, ...]:
    """Properties of constructs, in TypeScript."""
    lines: list[str] = []
    for each in found:
        told = [
            f"// remove: {words[0]}" if value is REMOVED else f"{words[0]}: {words[1](value)},"
            for key, value in _with_dead_letters(each).items()
            if (words := CDK.get((each.kind, key)))
        ]
        held = each.logical_id if each.kind == "queue" else each.function
        if told and held:
            lines += [f"// {CDK_CLASS[each.kind]} {CDK_HASH.sub('', held)}", *told]
    return tuple(lines)


def terraform(found: Iterable[Setting]) -> tuple[str, ...]:
    """Arguments of resources, where no stack holds them."""
    lines: list[str] = []
    for each in found:
        told = [
            f"  # remove: {words[0]}" if value is REMOVED else f"  {words[0]}{words[1](value)}"
            for key, value in _with_dead_letters(each).items()
            if (words := TERRAFORM.get((each.kind, key)))
        ]
        if told:
            lines += [f"# {TERRAFORM_TYPE[each.kind]} of {each.name}", *told]
    return tuple(lines)


def _with_dead_letters(setting: Setting) -> dict[str, object]:
    """The properties; a redrive policy tells what its target is to be made of."""
    policy = setting.properties.get("RedrivePolicy")
    if not setting.dead_letters or not isinstance(policy, Mapping):
        return dict(setting.properties)
    fifo = setting.dead_letters.endswith(".fifo")
    made = {**policy, "made": setting.dead_letters, "fifo": fifo}
    return {**setting.properties, "RedrivePolicy": made}


def _resources(found: Iterable[Setting]) -> dict[str, object]:
    """What a template holds of them, by logical id."""
    template: dict[str, object] = {}
    for each in found:
        given = dict(each.properties)
        if "RedrivePolicy" in given:
            given["RedrivePolicy"] = without_target(given["RedrivePolicy"])
        if each.kind == "permission" and each.function:
            action = str(given.get("Action")).rpartition(":")[2]
            given = {"FunctionName": Reference(each.function), **given}
            made = {"Type": "AWS::Lambda::Permission", "Properties": given}
            template = merged(template, {f"{each.function}{action}Permission": made})
        elif each.logical_id:
            if each.dead_letters:
                template = merged(template, _dead_letters(each, given))
            template = merged(template, {each.logical_id: {"Properties": given}})
    return template


def _dead_letters(setting: Setting, given: dict[str, object]) -> dict[str, object]:
    """The resource of a dead-letter queue, to which the policy then refers."""
    made = f"{setting.logical_id}Dlq"
    policy = given.get("RedrivePolicy")
    if isinstance(policy, Mapping):
        given["RedrivePolicy"] = {"deadLetterTargetArn": Reference(made, "Arn"), **policy}
    fifo = {"FifoQueue": True} if setting.dead_letters.endswith(".fifo") else {}
    kept = {**fifo, "MessageRetentionPeriod": 1_209_600}
    return {made: {"Type": "AWS::SQS::Queue", "Properties": kept}}


def _setting(kind: Kind, name: str, given: Mapping[str, object], stack: Stack) -> Setting:
    if kind == "queue":
        held = next((each.logical_id for each in stack.queues if each.name == name), None)
        return Setting(kind, name, "", held or "", given)
    mapping = next((each for each in stack.mappings if each.uuid == name), None)
    function = stack.function(mapping.function_name if mapping else name)
    behind = (function.logical_id if function else None) or ""
    if kind != "mapping":
        return Setting(kind, name, behind, behind, _of_api(given, stack))
    if mapping is None:
        return Setting(kind, name, "", "", given)
    told = f"{mapping.queue_arn.rpartition(':')[2]} to {mapping.function_name}"
    return Setting(kind, told, behind, mapping.logical_id or "", given)


def _of_api(given: Mapping[str, object], stack: Stack) -> Mapping[str, object]:
    """The source of a permission by the API's own resource, which another deploy may replace."""
    arn = str(given.get("SourceArn", "")).split(":", 5)
    api, slash, path = arn[-1].partition("/")
    held = next((each.logical_id for each in stack.apis if each.id == api), None)
    if not held or arn[2:3] != ["execute-api"]:
        return given
    place = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
    return {**given, "SourceArn": Substitution(f"{place}:${{{held}}}{slash}{path}")}
