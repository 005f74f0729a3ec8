"""What a fix sets, and on which resource of which template.

Made from the calls of a fix (SetQueueAttributes, UpdateFunctionConfiguration,
UpdateEventSourceMapping, AddPermission and the like), whose parameters are CloudFormation's
properties by the same names. Nothing is made up: what has no known logical id has no lines in a
template, and what no tool's words are known for has none at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqsctl.model.intents import REMOVED, Kind
from sqsctl.model.remedy import Call
from sqsctl.model.stack import Stack
from sqsctl.remedies.cli import FUNCTION, MAPPING, QUEUE_URL
from sqsctl.remedies.notation import (
    Substitution,
    read,
)

_OPERATIONS: Mapping[str, tuple[Kind, str]] = {
    "set_queue_attributes": ("queue", "QueueUrl"),
    "update_function_configuration": ("function", "FunctionName"),
    "put_function_concurrency": ("function", "FunctionName"),
    "delete_function_concurrency": ("function", "FunctionName"),
    "put_function_recursion_config": ("function", "FunctionName"),
    "update_event_source_mapping": ("mapping", "UUID"),
    "add_permission": ("permission", "FunctionName"),
}
# What the API takes for a property that is to be gone.
_NONE: tuple[object, ...] = ({}, {"SubnetIds": [], "SecurityGroupIds": []})
# What stands in a call for a name that nothing tells.
PLACES = frozenset({FUNCTION, MAPPING, QUEUE_URL})
_NOT_PROPERTIES = frozenset({"StatementId", "Qualifier"})


@dataclass(frozen=True, slots=True)
class Setting:
    """Properties of one resource. ``logical_id`` is empty where no stack holds it.

    ``name`` is what people know it by: a queue's or a function's name, for a mapping both.
    ``name`` is empty where nothing tells it, and ``unnamed`` where its logical id is made up.
    ``function`` is the logical id of the function behind it; ``dead_letters`` the name of a
    queue that is to be made first.
    """

    kind: Kind
    name: str
    function: str
    logical_id: str
    properties: Mapping[str, object]
    dead_letters: str = ""
    unnamed: bool = False


# What a template may call a part of which pasted text says no name.
_UNNAMED: Mapping[Kind, str] = {"queue": "Queue", "function": "Function", "mapping": "Mapping"}


def settings(
    steps: Iterable[tuple[Call, str]], stack: Stack, *, unnamed: bool = False
) -> Iterator[Setting]:
    """What the steps set, and on which resource.

    Beside each call stands what a text says that the template calls the resource. ``unnamed``:
    there is no stack to look names up in, so that other parts get names of no meaning.
    """
    made = ""
    for each, resource in steps:
        given = dict(each.parameters)
        if each.operation == "create_queue":
            made = str(given["QueueName"])
        if each.operation not in _OPERATIONS:
            continue
        kind, key = _OPERATIONS[each.operation]
        name = str(given.pop(key, "")).rpartition("/")[2]
        attributes = given.pop("Attributes", None)
        if isinstance(attributes, Mapping):
            given |= {
                str(name): REMOVED if value == "" else read(value)
                for name, value in attributes.items()
            }
        if each.operation == "delete_function_concurrency":
            given["ReservedConcurrentExecutions"] = REMOVED
        given = {key: REMOVED if value in _NONE else value for key, value in given.items()}
        given = {key: value for key, value in given.items() if key not in _NOT_PROPERTIES}
        found = _setting(kind, name, given, stack)
        if not found.logical_id and resource:
            found = replace(found, logical_id=resource)
            if kind == "function":
                found = replace(found, function=resource)
        elif unnamed and not found.logical_id and kind in _UNNAMED:
            behind = found.function or ("" if kind == "queue" else _UNNAMED["function"])
            found = replace(found, logical_id=_UNNAMED[kind], function=behind, unnamed=True)
        if found.name in PLACES:
            found = replace(found, name="")
        yield replace(found, dead_letters=made) if "RedrivePolicy" in given else found


def with_dead_letters(setting: Setting) -> dict[str, object]:
    """The properties; a redrive policy tells what its target is to be made of."""
    policy = setting.properties.get("RedrivePolicy")
    if not setting.dead_letters or not isinstance(policy, Mapping):
        return dict(setting.properties)
    fifo = setting.dead_letters.endswith(".fifo")
    made = {**policy, "made": setting.dead_letters, "fifo": fifo}
    return {**setting.properties, "RedrivePolicy": made}


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
