"""The Serverless Framework with Lift, whose constructs make queues and their workers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from sqsctl.model.stack import Queue, Stack
from sqsctl.remedies.context import Context
from sqsctl.remedies.renderers.cloudformation import resources
from sqsctl.remedies.renderers.serverless import Serverless
from sqsctl.remedies.settings import Setting

_MADE = re.compile(r"(?P<human>\w{1,200})(?P<hash>[0-9A-F]{8})")
_DEAD = "Dlq"
# Properties of a mapping that the construct has a key for.
_KEYS: Mapping[str, str] = {
    "BatchSize": "batchSize",
    "MaximumBatchingWindowInSeconds": "maxBatchingWindow",
}


class Lift(Serverless):
    name = "the Serverless Framework with Lift"

    def lines_of(self, setting: Setting, context: Context) -> dict[str, object]:
        match setting.kind:
            case "queue":
                return _queue(setting, context) or super().lines_of(setting, context)
            case "mapping":
                return _mapping(setting, context) or super().lines_of(setting, context)
            case _:
                return super().lines_of(setting, context)

    def queue_url(self, queue: Queue) -> object:
        made = construct_of(queue)
        if not made:
            return super().queue_url(queue)
        attribute = "dlqUrl" if is_dead_letter(queue.logical_id or "") else "queueUrl"
        return f"${{construct:{made}.{attribute}}}"

    def of_function(
        self, setting: Setting, given: dict[str, object], context: Context
    ) -> dict[str, object]:
        """A worker stands below its construct, where it takes no events."""
        found = super().of_function(setting, given, context)
        functions = found.get("functions")
        key = next(iter(functions)) if isinstance(functions, Mapping) else ""
        made = worker_of(context.stack, str(key))
        if not made or "events" in given:
            return found
        return {"constructs": {made: {"worker": given}}}


def _construct(name: str, stack: Stack) -> str:
    """The construct of the queue of this name; its last word, where no logical id is known."""
    queue = next((each for each in stack.queues if each.name == name), None)
    if queue and queue.logical_id:
        return construct_of(queue)
    return name.removesuffix(".fifo").removesuffix("-dlq").rpartition("-")[2]


def _queue(setting: Setting, context: Context) -> dict[str, object]:
    made = _construct(setting.name, context.stack) or construct_of(
        Queue(name="", url="", arn="", logical_id=setting.logical_id)
    )
    if not made:
        return {}
    given = dict(setting.properties)
    told: dict[str, object] = {}
    policy = given.pop("RedrivePolicy", None)
    if isinstance(policy, Mapping):
        told["maxRetries"] = policy.get("maxReceiveCount")
    if setting.dead_letters:
        told = {"type": "queue", **told}
    if given:
        dead = is_dead_letter(setting.logical_id) or setting.name.removesuffix(".fifo").endswith(
            "-dlq"
        )
        part = "dlq" if dead else "queue"
        told["extensions"] = {part: {"Properties": given}}
    return {"constructs": {made: told}}


def _mapping(setting: Setting, context: Context) -> dict[str, object]:
    """Lines for the mapping that a construct made; empty where none did."""
    name = setting.name.rpartition(" to ")[0]
    made = _construct(name, context.stack)
    if not made:
        return {}
    given = dict(setting.properties)
    told: dict[str, object] = {_KEYS[key]: given.pop(key) for key in tuple(given) if key in _KEYS}
    scaling = given.pop("ScalingConfig", None)
    if isinstance(scaling, Mapping) and "MaximumConcurrency" in scaling:
        told["maxConcurrency"] = scaling["MaximumConcurrency"]
    lines: dict[str, object] = {"constructs": {made: told}} if told else {}
    if given and (held := resources((Setting("mapping", "", "", setting.logical_id, given),))):
        lines["resources"] = {"extensions": held}
    return lines


def worker_of(stack: Stack, key: str) -> str:
    """The construct whose worker a function is; empty where it is none."""
    stem = key.removesuffix("Worker")
    made = {_construct(each.name, stack) for each in stack.queues}
    made |= {_construct(each.queue_arn.rpartition(":")[2], stack) for each in stack.mappings}
    made.discard("")
    bare = {re.sub(r"\W|_", "", each): each for each in made}
    return bare.get(re.sub(r"\W|_", "", stem), "") if stem != key else ""


def is_dead_letter(logical_id: str) -> bool:
    """Whether Lift made the queue as a construct's dead-letter queue."""
    return logical_id[:-8].endswith(_DEAD)


def construct_of(queue: Queue) -> str:
    """The construct that made a queue; empty where none did.

    The CDK inside of Lift names it after its path, construct/Queue or construct/Dlq, without the
    characters that an id may not have, and leaves out a part that the one before it ends in; the
    hash at the end is of the path itself, and tells which of the names it is.
    """
    match = _MADE.fullmatch(queue.logical_id or "")
    if match is None or not match["human"].endswith(("Queue", _DEAD)):
        return ""
    words = queue.name.removesuffix(".fifo").removesuffix("-dlq").split("-")
    names = ["-".join(words[first:]) for first in range(len(words))]
    human = match["human"]
    stems = [human.removesuffix("Queue"), human.removesuffix(_DEAD), human]
    for each in (*names, *stems):
        for part in ("Queue", _DEAD):
            path = f"{each}/{part}/Resource"
            if (
                hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()[:8].upper()
                == (match["hash"])
            ):
                return each
    # A name of one's own (extensions), in which an id lost its dashes.
    part = _DEAD if human.endswith(_DEAD) else "Queue"
    stem = human.removesuffix(part)
    return next((each for each in names if re.sub(r"\W|_", "", each) == stem), stem)
