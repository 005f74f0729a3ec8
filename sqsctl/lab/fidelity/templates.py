"""What a template says of functions and mappings, and the emulator passes over.

Upstream takes no ReservedConcurrentExecutions, DeadLetterConfig and RecursiveLoop from a template,
and calls every new mapping Enabled, even one that the template wants disabled (YAML's quoted
"false" it polls, too).
As on AWS an update touches the reservation only where the template's own value changes: what
was set by hand since stays. Sources: CloudFormation template reference, AWS::Lambda::Function
(ReservedConcurrentExecutions, DeadLetterConfig, RecursiveLoop) and
AWS::Lambda::EventSourceMapping (Enabled).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_RESERVED = "ReservedConcurrentExecutions"
_DLQ = "DeadLetterConfig"
_LOOP = "RecursiveLoop"


def install() -> None:
    """Wrap the handlers of both resource types; before those of ``mappings``."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    functions = handlers["AWS::Lambda::Function"]
    functions["create"] = _function_created(functions["create"])
    functions["update"] = _function_updated(functions["update"])
    mappings = handlers["AWS::Lambda::EventSourceMapping"]
    mappings["create"] = _mapping_created(mappings["create"])
    mappings["update"] = _mapping_updated(mappings["update"])


def _function_created(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        made = create(logical_id, props, stack)
        _reserve(made[0], props)
        _set(made[0], props)
        return made

    return created


def _function_updated(update: Callable[..., Any]) -> Callable[..., Any]:
    def updated(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        from ministack.services import lambda_svc

        before = lambda_svc._functions.get(physical_id)
        made = update(physical_id, old, new, *rest, **named)
        replaced = lambda_svc._functions.get(made[0]) is not before
        if replaced or old.get(_RESERVED) != new.get(_RESERVED):
            _reserve(made[0], new)
        if replaced or any(old.get(key) != new.get(key) for key in (_DLQ, _LOOP)):
            _set(made[0], new)
        return made

    return updated


def _reserve(name: str, props: Mapping[str, Any]) -> None:
    from ministack.services import lambda_svc

    wanted = props.get(_RESERVED)
    lambda_svc._functions[name]["concurrency"] = None if wanted is None else int(wanted)


def _set(name: str, props: Mapping[str, Any]) -> None:
    """Where its failed asynchronous events go, and whether its loops are stopped."""
    from ministack.services import lambda_svc

    function = lambda_svc._functions[name]
    function["config"].pop(_DLQ, None)
    if props.get(_DLQ):
        function["config"][_DLQ] = dict(props[_DLQ])
    function["recursive_loop"] = props.get(_LOOP) or "Terminate"


def _mapping_created(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        from ministack.services import lambda_svc

        props = _with_truth(props)
        made = create(logical_id, props, stack)
        if props.get("Enabled") is False:
            lambda_svc._esms[made[0]]["State"] = "Disabled"
        return made

    return created


def _mapping_updated(update: Callable[..., Any]) -> Callable[..., Any]:
    def updated(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> Any:
        from ministack.services import lambda_svc

        # A property that left the template is at its default again.
        new = {"Enabled": True, **new} if "Enabled" in old else new
        new = _with_truth(new)
        made = update(physical_id, old, new, *rest)
        if new.get("Enabled") is False:  # a replacement is created, with a State of its own
            lambda_svc._esms[made[0]]["State"] = "Disabled"
        return made

    return updated


def _with_truth(props: dict[str, Any]) -> dict[str, Any]:
    """The properties, with Enabled as a boolean: YAML and parameters give strings, too."""
    if "Enabled" not in props:
        return props
    return props | {"Enabled": str(props["Enabled"]).lower() == "true"}
