"""Servers to break: the session's lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from sqsctl.aws.lab_state import LabState
from tests.faults.bench import Bench, faulty

# For mutants: that there is a counterexample is enough, nobody reads it.
settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate])


@pytest.fixture
def bench(lab_state: LabState, tmp_path: Path) -> Iterator[Bench]:
    with faulty(lab_state.endpoint, tmp_path / "journals") as made:
        yield made


@pytest.fixture
def fifo_bench(lab_state: LabState, tmp_path: Path) -> Iterator[Bench]:
    with faulty(lab_state.endpoint, tmp_path / "journals", fifo=True) as made:
        yield made
