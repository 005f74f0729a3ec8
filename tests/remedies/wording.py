"""What a fix tells, in one list: commands, lines and sentences of all its ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqsctl.model.remedy import Command, Edit, Fix, Step


def words(steps: Iterable[Step]) -> Iterator[str]:
    """A line for each command and sentence, and those of each edit."""
    for each in steps:
        match each:
            case Command():
                yield each.line
            case Edit():
                yield from each.lines
            case _:
                yield each.text


def everything(fix: Fix) -> list[str]:
    """All that a person may be told to do."""
    steps = [step for way in fix.ways for step in way.steps]
    return [fix.summary, *words((*steps, *fix.verify, *fix.afterwards, *fix.undo))]


def commands(fix: Fix) -> list[Command]:
    """Every command of a fix, whatever way it is of."""
    steps = [step for way in fix.ways for step in way.steps]
    every = (*steps, *fix.verify, *fix.afterwards, *fix.undo)
    return [each for each in every if isinstance(each, Command)]
