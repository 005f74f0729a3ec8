"""All that a finding says, in lines that a difference is read by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqsctl.model.finding import Evidence, Finding
from sqsctl.model.remedy import Command, Edit, Step

_MOST_OF_A_VALUE = 60
_MOMENT = "%Y-%m-%dT%H:%M:%S"


class Told:
    """The lines of a file. What was said before, word for word, is not said again."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._case = ""
        self._said: dict[tuple[str, ...], str] = {}
        self._verified: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def case(self, name: str, findings: Iterable[Finding]) -> None:
        self._case = name
        self.lines.append(f"## {name}")
        for each in findings:
            self._finding(each)

    def _finding(self, finding: Finding) -> None:
        fix = finding.fix
        self.lines += (head(finding), *map(_evidence, finding.evidence), f"  = {fix.summary}")
        for each in fix.ways:
            self._part(f"* {each.when}".rstrip(), each.steps)
        self._part("afterwards", fix.afterwards)
        self._part("undo", fix.undo)
        if fix.calls:
            self.lines.append(f"  --fix calls {', '.join(each.operation for each in fix.calls)}")
        verified = tuple(_steps(fix.verify))
        if verified != self._verified:  # of most findings it is that of the one before
            self.lines += ("  verify from here on", *(verified or ("    nothing",)))
            self._verified = verified

    def _part(self, name: str, said: Sequence[Step]) -> None:
        if not said:
            return
        body = tuple(_steps(said))
        before = self._said.setdefault(body, self._case)
        if before == self._case:
            self.lines += (f"  {name}", *body)
        else:
            self.lines.append(f"  {name}: as of {before}")


def head(finding: Finding) -> str:
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


def _steps(said: Iterable[Step]) -> Iterator[str]:
    """``$`` changes something, ``$$`` deploys, ``?`` looks."""
    for each in said:
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
