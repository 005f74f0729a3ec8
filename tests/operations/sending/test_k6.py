"""The k6 script: the same load, in k6's words."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.operations.sending.k6 import Load, script
from sqsctl.operations.sending.produce import Plan
from sqsctl.operations.sending.thresholds import parse

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
        (
            Plan(count=10, rate=500),
            {
                "executor": "constant-arrival-rate",
                "rate": 500,
                "timeUnit": "1s",
                "duration": "1000ms",
                "preAllocatedVUs": 4,
                "maxVUs": 64,
            },
        ),
    ],
)
def test_the_plan_becomes_a_scenario(plan: Plan, scenario: dict[str, Any]) -> None:
    options = constant(script(Load(URL, plan, "x")), "options")
    assert options["scenarios"] == {"produce": scenario}


@given(st.floats(0.0001, 5000))
def test_k6_has_the_same_rate_in_whole_numbers(rate: float) -> None:
    plan = Plan(duration_s=3600, rate=rate)
    scenario = constant(script(Load(URL, plan, "x")), "options")["scenarios"]["produce"]
    units = {"1s": 1.0, "1m": 60.0, "1h": 3600.0}
    unit = scenario["timeUnit"]
    seconds = units[unit] if unit in units else int(unit.removesuffix("ms")) / 1000
    assert isinstance(scenario["rate"], int)
    assert scenario["rate"] / seconds == pytest.approx(rate, rel=0.002)


def test_no_more_than_were_asked_for() -> None:
    """An arrival rate has no count in k6: the script counts itself."""
    assert "if (n > 10) return;" in script(Load(URL, Plan(10, rate=500), "x"))
    assert "return;" not in script(Load(URL, Plan(10), "x"))
    assert "return;" not in script(Load(URL, Plan(duration_s=9, rate=500), "x"))


_HARNESS = """
const posted = [];
const http = { post: (...sent) => { posted.push(sent); return { status: 200 }; } };
const check = (answer, checks) => Object.values(checks).every((each) => each(answer));
let iteration = 0;
const exec = { scenario: { get iterationInTest() { return iteration; } } };
class Counter { constructor(name) { this.name = name; } add() {} }
class SharedArray { constructor(name, make) { return make(); } }
const open = (path) => require('fs').readFileSync(path, 'utf8');
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no JavaScript engine here")
def test_the_script_runs_and_posts_what_sqsctl_would(tmp_path: Path) -> None:
    """In node, with stand-ins for k6's modules: only their import lines are taken out."""
    bodies = tmp_path / "b.jsonl"
    bodies.write_text('{"a": 1}\r\n\n{"a": " "}\n', encoding="utf-8")
    for load, wanted in (
        (Load(URL, Plan(3), '{"input": {{n}}, "t": "`${x}` </script> "}'), None),
        (Load(URL, Plan(3), "x", file=str(bodies)), ['{"a": 1}', '{"a": " "}', '{"a": 1}']),
        (
            Load(URL, Plan(2, rate=9), "{{n}}", poison=1.0, poison_body="bad {{n}}"),
            ["bad 1", "bad 2"],
        ),
    ):
        text = re.sub(r"(?m)^import .*$", "", script(load))
        text = text.replace("export default function", "const run = function")
        text = text.replace("export const", "const")
        text += "for (; iteration < 3; iteration += 1) run();\n"
        text += "console.log(JSON.stringify(posted));\n"
        file = tmp_path / "load.cjs"
        file.write_text(_HARNESS + text, encoding="utf-8")
        ran = subprocess.run(["node", str(file)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        posted = json.loads(ran.stdout)
        expected = wanted or [load.body.replace("{{n}}", str(n)) for n in (1, 2, 3)]
        assert [each[1] for each in posted] == expected
        assert {each[0] for each in posted} == {URL}
        assert posted[0][2] == {"headers": {"Content-Type": "application/json"}}


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
