"""Tables on narrow terminals: what is copied stays whole, prose wraps at words."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from sqsctl.cli.screen.views import row, show_table, table

IDENTITY = "eaf7b4fa-1abb-406b-9f4d-a0b348781311"
URL = "http://127.0.0.1:42911/000000000000/tutorial-step-2-dev-jobs"


def shown(header: list[str], rows: list[list[str]], width: int) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system=None,
        _environ={"TERM": "xterm"},
    )
    grid = table(*header)
    for each in rows:
        row(grid, *each)
    show_table(console, grid)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_fits_is_a_plain_table() -> None:
    text = shown(["count→", "name"], [["1", "a"], ["20", "b"]], 80)
    assert [line.rstrip() for line in text.splitlines()] == [
        "count  name",
        "    1  a",
        "   20  b",
    ]


def test_what_does_not_fit_stands_below_with_its_name() -> None:
    text = shown(
        ["count→", "cause", "for example"], [["10", "import-module-missing", IDENTITY]], 60
    )
    assert [line.rstrip() for line in text.splitlines()] == [
        "count  cause",
        "   10  import-module-missing",
        f"  for example  {IDENTITY}",
    ]


def test_prose_gives_way_at_words() -> None:
    rows = [["a", "b", "ten little words that do not fit on a line"]]
    lines = [line.rstrip() for line in shown(["x", "y", "prose"], rows, 36).splitlines()]
    assert lines == [
        "x  y  prose",
        "a  b  ten little words that do not",
        "      fit on a line",
    ]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_url_is_never_broken_by_us(width: int) -> None:
    text = shown(["queue", "url"], [["jobs", URL]], width)
    assert URL in text


def test_wide_characters_keep_columns_in_line() -> None:
    text = shown(["body", "n→"], [["한국어 본문 😀", "1"], ["plain text", "22"]], 80)
    ends = {cell_len(line.rstrip()) for line in text.splitlines()}
    assert len(ends) == 1


words = st.text("abc", min_size=1, max_size=30)
tokens = st.text("abcdefgh0123456789-", min_size=1, max_size=70)
prose = st.lists(words, min_size=2, max_size=12).map(" ".join)


@given(
    st.lists(st.tuples(tokens, st.sampled_from(["1", "12345"]), prose, tokens), max_size=5),
    st.integers(30, 140),
)
def test_nothing_is_lost_or_cut(rows: list[tuple[str, str, str, str]], width: int) -> None:
    text = shown(["name", "count→", "prose", "id"], [list(each) for each in rows], width)
    assert "…" not in text
    for name, _, said, identity in rows:
        assert name in text
        assert identity in text
        assert all(word in text for word in said.split())
    widest = max((cell_len(each) for one in rows for each in (one[0], one[3])), default=0)
    for line in text.splitlines():
        # Only a line with something to copy may be longer than the terminal.
        whole = " " not in line.strip()  # a word too long for any line
        assert whole or cell_len(line.rstrip()) <= max(width, widest + 24)
