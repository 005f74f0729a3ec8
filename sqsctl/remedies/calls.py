"""Intents as the API calls that carry them out, and the calls that take them back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqsctl.model.intents import REMOVED, ChangeRuntime, Create, Do, Intent, Quota, Set, call
from sqsctl.model.remedy import Call
from sqsctl.remedies.cli import FUNCTION, MAPPING, QUEUE_URL

_RESERVED = "ReservedConcurrentExecutions"
_LOOP = "RecursiveLoop"
_NAME = "FunctionName"


def calls_of(intent: Intent) -> tuple[Call, ...]:
    """The calls that carry an intent out; none where it takes more than calls."""
    match intent:
        case Set():
            return tuple(_setting(intent, intent.properties))
        case ChangeRuntime(function=function, to=to):
            return (
                call(
                    "lambda",
                    "update_function_configuration",
                    FunctionName=function or FUNCTION,
                    Runtime=to,
                ),
            )
        case Create():
            return (
                call(
                    "sqs",
                    "create_queue",
                    QueueName=intent.name,
                    Attributes=_attributes(intent.properties),
                ),
            )
        case Quota():
            return (
                call(
                    "service-quotas",
                    "request_service_quota_increase",
                    ServiceCode=intent.service,
                    QuotaCode=intent.code,
                    DesiredValue=intent.value,
                ),
            )
        case Do():
            return (intent.call,)
        case _:
            return ()


def undo_of(intent: Intent) -> tuple[Call, ...]:
    """The calls that put back what an intent changes, so far as today's values are known."""
    match intent:
        case Set(kind="permission"):
            given = dict(intent.properties)
            return (
                call(
                    "lambda",
                    "remove_permission",
                    FunctionName=intent.name,
                    StatementId=given["StatementId"],
                    **({"Qualifier": given["Qualifier"]} if "Qualifier" in given else {}),
                ),
            )
        case Set() if intent.name and intent.properties.keys() <= intent.present.keys():
            back = {key: intent.present[key] for key in intent.properties}
            return tuple(_setting(intent, back))
        case ChangeRuntime(present=present) if present:
            return calls_of(ChangeRuntime(intent.function, present))
        case _:
            return ()


def _setting(intent: Set, properties: Mapping[str, object]) -> Iterator[Call]:
    given = dict(properties)
    match intent.kind:
        case "queue":
            yield call(
                "sqs",
                "set_queue_attributes",
                QueueUrl=intent.name or QUEUE_URL,
                Attributes=_attributes(given),
            )
        case "mapping":
            taken = {key: {} if value is REMOVED else value for key, value in given.items()}
            yield call(
                "lambda", "update_event_source_mapping", UUID=intent.name or MAPPING, **taken
            )
        case "permission":
            yield call("lambda", "add_permission", FunctionName=intent.name or FUNCTION, **given)
        case "function":
            yield from _function(intent.name or FUNCTION, given)


def _function(name: str, given: dict[str, Any]) -> Iterator[Call]:
    if _RESERVED in given:
        value = given.pop(_RESERVED)
        if value is REMOVED:
            yield call("lambda", "delete_function_concurrency", FunctionName=name)
        else:
            yield call(
                "lambda",
                "put_function_concurrency",
                FunctionName=name,
                ReservedConcurrentExecutions=value,
            )
    if _LOOP in given:
        yield call(
            "lambda",
            "put_function_recursion_config",
            FunctionName=name,
            RecursiveLoop=given.pop(_LOOP),
        )
    if _NAME in given:  # a template's alone: told apart from the name that the call goes by
        given["Attributes"] = _attributes({_NAME: given.pop(_NAME)})
    if given:
        yield call("lambda", "update_function_configuration", FunctionName=name, **given)


def _attributes(properties: Mapping[str, object]) -> dict[str, str]:
    """Attributes as SQS takes them: strings, documents as JSON; an empty one removes it."""
    return {
        name: ""
        if value is REMOVED
        else json.dumps(value, separators=(",", ":"))
        if isinstance(value, Mapping)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for name, value in properties.items()
    }
