"""What a function does with the queue that its environment names."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sqsctl.handlercode.consumer import calls_of_queues
from sqsctl.handlercode.queue_calls import Action, QueueCalls
from tests.yaml_files import loaded

CASES = loaded(Path(__file__).with_name("queue_calls.yaml"))
Q = frozenset({"Q"})


def _calls(case: dict[str, Any]) -> QueueCalls:
    files = case.get("files") or {
        f"{'app' if end == 'py' else 'index'}.{end}": case[end]
        for end in ("py", "js", "mjs")
        if end in case
    }
    module = "app" if any(path.endswith(".py") for path in files) else "index"
    return calls_of_queues(f"{module}.handler", files.items())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_done_with_a_queue(case: dict[str, Any]) -> None:
    calls = _calls(case)
    does = {each.value for each in Action if calls.does(each, Q)}
    never = {each.value for each in Action if calls.never(each, Q)}
    assert does == set(case["does"])
    unknown = {each.value for each in Action} - does - never
    assert unknown == set(case.get("unknown", ()))


def test_values_that_go_round_in_circles_end() -> None:
    names = [f"v{n}" for n in range(12)]
    circles = "".join(f"{one} = {other}.x;" for one in names for other in names if one != other)
    source = (
        f"exports.handler = async (event) => {{ let {', '.join(names)}; {circles}"
        "const a = { ...b }, b = { ...a };"
        "await client.send(new SendMessageCommand({ ...a, QueueUrl: v0 })); publish(v1, b); };"
    )
    begun = time.process_time()
    calls = calls_of_queues("index.handler", (("index.js", source),))
    assert time.process_time() - begun < 10
    assert calls.does(Action.SEND, Q)


def test_what_was_not_looked_at_to_its_end_is_no_proof() -> None:
    body = "".join(f"f{n}(event.a{n}, event.b{n});" for n in range(4_000))
    source = f"exports.handler = async (event) => {{ {body} }};"
    calls = calls_of_queues("index.handler", (("index.js", source),))
    assert not calls.never(Action.SEND, Q)
