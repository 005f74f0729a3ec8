"""A fix in the words of the tool that deploys the stack.

Checks write fixes as for the Serverless Framework with Lift. Where another tool deploys the
stack, ``serverless deploy`` and lines for serverless.yml would be of no use: the tool's own
command and lines for its own files take their place. Parts that no stack holds were made by
hand or by a tool that knows no CloudFormation: of these Terraform has words.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Stack
from sqsctl.remedies import renderers
from sqsctl.remedies.context import Context, tool_of
from sqsctl.remedies.notation import yaml_lines
from sqsctl.remedies.renderers.cloudformation import resources
from sqsctl.remedies.settings import Setting, settings
from sqsctl.remedies.shell import lift_construct, yml_key

DEPLOY = "serverless deploy"
TERRAFORM = "Terraform, if that made it"
_LIFT_OR = "constructs:  # of Lift; without it: functions: "
_SERVERLESS_FUNCTION = "LambdaFunction"
_FILES = {"sam": "template.yaml", "cdk": "the CDK app", "cloudformation": "the template"}


def for_tool(fix: Fix, stack: Stack) -> Fix:
    """The fix, as the stack's tool needs it."""
    found = tuple(settings(fix.calls or fix.keeps, stack))
    if stack.made_by in {"lift", "serverless"}:
        fix = replace(fix, serverless_yml=_keyed(fix.serverless_yml, stack))
    if stack.made_by == "lift":
        return replace(fix, serverless_yml=_lifted(fix.serverless_yml, found, stack))
    commands = tuple(
        said for each in fix.commands if (said := _deploy(stack) if each == DEPLOY else each)
    )
    if stack.made_by == "serverless":
        lines = (*_plain(fix.serverless_yml), *_serverless_resources(found))
        return replace(fix, commands=commands, serverless_yml=lines)
    if stack.made_by or _held_by_none(stack):
        tool = renderers.of(tool_of(stack)[0]) or renderers.of("terraform")
        lines = tuple(tool.properties(found, Context(stack))) if tool else ()
        return replace(
            fix,
            commands=tuple(each for each in commands if not each.startswith("serverless ")),
            serverless_yml=(),
            template=lines,
            template_of=_FILES.get(stack.made_by, TERRAFORM) if lines else "",
        )
    lines = _plain(fix.serverless_yml)
    marked = ("# with the Serverless Framework", *lines) if lines else ()
    return replace(fix, commands=commands, serverless_yml=marked)


def _held_by_none(stack: Stack) -> bool:
    """Whether the parts were looked at, and no stack and no serverless.yml holds them."""
    return (
        stack.stack_name is None
        and bool(stack.queues.items or stack.functions.items)
        and not any("serverless" in each.source for each in stack.project)
    )


def _deploy(stack: Stack) -> str:
    """The command that deploys the stack; empty where there is none to name."""
    return {
        "serverless": DEPLOY,
        "sam": "sam build && sam deploy",
        "cdk": f"cdk deploy {shlex.quote(stack.stack_name)}" if stack.stack_name else "cdk deploy",
        "": "" if _held_by_none(stack) else f"{DEPLOY}  # with the Serverless Framework",
    }.get(stack.made_by, "")


def _lifted(lines: tuple[str, ...], found: tuple[Setting, ...], stack: Stack) -> tuple[str, ...]:
    """Lines for Lift: a construct's worker has no ``events``, its mapping no key of its own."""
    if lines and lines[0].startswith(_LIFT_OR):
        constructs = {lift_construct(each.logical_id) for each in stack.queues} - {""}
        name = re.sub(r"[^A-Za-z0-9]", "", lines[1])
        own = ("constructs:", *lines[1:]) if name in constructs else _plain(lines)
        return own if constructs else lines
    if not any(each.strip().startswith("- sqs") for each in lines):
        return lines
    told = [each for each in found if each.kind == "mapping"]
    made = [_of_construct(each.queue_arn, stack) for each in stack.mappings]
    if told:
        lifted = {
            each.logical_id for each in stack.mappings if _of_construct(each.queue_arn, stack)
        }
        made = [each.logical_id in lifted for each in told]
    return _serverless_extensions(told) if made and all(made) else lines


def _keyed(lines: tuple[str, ...], stack: Stack) -> tuple[str, ...]:
    """The lines with the functions' keys as logical ids tell them, not as their names end."""
    keys = _keys(stack)
    if len(lines) > 3 and lines[0].startswith(_LIFT_OR):
        key = keys.get(lines[0].removeprefix(_LIFT_OR).rstrip(":"))
        return yml_key(key, *(each[6:] for each in lines[3:])) if key else lines
    if not lines or lines[0] != "functions:":
        return lines
    heads = [each for each in lines[1:] if each[:3].strip()]
    known = {each: keys.get(each.strip().rstrip(":")) for each in heads}
    if len(heads) == 1 and (key := known[heads[0]]):
        return yml_key(key, *(each[4:] for each in lines[2:]))
    return tuple(f"  {key}:" if (key := known.get(each)) else each for each in lines)


def _keys(stack: Stack) -> dict[str, str]:
    """What a function's key was taken for, and what it is; where two look alike neither."""
    found: dict[str, set[str]] = {}
    for each in stack.functions:
        stem = (each.logical_id or "").removesuffix(_SERVERLESS_FUNCTION)
        if stem and stem != each.logical_id:
            key = stem.replace("Dash", "-").replace("Underscore", "_")
            own = key if each.name.endswith(key) else f"{key[:1].lower()}{key[1:]}"
            found.setdefault(each.name.rsplit("-", 1)[-1], set()).add(own)
    return {guess: own.pop() for guess, own in found.items() if len(own) == 1}


def _of_construct(queue_arn: str, stack: Stack) -> bool:
    queue = stack.queue(queue_arn)
    return queue is not None and bool(lift_construct(queue.logical_id))


def _plain(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines without Lift, whose constructs the stack does not have."""
    if lines and lines[0].startswith(_LIFT_OR):
        key = lines[0].removeprefix(_LIFT_OR)
        return ("functions:", f"  {key}", *(each.removeprefix("  ") for each in lines[3:]))
    return () if lines and lines[0].startswith("constructs:") else lines


def _serverless_resources(found: tuple[Setting, ...]) -> tuple[str, ...]:
    """Queues of serverless.yml's own ``resources``."""
    made = resources(each for each in found if each.kind == "queue")
    return tuple(yaml_lines({"resources": {"Resources": made}})) if made else ()


def _serverless_extensions(found: list[Setting]) -> tuple[str, ...]:
    """What Serverless or a plugin made and offers no key for: ``resources.extensions``."""
    made = resources(found)
    return tuple(yaml_lines({"resources": {"extensions": made}})) if made else ()
