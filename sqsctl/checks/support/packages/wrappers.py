"""Handlers of monitoring tools that wrap the function's own: what is missing, and what to do."""

from __future__ import annotations

import re

from sqsctl.model.intents import Look, Package, Redrive, Remedy, Tell, call, remedy
from sqsctl.remedies.cli import FUNCTION

# How the name of a handler ends that is not Lambda's setting but a wrapper's.
CALLED_BY_WRAPPER = "which a tool's wrapper is to call"
# They come with a layer.
_WRAPPER = re.compile(
    r"newrelic|datadog|lumigo|epsagon|thundra|dynatrace|instana|otel|opentelemetry|sentry|splunk"
    r"|honeycomb|catchpoint|rollbar",
    re.IGNORECASE,
)


def _missing(name: str, told: str) -> Remedy:
    asked = call("lambda", "get_function_configuration", FunctionName=name or FUNCTION)
    return remedy(
        f"attach the layer that brings the wrapper {told}, or name your own handler",
        Look(asked, query="[Handler,Runtime,Architectures,Layers]"),
        Tell(
            f"the handler setting names a tool's wrapper ({told}): attach its layer, made for the "
            "function's region, runtime and processor, and let its variable name your handler "
            "(NEW_RELIC_LAMBDA_HANDLER, DD_LAMBDA_HANDLER and the like); or take the wrapper off"
        ),
        afterwards=Redrive(),
    )


def _calls_nothing(name: str) -> Remedy:
    """The wrapper was loaded, and finds no handler under the name that its variable holds."""
    asked = call("lambda", "get_function_configuration", FunctionName=name or FUNCTION)
    return remedy(
        "let the wrapper's variable (NEW_RELIC_LAMBDA_HANDLER, DD_LAMBDA_HANDLER and the like) "
        "name your own handler as file.function, and package that file at the archive's root",
        Look(asked, query="[Handler,Environment.Variables]"),
        Package("again"),
        afterwards=Redrive(),
    )


def of_a_wrapper(name: str, told: str) -> Remedy | None:
    """The remedy for the handler ``told`` of function ``name``; None where no wrapper has to do."""
    if told.endswith(CALLED_BY_WRAPPER):
        return _calls_nothing(name)
    return _missing(name, told) if _WRAPPER.search(told) else None
