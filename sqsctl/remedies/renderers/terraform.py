"""Terraform's AWS provider: resources by their addresses, where the files name them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sqsctl.model.intents import REMOVED, Grant, Intent
from sqsctl.model.queues import Queue
from sqsctl.model.remedy import Call, Edit, Step
from sqsctl.model.stack import Declared
from sqsctl.remedies.alarm_lines import terraform_alarms
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import removed_within
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.property_names import TERRAFORM, TERRAFORM_TYPE, Words
from sqsctl.remedies.settings import Setting, with_dead_letters
from sqsctl.remedies.tools import ADDRESS_KEY, BESIDE_KEY, TOOL_KEY


class Terraform(Renderer):
    name = "Terraform"
    file = "Terraform, if that made it"
    sure_file = "the Terraform files"
    language = "hcl"

    def edits(self, intents: Sequence[Intent], context: Context) -> tuple[Edit, ...]:
        found = super().edits(intents, context)
        sure = context.phase == "deploy" or any(
            each.key in {TOOL_KEY, BESIDE_KEY} for each in context.stack.project
        )
        return tuple(replace(each, file=self.sure_file) for each in found) if sure else found

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        lines: list[str] = []
        for each in found:
            told = [
                line
                for key, value in with_dead_letters(each).items()
                if (words := TERRAFORM.get((each.kind, key)))
                for line in _line(words, value).split("\n")
            ]
            if told:
                lines += [f"# {_named(each, context)}", *told]
        return lines

    def queue_url(self, queue: Queue) -> object:
        return queue.url

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        resource = json.dumps(grant.resource or "RESOURCE_ARN")
        actions = json.dumps(list(grant.actions))
        return (
            'resource "aws_iam_role_policy" "sqsctl" {',
            f"  role = {json.dumps(context.role or 'ROLE_NAME')}",
            "  policy = jsonencode({",
            '    Version   = "2012-10-17"',
            f'    Statement = [{{ Effect = "Allow", Action = {actions}, Resource = {resource} }}]',
            "  })",
            "}",
        )

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        return tuple(terraform_alarms(calls))

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        return (typed("terraform", "apply"),)


def _line(words: tuple[str, Words], value: object) -> str:
    name, worded = words
    if value is REMOVED:
        return f"  # remove: {name}"
    if removed := removed_within(value):
        return f"  # remove from {name}: {', '.join(removed)}"
    return f"  {name}{worded(value)}"


def _named(setting: Setting, context: Context) -> str:
    """A resource by its address and place, else by its type and what people know it by."""
    type_ = TERRAFORM_TYPE[setting.kind]
    if setting.logical_id.startswith((type_, "module.")):
        return setting.logical_id
    found = _declared(setting, type_, context)
    if found is not None:
        return f"{found.value} ({found.source})"
    return f"{type_} of {setting.name}" if setting.name else type_


def _declared(setting: Setting, type_: str, context: Context) -> Declared | None:
    """What the files say of a resource: the address of the one that bears its name."""
    for each in context.stack.project:
        of_type = each.key == ADDRESS_KEY and each.value.rpartition("module.")[2].startswith(type_)
        if of_type and each.function == setting.name:
            return each
    return None
