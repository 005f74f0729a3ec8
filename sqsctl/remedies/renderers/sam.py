"""The Serverless Application Model: template.yaml and sam."""

from __future__ import annotations

from collections.abc import Sequence

from sqsctl.model.intents import Bundle, Grant
from sqsctl.model.remedy import Call, Step
from sqsctl.remedies.alarm_lines import alarm_resources
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import merged, yaml_lines
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.cloudformation import resources, statement
from sqsctl.remedies.settings import Setting


class Sam(Renderer):
    name = "SAM"
    file = "template.yaml"
    language = "yaml"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        """As CloudFormation; a mapping is an event of its function."""
        del context
        template: dict[str, object] = {}
        of_text: list[str] = []
        for each in found:
            if each.kind == "mapping" and each.logical_id and not each.function:
                of_text += _event(each)
                continue
            event = each.logical_id.removeprefix(each.function)
            if each.kind != "mapping" or event in {"", each.logical_id}:
                template = merged(template, resources((each,)))
                continue
            events = {event: {"Properties": each.properties}}
            template = merged(template, {each.function: {"Properties": {"Events": events}}})
        return (*yaml_lines(template), *of_text)

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        function = context.stack.function(context.function)
        made = (function.logical_id if function else None) or "Function"
        policies = [{"Statement": [statement(grant)]}]
        return tuple(yaml_lines({made: {"Properties": {"Policies": policies}}}))

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        made = alarm_resources(calls)
        return tuple(yaml_lines({"Resources": made})) if made else ()

    def bundle(self, bundle: Bundle, context: Context) -> Sequence[str]:
        function = context.stack.function(context.function)
        made = (function.logical_id if function else None) or "Function"
        built = {"BuildMethod": "esbuild", "BuildProperties": {"Format": bundle.format}}
        return tuple(yaml_lines({made: {"Metadata": built}}))

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        return (typed("sam", "build"), typed("sam", "deploy"))


def _event(setting: Setting) -> tuple[str, ...]:
    """An event that a text alone names, by what SAM calls its mapping."""
    made = f"# the SQS event that became {setting.logical_id}: the function's id, then the event's"
    return (made, *yaml_lines({"Properties": setting.properties}))
