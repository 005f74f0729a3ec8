"""Terraform's AWS provider. No stack holds its parts, so they are named as people know them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqsctl.model.intents import REMOVED, Grant
from sqsctl.model.queues import Queue
from sqsctl.model.remedy import Step
from sqsctl.remedies.context import Context
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.property_names import TERRAFORM, TERRAFORM_TYPE
from sqsctl.remedies.settings import Setting, with_dead_letters


class Terraform(Renderer):
    name = "Terraform"
    file = "Terraform, if that made it"
    language = "hcl"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        del context
        lines: list[str] = []
        for each in found:
            told = [
                f"  # remove: {words[0]}" if value is REMOVED else f"  {words[0]}{words[1](value)}"
                for key, value in with_dead_letters(each).items()
                if (words := TERRAFORM.get((each.kind, key)))
            ]
            if told:
                lines += [f"# {TERRAFORM_TYPE[each.kind]} of {each.name}", *told]
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

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        return (typed("terraform", "apply"),)
