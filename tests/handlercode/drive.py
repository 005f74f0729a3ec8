"""Runs the handlers named on stdin, one after another, and prints what Lambda would see of each."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[1])


class Context:
    aws_request_id = "r"
    function_name = "f"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"

    def get_remaining_time_in_millis(self) -> int:
        return 3000


def run(each: dict[str, Any]) -> dict[str, Any]:
    import backend  # type: ignore[import-not-found]

    backend.begin(each["fails"])
    folder, _, module = each["path"].rpartition("/")
    sys.path.insert(0, folder)
    known = set(sys.modules)
    told: dict[str, Any] = {"raised": False, "answer": None}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            work = getattr(importlib.import_module(module.removesuffix(".py")), each["name"])
            told["answer"] = work(each["event"], Context())
    except Exception as error:  # noqa: BLE001 - what it raises is the answer
        told["raised"] = repr(error)
    sys.path.remove(folder)
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
            del sys.modules[name]
    told |= {"begun": backend.begun(), "done": backend.done()}
    return told


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    for each in json.loads(sys.stdin.read()):
        print(json.dumps(run(each), default=repr))
