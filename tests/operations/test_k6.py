"""The k6 script: the same load, in k6's words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.operations.k6 import Load, script
from sqsctl.operations.produce import Plan
from sqsctl.operations.thresholds import parse

URL = "https://a.example/produce"


def constant(text: str, name: str) -> Any:
    """The value of a constant, which is JSON."""
    match = re.search(rf"const {name} = (.*?);\n(?:const|import|export|\n)", text, re.DOTALL)
    assert match
    return json.loads(match[1])


@pytest.mark.parametrize(
    ("plan", "scenario"),
    [
        (
            Plan(100, concurrency=8),
            {
                "executor": "shared-iterations",
                "vus": 8,
                "iterations": 100,
                "maxDuration": "86400000ms",
            },
        ),
        (Plan(duration_s=30), {"executor": "constant-vus", "vus": 4, "duration": "30000ms"}),
        (
            Plan(duration_s=60, rate=500),
            {
                "executor": "constant-arrival-rate",
                "rate": 500,
                "timeUnit": "1s",
                "duration": "60000ms",
                "preAllocatedVUs": 4,
                "maxVUs": 64,
            },
        ),
        (
            Plan(count=100, rate=0.5),
            {
                "executor": "constant-arrival-rate",
                "rate": 30,
                "timeUnit": "1m",
                "duration": "200000ms",
                "preAllocatedVUs": 4,
                "maxVUs": 64,
            },
        ),
    ],
)
def test_the_plan_becomes_a_scenario(plan: Plan, scenario: dict[str, Any]) -> None:
    options = constant(script(Load(URL, plan, "x")), "options")
    assert options["scenarios"] == {"produce": scenario}


def test_thresholds_keep_their_meaning() -> None:
    conditions = [
        parse(each) for each in ("p(95)<500", "avg<=1s", "failed<1%", "failed<5", "rate>=9")
    ]
    options = constant(script(Load(URL, Plan(1), "x", thresholds=conditions)), "options")
    assert options["thresholds"] == {
        "http_req_duration{expected_response:true}": ["p(95)<500", "avg<=1000"],
        "http_req_failed": ["rate<0.01"],
        "failed": ["count<5"],
        "accepted": ["rate>=9"],
    }


@given(st.text())
def test_any_body_comes_through_whole_on_one_line(body: str) -> None:
    text = script(Load(URL, Plan(1), body))
    line = next(each for each in text.split("\n") if each.startswith("const BODY = "))
    assert json.loads(line.removeprefix("const BODY = ").removesuffix(";")) == body
    assert "\u2028" not in line


def test_host_poison_and_file_are_there_only_where_asked_for() -> None:
    plain = script(Load(URL, Plan(1), "x"))
    assert "Host" not in plain
    assert "Math.random" not in plain
    assert "SharedArray" not in plain
    full = script(Load(URL, Plan(1), "x", "api.local", 0.1, "bad {{n}}", "/tmp/b.jsonl"))
    assert constant(full, "PARAMETERS")["headers"]["Host"] == "api.local"
    assert "Math.random() < 0.1" in full
    assert 'open("/tmp/b.jsonl")' in full
