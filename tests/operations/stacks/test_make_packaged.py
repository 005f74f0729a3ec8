"""The packaged stacks are what the tools still make of the projects. Needs npm and PyPI."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.operations.stacks import make
from tests.operations.stacks.packaged import FOLDER

pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]

# What changes from one packaging to the next: moments, and hashes of the code's zip.
_CHANGING = (
    re.compile(r"\d{13}-\d{4}-\d\d-\d\dT[\d:.]+Z"),
    re.compile(r"(?<=ApiGatewayDeployment)\d{13}"),
    re.compile(r"(?<=LambdaVersion)[A-Za-z0-9]{30,}"),
    re.compile(r'(?<="CodeSha256": ")[^"]+'),
)


def steady(path: Path) -> object:
    text = json.dumps(json.loads(path.read_text()))
    for pattern in _CHANGING:
        text = pattern.sub("-", text)
    return json.loads(text)


def test_packaging_again_gives_the_same(tmp_path: Path) -> None:
    make.main(tmp_path)
    made = sorted(each.relative_to(tmp_path) for each in tmp_path.rglob("*.json"))
    kept = sorted(each.relative_to(FOLDER) for each in FOLDER.rglob("*.json"))
    assert made == kept
    for each in made:
        assert steady(tmp_path / each) == steady(FOLDER / each), each
