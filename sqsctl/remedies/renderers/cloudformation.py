"""A template of CloudFormation's own, and what SAM's templates share with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqsctl.model.intents import Grant
from sqsctl.model.remedy import Call, Sentence, Step
from sqsctl.remedies.alarm_lines import alarm_resources
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import Reference, merged, without_target, yaml_lines
from sqsctl.remedies.renderers.base import Renderer
from sqsctl.remedies.renderers.property_names import CFN_TYPE
from sqsctl.remedies.settings import Setting


class CloudFormation(Renderer):
    name = "CloudFormation"
    file = "the template"
    language = "yaml"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        del context
        return tuple(yaml_lines(resources(found)))

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        function = context.stack.function(context.function)
        made = f"{(function.logical_id if function else None) or 'Function'}Policy"
        document = {
            "PolicyName": "sqsctl",
            "Roles": [context.role or "ROLE_NAME"],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement(grant)]},
        }
        return tuple(
            yaml_lines({"Resources": {made: {"Type": "AWS::IAM::Policy", "Properties": document}}})
        )

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        made = alarm_resources(calls)
        return tuple(yaml_lines({"Resources": made})) if made else ()

    def deploy(self, context: Context) -> tuple[Step, ...]:
        name = context.stack.stack_name
        stack = f" {name}" if name else ""
        return (Sentence(f"update the stack{stack} with the changed template"),)


def statement(grant: Grant) -> dict[str, object]:
    """A statement of a policy."""
    actions: object = grant.actions[0] if len(grant.actions) == 1 else list(grant.actions)
    return {"Effect": "Allow", "Action": actions, "Resource": grant.resource or "RESOURCE_ARN"}


def resources(found: Iterable[Setting]) -> dict[str, object]:
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
            typed = {"Type": CFN_TYPE[each.kind]} if each.unnamed else {}
            template = merged(template, {each.logical_id: {**typed, "Properties": given}})
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
