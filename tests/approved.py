"""All that findings and fixes say, in lines that a difference is read by, as it was approved.

A file holds several cases. ``--update`` writes it anew: the difference is to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sqsctl.model.finding import Evidence, Finding
from sqsctl.model.remedy import Command, Edit, Fix, Step

_MOST_OF_A_VALUE = 60
_MOMENT = "%Y-%m-%dT%H:%M:%S"


class Told:
    """The lines of a file. What was said before, word for word, is not said again."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._case = ""
        self._said: dict[tuple[str, ...], str] = {}
        self._verified: tuple[str, ...] = ()

    def case(self, name: str) -> None:
        self._case = name
        self.lines.append(f"## {name}")

    def finding(self, finding: Finding) -> None:
        self.lines += (_head(finding), *map(_evidence, finding.evidence))
        self.lines.append(f"  = {finding.fix.summary}")
        self.fix(finding.fix)

    def ways(self, fix: Fix) -> None:
        for each in fix.ways:
            self._part(f"* {each.when}".rstrip(), each.steps)

    def fix(self, fix: Fix) -> None:
        self.ways(fix)
        self._part("afterwards", fix.afterwards)
        self._part("undo", fix.undo)
        if fix.calls:
            self.lines.append(f"  --fix calls {', '.join(each.operation for each in fix.calls)}")
        verified = tuple(line for each in fix.verify for line in _step(each))
        if verified != self._verified:  # of most it is that of the one before
            self.lines += ("  verify from here on", *(verified or ("    nothing",)))
            self._verified = verified

    def compare(self, file: Path, request: pytest.FixtureRequest) -> None:
        """Fail where the file says something else."""
        if request.config.getoption("--update"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")
        approved = file.read_text(encoding="utf-8") if file.exists() else ""
        test = Path(request.node.path).relative_to(request.config.rootpath)
        assert self.lines == approved.split("\n")[:-1], (
            f"pytest {test} --update, and read the difference"
        )

    def _part(self, name: str, said: Sequence[Step]) -> None:
        if not said:
            return
        whole = [tuple(_step(each)) for each in said]
        if known := self._known(tuple(line for each in whole for line in each)):
            self.lines.append(f"  {name}: {known}")
            return
        self.lines.append(f"  {name}")
        for first, *more in whole:
            known = self._known(tuple(more)) if more else ""
            self.lines += [f"{first}: {known}"] if known else [first, *more]

    def _known(self, body: tuple[str, ...]) -> str:
        """Where these lines were written before; empty where they are new."""
        case = self._said.get(body)
        self._said.setdefault(body, self._case)
        return "" if case is None else "as above" if case == self._case else f"as of {case}"


def _head(finding: Finding) -> str:
    """The check, what it decides, and the title."""
    levels = (finding.severity.label, finding.kind, finding.confidence.label)
    words = [finding.id, *levels, finding.fix.disposition]
    words += ["past"] if finding.past else []
    words += [f"under {finding.explained_by}"] if finding.explained_by else []
    words += [f"explains {', '.join(finding.explains)}"] if finding.explains else []
    words += [f"because {', '.join(finding.because)}"] if finding.because else []
    words += [f"of {finding.subject}"] if finding.subject else []
    words += [f"from {finding.since:{_MOMENT}}"] if finding.since else []
    words += [f"to {finding.until:{_MOMENT}}"] if finding.until else []
    return f"{' '.join(words)}: {finding.title}"


def _evidence(each: Evidence) -> str:
    value = each.value.replace("\n", "\\n")
    if len(value) > _MOST_OF_A_VALUE:
        value = f"{value[:_MOST_OF_A_VALUE]}… ({len(value)})"
    at = each.at.strftime(_MOMENT) if each.at else ""
    return f"  . {' | '.join(filter(None, (each.source, each.fact, value, at)))}"


def _step(each: Step) -> Iterator[str]:
    """``$`` changes something, ``$$`` deploys, ``?`` looks."""
    match each:
        case Command():
            mark = "?" if not each.changes else "$$" if each.deploys else "$"
            yield f"    {mark} {each.line}{f'   (in {each.where})' if each.where else ''}"
        case Edit():
            place = each.file if each.at_line is None else f"{each.file}:{each.at_line}"
            yield f"    in {place} ({each.language})"
            yield from (f"    - {line}" for line in each.replaces)
            yield from (f"    + {line}" for line in each.lines)
        case _:
            yield f"    {each.text}"
