"""A fix in the words of the tool that deploys the stack.

Checks write fixes as for the Serverless Framework with Lift. Where another tool deploys the
stack, ``serverless deploy`` and lines for serverless.yml would be of no use: the tool's own
command and the property that has to be kept in its template take their place.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqsctl.model.finding import Fix, Step
from sqsctl.model.stack import Stack

DEPLOY = "serverless deploy"
_LIFT_OR = "constructs:  # of Lift; without it: functions: "
_KEPT = {"sam": "template.yaml", "cdk": "the CDK app", "cloudformation": "the template"}
# Parameters that say which resource is meant; the others are CloudFormation's properties.
_WHICH = frozenset({"QueueUrl", "FunctionName", "UUID", "Qualifier"})
_SETTINGS = frozenset(
    {"set_queue_attributes", "update_function_configuration", "update_event_source_mapping"}
)


def for_tool(fix: Fix, stack: Stack) -> Fix:
    """The fix, as the stack's tool needs it."""
    if stack.made_by == "lift":
        return fix
    commands = tuple(
        said for each in fix.commands if (said := _deploy(stack) if each == DEPLOY else each)
    )
    if stack.made_by in _KEPT:
        commands = tuple(each for each in commands if not each.startswith("serverless "))
        return replace(
            fix,
            summary=_with_properties(fix, _KEPT[stack.made_by]),
            commands=commands,
            serverless_yml=(),
        )
    return replace(fix, commands=commands, serverless_yml=_plain(fix.serverless_yml, stack))


def _deploy(stack: Stack) -> str:
    """The command that deploys the stack; empty where there is none to name."""
    return {
        "serverless": DEPLOY,
        "sam": "sam build && sam deploy",
        "cdk": f"cdk deploy {shlex.quote(stack.stack_name)}" if stack.stack_name else "cdk deploy",
        "": f"{DEPLOY}  # with the Serverless Framework",
    }.get(stack.made_by, "")


def _plain(lines: tuple[str, ...], stack: Stack) -> tuple[str, ...]:
    """The lines without Lift, whose constructs the stack does not have."""
    if lines and lines[0].startswith(_LIFT_OR):
        key = lines[0].removeprefix(_LIFT_OR)
        lines = ("functions:", f"  {key}", *(each.removeprefix("  ") for each in lines[3:]))
    elif lines and lines[0].startswith("constructs:"):
        return ()
    return ("# with the Serverless Framework", *lines) if lines and not stack.made_by else lines


def _with_properties(fix: Fix, where: str) -> str:
    kept = "; ".join(dict.fromkeys(text for each in fix.steps for text in _properties(each)))
    return f"{fix.summary} (keep it in {where}, too: {kept})" if kept else fix.summary


def _properties(step: Step) -> Iterator[str]:
    """What the next deploy would undo: the properties that a step sets, and of what."""
    given = dict(step.parameters)
    if step.operation not in _SETTINGS:
        return
    name = str(given.get("QueueUrl") or given.get("FunctionName") or "").rpartition("/")[2]
    attributes = given.pop("Attributes", None)
    if isinstance(attributes, Mapping):
        given |= attributes
    said = ", ".join(f"{key} {_short(value)}" for key, value in given.items() if key not in _WHICH)
    if said:
        yield f"{said} of {name}" if name else f"{said} of the event source mapping"


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_short(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_short, value)) or "none"
    return str(value)
