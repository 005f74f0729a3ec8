"""Sparklines over a time axis: a column is a moment, a blank is no data."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sqsctl.cli.metrics import axis, room, show_series, sparkline
from sqsctl.model.stack import Series

BEGIN = datetime(2026, 11, 23, 5, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)


def series(*values: float | None, metric: str = "Duration") -> Series:
    """A value a minute from BEGIN on; None: no data."""
    points = tuple(
        (BEGIN + timedelta(minutes=minute), value)
        for minute, value in enumerate(values)
        if value is not None
    )
    return Series("AWS/Lambda", metric, "worker", "Maximum", 60, points)


def test_columns_are_moments_and_blanks_are_no_data() -> None:
    drawn = sparkline(series(0, None, 8, 4), BEGIN, BEGIN + timedelta(minutes=4), 4)
    assert drawn == "▁ █▅"


def test_a_column_of_several_points_shows_the_highest() -> None:
    assert sparkline(series(1, 8, 0, 0), BEGIN, BEGIN + timedelta(minutes=4), 2) == "█▁"


def test_zeros_are_drawn_as_such() -> None:
    assert sparkline(series(0, 0), BEGIN, BEGIN + timedelta(minutes=2), 2) == "▁▁"


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=80), st.integers(1, 120))
def test_it_is_as_wide_as_asked_for(values: list[float | None], width: int) -> None:
    assert len(sparkline(series(*values), BEGIN, END, width)) == width


@pytest.mark.parametrize("width", [16, 40, 60])
def test_the_axis_names_begin_and_end(width: int) -> None:
    drawn = axis(BEGIN, END, width)
    assert len(drawn) == width
    assert drawn.startswith("05:00")
    assert drawn.endswith("06:00")
    assert ("05:30" in drawn) == (width > 18)


def test_days_are_named_where_the_time_is_longer() -> None:
    assert axis(BEGIN, BEGIN + timedelta(days=2), 60).startswith("23 05:00")


def test_units_are_told() -> None:
    console = Console(file=io.StringIO(), width=120)
    show_series(console, series(12.5, 100), BEGIN, END)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert shown.rstrip().endswith("last 100 ms, max 100 ms")
    assert shown.startswith("  Duration max ")


@given(st.lists(st.floats(0.001, 1e12), min_size=1, max_size=80))
def test_a_line_with_its_values_fits_eighty_columns(values: list[float]) -> None:
    """Beside the least width there is room for what a function may take."""
    drawn = [series(*values, metric="IntegrationLatency"), series(1, 2)]
    console = Console(file=io.StringIO(), width=80)
    assert isinstance(console.file, io.StringIO)
    for each in drawn:
        show_series(console, each, BEGIN, END, room(80, drawn))
    longest = max(len(line) for line in console.file.getvalue().splitlines())
    assert longest <= (80 if all(each < 900_000 for each in values) else 92)
