"""A function's environment: AWS takes it only as a whole, so what it holds already goes along."""

from __future__ import annotations

import json

from sqsctl.model.intents import SetVariable, call
from sqsctl.model.remedy import Edit, Step
from sqsctl.remedies.cli import FUNCTION, aws
from sqsctl.remedies.context import Context

VARIABLE, VALUE = "NAME", "VALUE"
_FILE = "environment.json"


def value_of(intent: SetVariable, context: Context) -> str:
    """What the variable is to hold."""
    queue = context.stack.queue(intent.queue) if intent.queue else None
    return queue.url if queue else intent.value or VALUE


def variable_steps(intent: SetVariable, context: Context) -> tuple[Step, ...]:
    """One command where every value is known; else the whole is read, edited and put back.

    Values that may be secret are never read into a snapshot, so they are not known here.
    """
    name = intent.function or FUNCTION
    function = context.stack.function(intent.function)
    variable, value = intent.variable or VARIABLE, value_of(intent, context)
    held = dict(function.environment) if function else None
    if held is not None and all(each is not None for key, each in held.items() if key != variable):
        whole = {"Variables": {**held, variable: value}}
        update = call(
            "lambda", "update_function_configuration", FunctionName=name, Environment=whole
        )
        return (aws(update, context),)
    read = call("lambda", "get_function_configuration", FunctionName=name)
    update = call(
        "lambda",
        "update_function_configuration",
        FunctionName=name,
        Environment=f"file://{_FILE}",
    )
    return (
        aws(read, context, query="Environment"),
        Edit(
            _FILE,
            "json",
            (
                '{"Variables": {',
                f"  {json.dumps(variable)}: {json.dumps(value)},",
                "  …and all that the command above shows, as it is",
                "}}",
            ),
        ),
        aws(update, context),
    )
