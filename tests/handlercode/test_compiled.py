"""The same is found in what compilers and bundlers make of a consumer."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sqsctl.handlercode.consumer import consumer
from tests.handlercode.cases import RIGHT, WRONG
from tests.handlercode.test_consumers import found

WAYS: dict[str, dict[str, Any]] = {
    "minified": {"minify": True, "format": "cjs"},
    "es2015": {"target": "es2015", "format": "cjs"},
    "es2016, minified": {"target": "es2016", "minify": True},
    "bundled": {"bundle": True, "format": "esm"},
    "bundled and minified": {"bundle": True, "minify": True, "format": "cjs"},
    "bundled and minified, es2015": {
        "bundle": True,
        "minify": True,
        "format": "cjs",
        "target": "es2015",
    },
    "TypeScript, ES2015": {"typescript": "ES2015"},
    "TypeScript, ES2017": {"typescript": "ES2017"},
    "TypeScript, ES5": {"typescript": "ES5"},
}
UNSEEN = {
    # A switch is a row of jumps there: what is done in one case is not known from what in another,
    # nor whether a jump leaves a loop, nor what was asked on the way.
    ("TypeScript, ES5", "each kind of message has its own function, which keeps its errors"),
    ("TypeScript, ES5", "FIFO, break, and the rest by slice"),
    ("TypeScript, ES5", "a report in the loop, of the one that failed"),
    ("TypeScript, ES5", "the loop reads the event's body"),
    # Such a bundle exports a default alone: Lambda does not find the handler either.
    ("bundled", "an HTTP function's body"),
    ("bundled", "a rule's detail"),
    ("bundled", "the event's body in a helper"),
    ("bundled", "a field of somebody else's event is given on"),
}


@pytest.mark.long
def test_what_compilers_make_of_it(tmp_path: Path) -> None:
    cases = [each for each in (*RIGHT, *WRONG) if not each.python]
    (tmp_path / "package.json").write_text("{}")
    packages = ("esbuild@0.25", "typescript@5.6")
    subprocess.run(["npm", "install", "--silent", *packages], cwd=tmp_path, check=True)
    script = shutil.copy(Path(__file__).with_name("compile.cjs"), tmp_path / "compile.cjs")
    given = {
        "cases": [(dict(each.files), each.handler.rpartition(".")[0]) for each in cases],
        "ways": WAYS,
        "folder": str(tmp_path / "built"),
    }
    done = subprocess.run(
        ["node", str(script)], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    odd: list[str] = []
    for way, packed in json.loads(done.stdout).items():
        for case, files in zip(cases, packed, strict=True):
            seen = found(consumer(case.handler, [(path, text) for path, text in files]))
            right = case.expect in seen if case.expect else not seen
            if right or (way, case.name) in UNSEEN:
                continue
            odd.append(f"{way}: {case.name}: {seen}")
    assert odd == []
