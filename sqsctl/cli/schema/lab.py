"""The ``data`` of the lab's commands."""

from __future__ import annotations

from sqsctl.cli.schema.parts import DRY_RUN, ENDPOINTS, LAB, LEFT_OUT
from sqsctl.cli.schema.words import Each, Shape, Words

DATA: dict[str, tuple[Shape, ...]] = {
    "lab aws": ({"answer": "text"},),
    "lab break": (
        {"incident": "text", "breaks": "text", "expects": "text", "active": ["text"]},
        DRY_RUN,
    ),
    "lab deploy": (
        {
            "name": "text",
            "endpoint": "text",
            "stack": "text",
            "tool": Words(("serverless", "sam", "cdk", "cloudformation", "terraform")),
            "packaged_by": "text?",
            "stacks": [ENDPOINTS],
            "left_out": [LEFT_OUT],
            "notices": ["text"],
        },
        {**DRY_RUN, "stacks": ["text"], "left_out": [LEFT_OUT]},
    ),
    "lab down": ({"name": "text", "stopped": "bool"}, DRY_RUN),
    "lab env": ({"environment": Each("text")},),
    "lab heal": ({"healed": ["text"], "active": ["text"]}, DRY_RUN),
    "lab init": ({"folder": "text", "files": ["text"]}, DRY_RUN),
    "lab incidents": (
        {
            "incidents": [
                {
                    "name": "text",
                    "step": "text",
                    "breaks": "text",
                    "expects": "text",
                    "active": "bool",
                }
            ]
        },
    ),
    "lab reset": (LAB, DRY_RUN),
    "lab status": (
        {
            "name": "text",
            "condition": Words(("running", "stopped", "crashed", "unresponsive")),
            "message": "text",
            "endpoint": "text?",
            "region": "text?",
            "account": "text?",
            "access_key_id": "text?",
            "secret_access_key": "text?",
            "call_header": {"name": "text?", "value": "text?"},
            "stack": "text?",
            "runtime": "text?",
            "time_scale": "number?",
            "pid": "int?",
            "memory_mb": "int?",
            "processes": "int",
            "log": "text?",
            "incidents": ["text"],
        },
    ),
    "lab template": ({"template": "text"},),
    "lab up": (LAB, DRY_RUN),
}
