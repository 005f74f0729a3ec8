"""The values of a template's parameters: what a person says, else samconfig, else the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target import samconfig

FROM_STORE = "AWS::SSM::Parameter::"


def chosen(
    said: Sequence[str], stacks: Iterable[PackagedStack], stage: str | None
) -> dict[str, str]:
    """Parameters by name, of ``KEY=VALUE`` texts and of the samconfig beside SAM's templates.

    Raises UsageError for a text of another form, and for a key that no template declares.
    """
    listed = list(stacks)
    pairs = [each.partition("=") for each in said]
    wrong = [key for key, sign, _ in pairs if not sign or not key]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no parameter", hint="`again --parameter KEY=VALUE`")
    given = {key: value for key, _, value in pairs}
    known = {key for each in listed for key in declared(each)}
    foreign = sorted(set(given) - known)
    if foreign:
        raise UsageError(
            f"no template declares a parameter {foreign[0]}",
            hint=f"declared: {', '.join(sorted(known))}" if known else "there are no parameters",
        )
    configured = {key: value for each in listed for key, value in _configured(each, stage).items()}
    return {key: value for key, value in configured.items() if key in known} | given


def declared(stack: PackagedStack) -> Mapping[str, Mapping[str, Any]]:
    """The parameters of a template, by name."""
    found = stack.template.get("Parameters")
    if not isinstance(found, Mapping):
        return {}
    return {str(key): each for key, each in found.items() if isinstance(each, Mapping)}


def undecided(stack: PackagedStack, given: Mapping[str, str]) -> tuple[str, ...]:
    """Those that have no default and were not told, apart from what Parameter Store holds."""
    return tuple(
        key
        for key, each in declared(stack).items()
        if key not in given
        and "Default" not in each
        and not str(each.get("Type", "")).startswith(FROM_STORE)
    )


def edited_defaults(stack: PackagedStack, deployed: Mapping[str, str]) -> dict[str, str]:
    """The defaults that the project changed since: the stack's values would hide them.

    ``deployed`` are the defaults of the template that the stack was deployed from.
    """
    return {
        key: now
        for key, each in declared(stack).items()
        if "Default" in each
        and key in deployed
        and (now := _as_cloudformation_has_it(each["Default"])) != deployed[key]
    }


def _as_cloudformation_has_it(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _configured(stack: PackagedStack, stage: str | None) -> Mapping[str, str]:
    config = samconfig.read(stack.folder) if stack.tool == "sam" else None
    environment = config.environment(stage) if config else None
    return config.overrides(environment) if config and environment else {}
