"""What a function does with the queue that its environment names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sqsctl.handlercode.consumer import calls_of_queues
from sqsctl.handlercode.queue_calls import Action, QueueCalls

CASES = yaml.safe_load(Path(__file__).with_name("queue_calls.yaml").read_text(encoding="utf-8"))
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
