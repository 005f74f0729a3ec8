"""The consumers are what they are called: each is run, with a backend that fails.

A right one raises, or reports every message. A wrong one does neither, or returns before it is
done, or leaves messages out.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sqsctl.handlercode.consumer import consumer
from tests.handlercode.cases import RIGHT, WRONG, Case

_HERE = Path(__file__).parent
_IDS = ["m-1", "m-2", "m-3"]
_BACKEND_JS = """
let now = { failing: true, begun: 0, done: 0, given: [] };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function work() {
  now.begun += 1;
  if (now.failing === true || (now.failing === "first" && now.begun === 1)) {
    throw new Error("the backend is down");
  }
  now.done += 1;
}
const later = async (given) => { now.given.push(given ?? null); return work(); };
// What is done late counts for the consumer that began it.
const slowly = async () => { const mine = now; mine.begun += 1; await wait(200); mine.done += 1; };
exports.begin = (failing) => { now = { failing, begun: 0, done: 0, given: [] }; };
exports.given = () => now.given;
exports.begun = () => now.begun;
exports.done = () => now.done;
exports.save = later;
exports.send = later;
exports.notify = later;
exports.saveNow = work;
exports.saveSlowly = slowly;
exports.client = { send: slowly };
"""
_BACKEND_PY = """
import logging
_state = {"fails": True, "begun": 0, "done": 0}
class ClientError(Exception):
    response = {"Error": {"Message": "down"}}
def begin(fails):
    _state.update(fails=fails, begun=0, done=0)
def begun():
    return _state["begun"]
def done():
    return _state["done"]
def save(*args, **kwargs):
    _state["begun"] += 1
    if _state["fails"] is True or (_state["fails"] == "first" and _state["begun"] == 1):
        raise ClientError("the backend is down")
    _state["done"] += 1
async def save_async(*args):
    save()
record_only = lookup = save
def flaky(body):
    if "1" in body:
        save()
class Table:
    put = put_item = send_message = staticmethod(save)
cache = table = queue = Table()
logger = logging.getLogger("backend")
class Metrics:
    def add_metric(self, **kwargs):
        pass
metrics = Metrics()
"""


def event() -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": name,
                "receiptHandle": f"handle-{name}",
                "body": json.dumps({"id": index} | ({"name": name} if index > 1 else {})),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:jobs",
            }
            for index, name in enumerate(_IDS, start=1)
        ]
    }


def _written(folder: Path, number: int, case: Case) -> str:
    home = folder / f"case-{number}"
    for path, text in case.files:
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    stem = case.handler.rpartition(".")[0]
    ends = (".py",) if case.python else (".js", ".mjs")
    return str(next(home / (stem + end) for end in ends if (home / (stem + end)).exists()))


# Of these the fault shows where the backend works.
_NOT_OF_THE_BACKEND = {"early", "first", "none", "shape", "rejects", "dropped"}


def _run(
    folder: Path, cases: list[Case], python: str = sys.executable, *, fails: object = None
) -> list[dict[str, Any]]:
    jobs = [
        {
            "path": _written(folder, number, case),
            "name": case.handler.rpartition(".")[2],
            "event": event(),
            "fails": fails or case.expect not in _NOT_OF_THE_BACKEND,
        }
        for number, case in enumerate(cases)
    ]
    if cases[0].python:
        (folder / "backend.py").write_text(_BACKEND_PY)
        command = [python, str(_HERE / "drive.py"), str(folder)]
    else:
        backend = folder / "node_modules" / "backend"
        backend.mkdir(parents=True, exist_ok=True)
        (backend / "index.js").write_text(_BACKEND_JS)
        # Resolved from where it lies, as the consumers are.
        command = ["node", str(shutil.copy(_HERE / "drive.mjs", folder / "drive.mjs"))]
    done = subprocess.run(
        command,
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "POWERTOOLS_SERVICE_NAME": "test"},
    )
    logging.getLogger(__name__).debug(done.stderr)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(cases), done.stderr
    return told


def _reported(answer: object) -> list[object] | None:
    """The identifiers that Lambda reads; None where there is no report."""
    if not isinstance(answer, dict) or not isinstance(answer.get("batchItemFailures"), list):
        return None
    entries = answer["batchItemFailures"]
    return [each.get("itemIdentifier") if isinstance(each, dict) else None for each in entries]


def verdict(told: dict[str, Any]) -> str:
    """What Lambda does: ``retried`` all, ``deleted`` all, or takes the report for ``invalid``."""
    if told["raised"]:
        return "retried"
    reported = _reported(told["answer"])
    if not reported:
        return "deleted"
    if any(each not in _IDS for each in reported):
        return "invalid"
    return "retried" if reported == _IDS else "deleted"


def _judge(cases: list[Case], told: list[dict[str, Any]]) -> list[str]:
    """The consumers that do not do what they are kept for."""
    odd: list[str] = []
    for case, each in zip(cases, told, strict=True):
        seen = verdict(each)
        match case.expect:
            case "":
                right = seen == "retried" and (each["begun"] > 0 or not each["raised"])
            case "id" | "entry" | "strings":
                right = seen == "invalid"
            case "early" | "first" | "dropped":
                right = each["done"] < len(_IDS) and not each["raised"]
            case "none":
                right = seen == "deleted" and each["done"] <= 1
            case "shape":
                right = bool(each["raised"]) or each["given"] == [None]
            case "rejects":
                right = bool(each["raised"]) and each["begun"] == len(_IDS)
            case "unwaited":
                right = seen == "deleted" and each["begun"] >= each["done"] == 0
            case "status":
                right = seen == "deleted" and each["answer"]["statusCode"] >= 400
            case _:
                right = seen == "deleted"
        if not right:
            odd.append(f"{case.name}: {seen} {each}")
    return odd


@pytest.mark.parametrize("python", [True, False], ids=["python", "node"])
@pytest.mark.parametrize("kept", [RIGHT, WRONG], ids=["right", "wrong"])
def test_each_does_what_it_is_kept_for(
    tmp_path: Path, kept: tuple[Case, ...], *, python: bool
) -> None:
    cases = [each for each in kept if each.python is python and not each.needs]
    assert len(cases) > 10
    assert _judge(cases, _run(tmp_path, cases)) == []


@pytest.mark.parametrize("python", [True, False], ids=["python", "node"])
def test_who_goes_on_after_a_failure(tmp_path: Path, *, python: bool) -> None:
    """With a backend that fails once, for the first record: is a later one done all the same?"""
    cases = [each for each in RIGHT if each.python is python and not each.needs]
    odd: list[str] = []
    judged = 0
    for case, told in zip(cases, _run(tmp_path, cases, fails="first"), strict=True):
        reported = None if told["raised"] else _reported(told["answer"])
        code = consumer(case.handler, case.files)
        if not reported or not code.followed:
            continue
        judged += 1
        goes_on = reported != _IDS
        if (code.goes_on is not None) != goes_on:
            odd.append(f"{case.name}: {reported}")
    assert "\n".join(odd) == ""
    assert judged > 5


@pytest.mark.long
def test_those_that_need_libraries_from_npm(tmp_path: Path) -> None:
    cases = [each for each in (*RIGHT, *WRONG) if each.needs and not each.python]
    packages = ("@middy/core", "@middy/sqs-partial-batch-failure", "@aws-lambda-powertools/batch")
    (tmp_path / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--silent", *packages], cwd=tmp_path, check=True)
    assert _judge(cases, _run(tmp_path, cases)) == []


@pytest.mark.long
def test_those_that_need_powertools_for_python(tmp_path: Path) -> None:
    cases = [each for each in (*RIGHT, *WRONG) if each.needs and each.python]
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = str(home / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "aws-lambda-powertools"], check=True)
    assert _judge(cases, _run(tmp_path, cases, python)) == []
