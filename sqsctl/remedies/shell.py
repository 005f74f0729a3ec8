"""Commands for a person to type: AWS CLI lines with everything quoted as it must be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.remedy import Call, Fix
from sqsctl.model.stack import (
    Queue,
    Stack,
)
from sqsctl.remedies.notation import Reference

FUNCTION = "FUNCTION_NAME"
QUEUE_URL = "QUEUE_URL"
# What the CDK makes of the path construct/Queue or construct/Dlq.
_LIFT = re.compile(r"(?P<construct>\w{1,200})(?:Queue|Dlq)[0-9A-F]{8}")


def aws(stack: Stack | None, *words: object) -> str:
    """``aws`` and the words, quoted for a POSIX shell, with the stack's region."""
    line = " ".join(shlex.quote(str(word)) for word in ("aws", *words))
    return f"{line} --region {shlex.quote(stack.region)}" if stack and stack.region else line


def sqsctl(stack: Stack, *words: object, queue: str = "", function: str = "") -> str:
    """``sqsctl`` and the words, with what they are to work on.

    A queue that is known is named itself, else the stack. Without either the function leads to
    the queue that it consumes, so far as the mappings say (reads MAPPINGS then). Words that name
    a function themselves need none of them.
    """
    if not queue and not stack.stack_name and "--function" not in words:
        queue = next(iter(_consumed(stack, function)), "")
    aim = ("--queue", queue) if queue else ("--stack", stack.stack_name) if stack.stack_name else ()
    return " ".join(shlex.quote(str(word)) for word in ("sqsctl", *words, *aim))


def dead_letter_commands(stack: Stack, function: str, *lines: str) -> tuple[str, ...]:
    """``sqsctl dlq`` with each line's words, for the dead-letter queues behind a function's queues.

    Without a known function, or queues, the stack's; nothing where the function has none.
    Reads QUEUES and MAPPINGS.
    """
    consumed = _consumed(stack, function)
    sources = [each for each in stack.queues if each.name in consumed]
    targets = [
        each.dead_letter_target_arn.rpartition(":")[2]
        for each in sources
        if each.dead_letter_target_arn
    ]
    if not targets and (sources or (stack.queues.items and not stack.dead_letter_queues())):
        return ()
    if function and stack.mappings.items and not consumed and not stack.mappings.unread:
        return ()  # no consumer: what it was called with comes to no dead-letter queue
    return tuple(
        sqsctl(stack, "dlq", *line.split(), queue=queue)
        for queue in dict.fromkeys(targets or [""])
        for line in lines
    )


def if_dead_lettered(stack: Stack, function: str, words: str) -> str:
    """``words`` about dead letters; empty where what the function fails on never becomes one.

    Reads QUEUES and MAPPINGS.
    """
    return words if dead_letter_commands(stack, function, "peek") else ""


def _consumed(stack: Stack, function: str) -> tuple[str, ...]:
    """Names of the queues that a function consumes."""
    arns = [each.queue_arn for each in stack.mappings if each.function_name == function]
    return tuple(dict.fromkeys(arn.rpartition(":")[2] for arn in arns if ":sqs:" in arn))


def step(service: str, operation: str, **parameters: object) -> Call:
    """One boto3 call of a fix."""
    return Call(service, operation, tuple(parameters.items()))


def function_settings(
    stack: Stack,
    function: str,
    summary: str,
    *,
    safe: bool,
    yml: Iterable[str] = (),
    **settings: object,
) -> Fix:
    """A fix that is one UpdateFunctionConfiguration. Keys are boto3's (Timeout, MemorySize)."""
    name = function or FUNCTION
    words = [part for key, value in settings.items() for part in (f"--{_kebab(key)}", value)]
    return Fix(
        summary,
        disposition="safe" if safe and function else "unsafe" if function else "manual",
        commands=(
            aws(stack, "lambda", "update-function-configuration", "--function-name", name, *words),
        ),
        serverless_yml=tuple(yml),
        calls=(
            (step("lambda", "update_function_configuration", FunctionName=function, **settings),)
            if function
            else ()
        ),
    )


def queue_settings(
    stack: Stack,
    queue: Queue,
    summary: str,
    *,
    safe: bool,
    yml: Iterable[str] = (),
    attributes: Mapping[str, str],
) -> Fix:
    """A fix that is one SetQueueAttributes. Values are strings, as SQS wants them."""
    return Fix(
        summary,
        disposition="safe" if safe else "unsafe",
        commands=(queue_attributes_command(stack, queue.url, attributes),),
        serverless_yml=tuple(yml),
        calls=(
            step("sqs", "set_queue_attributes", QueueUrl=queue.url, Attributes=dict(attributes)),
        ),
    )


def queue_attributes_command(stack: Stack, url: str, attributes: Mapping[str, str]) -> str:
    """``aws sqs set-queue-attributes``, JSON where the shorthand syntax cannot say it."""
    import json

    plain = all(value.isalnum() for value in attributes.values())
    given = (
        ",".join(f"{key}={value}" for key, value in attributes.items())
        if plain
        else json.dumps(dict(attributes))
    )
    return aws(stack, "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", given)


def mapping_settings(
    stack: Stack,
    mapping: EventSourceMapping,
    summary: str,
    *,
    safe: bool,
    yml: Iterable[str] = (),
    words: Iterable[object],
    **settings: object,
) -> Fix:
    """A fix that is one UpdateEventSourceMapping: ``words`` for the CLI, settings for boto3."""
    return Fix(
        summary,
        disposition="safe" if safe else "unsafe",
        commands=(
            aws(stack, "lambda", "update-event-source-mapping", "--uuid", mapping.uuid, *words),
        ),
        serverless_yml=tuple(yml),
        calls=(step("lambda", "update_event_source_mapping", UUID=mapping.uuid, **settings),),
    )


def _kebab(key: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in key).lstrip("-")


def yml_function(function: Function | str, *lines: str) -> tuple[str, ...]:
    """Lines below a function of serverless.yml; its key is not known, only its deployed name.

    What Lift names after its construct (``jobsWorker``) stands below that: it has no place
    among the functions.
    """
    name = function if isinstance(function, str) else function.name
    return yml_key(name.rsplit("-", 1)[-1] if name else "FUNCTION", *lines)


def yml_key(key: str, *lines: str) -> tuple[str, ...]:
    """Lines below a function of serverless.yml whose key is known."""
    construct = key.removesuffix("Worker")
    if construct not in {"", key} and "events:" not in lines:
        return (
            f"constructs:  # of Lift; without it: functions: {key}:",
            f"  {construct}:",
            "    worker:",
            *(f"      {line}" for line in lines),
        )
    return ("functions:", f"  {key}:", *(f"    {line}" for line in lines))


def yml_mapping(
    stack: Stack, mapping: EventSourceMapping, *lines: str, lift: Iterable[str] = ()
) -> tuple[str, ...]:
    """Lines of a function's ``sqs`` event; ``lift`` are those of the construct that made it.

    Reads QUEUES where there are lines of a construct.
    """
    if lift and stack.made_by == "lift":
        queue = stack.queue(mapping.queue_arn)
        if queue is None or queue.logical_id is None or lift_construct(queue.logical_id):
            return yml_worker(queue or mapping.queue_arn.rpartition(":")[2], *lift)
    return yml_function(
        mapping.function_name, "events:", "  - sqs:", *(f"      {line}" for line in lines)
    )


def yml_worker(queue: Queue | str, *lines: str) -> tuple[str, ...]:
    """Lines of a Lift queue construct."""
    return ("constructs:", f"  {_construct(queue)}:", *(f"    {line}" for line in lines))


def queue_variable(function: str, variable: str, queue: Queue) -> Call:
    """What a function's environment is to hold, so that it names a queue: for ``Fix.keeps``."""
    value = Reference(queue.logical_id) if queue.logical_id else queue.url
    return step(
        "lambda",
        "update_function_configuration",
        FunctionName=function,
        Environment={"Variables": {variable: value}},
    )


def queue_value(stack: Stack, queue: Queue) -> str:
    """What an environment variable of serverless.yml holds to name a queue of the stack."""
    if stack.made_by == "lift" and lift_construct(queue.logical_id):
        attribute = "dlqUrl" if "Dlq" in (queue.logical_id or "")[-11:] else "queueUrl"
        return f"${{construct:{_construct(queue)}.{attribute}}}"
    if stack.made_by in {"lift", "serverless"} and queue.logical_id:
        return str(Reference(queue.logical_id))
    return queue.url


def lift_construct(logical_id: str | None) -> str:
    """The construct whose queue Lift names so, without its dashes; empty where it is none."""
    made = _LIFT.fullmatch(logical_id or "")
    return made["construct"] if made else ""


def _construct(queue: Queue | str) -> str:
    """The construct's name: what the logical id is made of, else the last word of the name."""
    name = queue if isinstance(queue, str) else queue.name
    words = name.removesuffix(".fifo").removesuffix("-dlq").split("-")
    made = "" if isinstance(queue, str) else lift_construct(queue.logical_id)
    for first in range(len(words)) if made else ():
        whole = "-".join(words[first:])
        if re.sub(r"\W|_", "", whole) == made:
            return whole
    # A name of one's own (extensions): dashes are lost in the id.
    return made or words[-1] or "QUEUE"
