"""Servers to break: the session's lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.aws.labs import LabState
from tests.faults.bench import Bench, faulty


@pytest.fixture
def bench(lab_state: LabState, tmp_path: Path) -> Iterator[Bench]:
    with faulty(lab_state.endpoint, tmp_path / "journals") as made:
        yield made


@pytest.fixture
def fifo_bench(lab_state: LabState, tmp_path: Path) -> Iterator[Bench]:
    with faulty(lab_state.endpoint, tmp_path / "journals", fifo=True) as made:
        yield made
