"""The Serverless Framework without plugins, its versions 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqsctl.model.intents import REMOVED, Bundle, Grant, Package
from sqsctl.model.remedy import Call, Step
from sqsctl.model.stack import Api, Stack
from sqsctl.remedies.alarm_lines import alarm_resources
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import merged, yaml_lines
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.cloudformation import resources, statement
from sqsctl.remedies.settings import Setting

_FUNCTION = "LambdaFunction"  # what Serverless puts behind the key of a function
_KEYS: Mapping[str, str] = {
    "Timeout": "timeout",
    "MemorySize": "memorySize",
    "Handler": "handler",
    "Runtime": "runtime",
    "ReservedConcurrentExecutions": "reservedConcurrency",
    "VpcConfig": "vpc",
    "FunctionName": "name",
}
_EXTENDED = frozenset({"LoggingConfig"})
_SQS: Mapping[str, str] = {
    "BatchSize": "batchSize",
    "MaximumBatchingWindowInSeconds": "maximumBatchingWindow",
    "Enabled": "enabled",
    "EventSourceArn": "arn",
}


class Serverless(Renderer):
    name = "the Serverless Framework"
    file = "serverless.yml"
    language = "yaml"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        document: dict[str, object] = {}
        for each in found:
            document = merged(document, self.lines_of(each, context))
        return tuple(yaml_lines(document))

    def lines_of(self, setting: Setting, context: Context) -> dict[str, object]:
        """One setting, as it stands in serverless.yml."""
        match setting.kind:
            case "queue":
                made = resources((setting,))
                return {"resources": {"Resources": made}} if made else {}
            case "mapping":
                return self.of_function(setting, _event(setting.properties, context), context)
            case "permission":
                return self.of_function(setting, _access(setting, context.stack), context)
            case _:
                own = self.of_function(setting, _function(setting.properties), context)
                return merged(own, _extended(setting))

    def of_function(
        self, setting: Setting, given: dict[str, object], context: Context
    ) -> dict[str, object]:
        """Lines below a function, if there are any."""
        name = setting.name
        behind = "" if setting.unnamed else setting.function
        if setting.kind == "mapping":  # known by "queue to function", or by an id alone
            name = name.rpartition(" to ")[2] if " to " in name else ""
            behind = behind or _function_of(setting.logical_id)
        key = function_key(context.stack, name, behind)
        return {"functions": {key: given}} if given else {}

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        del context
        statements = {"iam": {"role": {"statements": [statement(grant)]}}}
        return tuple(yaml_lines({"provider": statements}))

    def packaging(self, package: Package, context: Context) -> Sequence[str]:
        language = package.language or context.language
        if context.package == "image":
            return ()
        if package.what == "file" or (language == "node" and package.what == "dependency"):
            path = package.name if package.what == "file" else f"node_modules/{package.name}/**"
            return tuple(yaml_lines({"package": {"patterns": [path]}})) if package.name else ()
        if language == "python":
            lines: dict[str, object] = {"plugins": ["serverless-python-requirements"]}
            if package.what == "native":
                lines["custom"] = {"pythonRequirements": {"dockerizePip": True}}
            return tuple(yaml_lines(lines))
        return ()

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        made = alarm_resources(calls)
        return tuple(yaml_lines({"resources": {"Resources": made}})) if made else ()

    def bundle(self, bundle: Bundle, context: Context) -> Sequence[str]:
        """Version 4 has esbuild built in, version 3 takes the plugin serverless-esbuild."""
        settings = {"esbuild": {"bundle": True, "format": bundle.format}}
        if context.framework == 3:
            plugin = {"plugins": ["serverless-esbuild"], "custom": settings}
            return tuple(yaml_lines(plugin))
        lines = list(yaml_lines({"build": settings}))
        return lines if context.framework == 4 else ("# version 4; in 3: custom.esbuild", *lines)

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        return (typed("serverless", "deploy"),)


def _function_of(mapping: str) -> str:
    """The logical id of a function, from the one that Serverless gave its mapping."""
    stem, made, _ = mapping.partition("EventSourceMapping")
    return f"{stem}{_FUNCTION}" if stem and made else ""


def function_key(stack: Stack, name: str, logical_id: str = "") -> str:
    """The key of a function: what its logical id is made of, else the last word of its name."""
    function = stack.function(name)
    held = (function.logical_id if function else "") or logical_id
    stem = held.removesuffix(_FUNCTION)
    if not stem or stem == held:
        return name.rsplit("-", 1)[-1] or "FUNCTION"
    key = stem.replace("Dash", "-").replace("Underscore", "_")
    return key if name.endswith(key) else f"{key[:1].lower()}{key[1:]}"


def _extended(setting: Setting) -> dict[str, object]:
    """Properties that serverless.yml has no key for, as an extension of the resource."""
    left = {key: each for key, each in setting.properties.items() if key in _EXTENDED}
    if not left or not setting.logical_id:
        return {}
    return {"resources": {"extensions": {setting.logical_id: {"Properties": left}}}}


def _function(given: Mapping[str, object]) -> dict[str, object]:
    told: dict[str, object] = {_KEYS[key]: each for key, each in given.items() if key in _KEYS}
    storage = given.get("EphemeralStorage")
    if isinstance(storage, Mapping):
        told["ephemeralStorageSize"] = storage.get("Size")
    variables = given.get("Environment")
    if isinstance(variables, Mapping) and isinstance(variables.get("Variables"), Mapping):
        told["environment"] = dict(variables["Variables"])
    return told


def _event(given: Mapping[str, object], context: Context) -> dict[str, object]:
    """The ``sqs`` event of a function."""
    del context
    told: dict[str, object] = {_SQS[key]: each for key, each in given.items() if key in _SQS}
    types = given.get("FunctionResponseTypes")
    if isinstance(types, list | tuple) and types:
        told["functionResponseType"] = types[0]
    scaling = given.get("ScalingConfig")
    if scaling is REMOVED:
        told["maximumConcurrency"] = REMOVED
    elif isinstance(scaling, Mapping):
        told["maximumConcurrency"] = scaling.get("MaximumConcurrency", REMOVED)
    if "FilterCriteria" in given:
        told["filterPatterns"] = given["FilterCriteria"]
    return {"events": [{"sqs": told}]} if told else {}


def _access(setting: Setting, stack: Stack) -> dict[str, object]:
    """A permission comes with the event that needs it."""
    if setting.properties.get("Principal") == "*":
        return {"url": True}
    source = str(setting.properties.get("SourceArn", ""))
    for api in stack.apis:
        named = api.id in source or (api.logical_id and api.logical_id in source)
        if named and (event := _route(api, source, setting.name)):
            return {"events": [event]}
    return {}


def _route(api: Api, source: str, function: str) -> dict[str, object] | None:
    """The event whose route the permission is for; the longest path is the one that is meant."""
    routes = [each for each in api.routes if each.function_name == function]
    best = max(
        (each for each in routes if source.endswith(each.path) or each.path == "/"),
        key=lambda each: len(each.path),
        default=routes[0] if routes else None,
    )
    if best is None:
        return None
    if best.method == "$default":
        return {"httpApi": "*"}
    where = f"{'*' if best.method == 'ANY' else best.method} {best.path}"
    return {"httpApi": where} if api.kind == "http" else {"http": where}
