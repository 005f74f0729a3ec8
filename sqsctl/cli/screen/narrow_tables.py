"""Tables on a terminal that is too narrow for them.

Nothing that a person copies (ids, URLs, names) is ever folded or cut. What does not fit
beside the rest stands below its row, with its column's name; the terminal breaks a long word
there where it has to, which a copy does not notice. Prose wraps at words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from sqsctl.cli.screen.output import LEAST_WIDTH, prose, wrapped

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
ENOUGH = 0.6  # of its width prose needs beside the others; with less it goes below


class _Column:
    def __init__(self, header: Text, cells: list[Text], *, right: bool) -> None:
        self.header = header
        self.cells = cells
        self.right = right
        self.width = max(cell_len(each.plain) for each in (header, *cells))
        self.prose = any(" " in each.plain for each in cells)
        # Prose may be squeezed to this, and its words stay whole; what is copied not at all.
        words = max(cell_len(word) for each in cells for word in each.plain.split() or [""])
        squeezed = max(words, cell_len(header.plain), round(self.width * ENOUGH))
        self.least = squeezed if self.prose else self.width


def fits(console: Console, grid: Table) -> bool:
    """Whether every cell of the table has its place on one line."""
    wide = console.options.update(width=10_000)
    return grid.__rich_measure__(console, wide).maximum <= console.width


def show_narrow(console: Console, grid: Table) -> None:
    """Print a table that does not fit. Its first column stays in front of each row."""
    columns = [
        _Column(
            Text(str(each.header)),
            [cell if isinstance(cell, Text) else Text(str(cell)) for cell in each.cells],
            right=each.justify == "right",
        )
        for each in grid.columns
    ]
    if not grid.show_header and len(columns) == 2:
        _pairs(console, *columns)
        return
    beside, below = list(columns), list[_Column]()
    while len(beside) > 1 and _total(each.least for each in beside) > console.width:
        widest = max(beside[1:], key=lambda each: each.width)
        beside.remove(widest)
        below.append(widest)
    _squeeze(beside, console.width)
    if grid.show_header:
        _line(console, beside, [each.header for each in beside], str(grid.header_style or ""))
    for number, row in enumerate(grid.rows):
        style = str(row.style or "")
        _line(console, beside, [each.cells[number] for each in beside], style)
        for each in sorted(below, key=columns.index):
            _below(console, each, number, style)


def _pairs(console: Console, names: _Column, values: _Column) -> None:
    """Names and values: a value that is too long goes on below itself."""
    room = console.width - names.width - GAP
    for name, value in zip(names.cells, values.cells, strict=True):
        head = Text(name.plain + " " * (names.width - cell_len(name.plain) + GAP))
        if room < LEAST_WIDTH or " " not in value.plain or value.cell_len <= room:
            console.print(head + value, soft_wrap=True)
            continue
        for line in wrapped(value, room):
            console.print(head + line, soft_wrap=True)
            head = Text(" " * (names.width + GAP))


def _total(widths: Iterable[int]) -> int:
    found = list(widths)
    return sum(found) + GAP * (len(found) - 1)


def _squeeze(columns: list[_Column], room: int) -> None:
    """Take from the widest prose what is too much."""
    while (excess := _total(each.width for each in columns) - room) > 0:
        prose = [each for each in columns if each.width > each.least]
        if not prose:
            return
        widest = max(prose, key=lambda each: each.width - each.least)
        widest.width = max(widest.width - excess, widest.least)


def _line(console: Console, columns: list[_Column], cells: list[Text], style: str) -> None:
    if _total(each.width for each in columns) > console.width:
        # Even the least is too much: as it is, and the terminal breaks it.
        console.print(Text("  ").join(cells), style=style, soft_wrap=True)
        return
    line = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
    for each in columns:
        line.add_column(width=each.width, justify="right" if each.right else "left")
    line.add_row(*cells, style=style)
    console.print(line)


def _below(console: Console, column: _Column, number: int, style: str) -> None:
    cell = column.cells[number]
    if not cell.plain:
        return
    name = Text(f"{column.header.plain}  " if column.header.plain else "", "dim")
    line = Text("  ") + name + cell
    line.stylize_before(style)
    prose(console, line)
