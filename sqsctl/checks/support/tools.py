"""A fix in the words of the tool that deploys the stack.

Checks write fixes as for the Serverless Framework with Lift. Where another tool deploys the
stack, ``serverless deploy`` and lines for serverless.yml would be of no use: the tool's own
command and lines for its own files take their place. Parts that no stack holds were made by
hand or by a tool that knows no CloudFormation: of these Terraform has words.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from sqsctl.checks.support import snippets
from sqsctl.model.finding import Fix
from sqsctl.model.stack import Stack

DEPLOY = "serverless deploy"
TERRAFORM = "Terraform, if that made it"
_LIFT_OR = "constructs:  # of Lift; without it: functions: "
_FILES = {"sam": "template.yaml", "cdk": "the CDK app", "cloudformation": "the template"}


def for_tool(fix: Fix, stack: Stack) -> Fix:
    """The fix, as the stack's tool needs it."""
    found = tuple(snippets.settings(fix.steps or fix.keeps, stack))
    if stack.made_by == "lift":
        return replace(fix, serverless_yml=_lifted(fix.serverless_yml, found, stack))
    commands = tuple(
        said for each in fix.commands if (said := _deploy(stack) if each == DEPLOY else each)
    )
    if stack.made_by == "serverless":
        lines = (*_plain(fix.serverless_yml), *snippets.serverless_resources(found))
        return replace(fix, commands=commands, serverless_yml=lines)
    if stack.made_by or _held_by_none(stack):
        lines = {
            "sam": snippets.sam,
            "cdk": snippets.cdk,
            "cloudformation": snippets.cloudformation,
        }.get(stack.made_by, snippets.terraform)(found)
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


def _lifted(
    lines: tuple[str, ...], found: tuple[snippets.Setting, ...], stack: Stack
) -> tuple[str, ...]:
    """Lines for Lift: a construct's worker has no ``events``, its mapping no key of its own."""
    if not any(each.strip().startswith("- sqs") for each in lines):
        return lines
    told = [each for each in found if each.kind == "mapping"]
    made = [_of_construct(each.queue_arn, stack) for each in stack.mappings]
    if told:
        lifted = {
            each.logical_id for each in stack.mappings if _of_construct(each.queue_arn, stack)
        }
        made = [each.logical_id in lifted for each in told]
    return snippets.serverless_extensions(told) if made and all(made) else lines


def _of_construct(queue_arn: str, stack: Stack) -> bool:
    queue = stack.queue(queue_arn)
    return queue is not None and snippets.is_lifts(queue.logical_id)


def _plain(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines without Lift, whose constructs the stack does not have."""
    if lines and lines[0].startswith(_LIFT_OR):
        key = lines[0].removeprefix(_LIFT_OR)
        return ("functions:", f"  {key}", *(each.removeprefix("  ") for each in lines[3:]))
    return () if lines and lines[0].startswith("constructs:") else lines
