"""The corpus as values: texts, their causes, and what a right remedy holds.

``corpus/*.yaml`` tell a text's cause alone. ``corpus/remedies/*.yaml`` also tell, in ``remedy``,
what a senior engineer would advise, and patterns that the advice must and must not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.operations.diagnosis.explain import explain
from tests.yaml_files import loaded

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Excerpt:
    """A text, the ids that are right for its cause (none: healthy), and its remedy's patterns."""

    file: str
    name: str
    text: str
    expect: tuple[str, ...]
    runtime: str | None = None
    remedy: str = ""
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    title_must_not: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        return not self.expect


@dataclass(frozen=True)
class Answer:
    """What the program says of a text, as far as it is wrong."""

    cause: str | None
    alarm: bool
    misses: tuple[str, ...]


def excerpts(folder: Path = FOLDER) -> Iterator[Excerpt]:
    for path in sorted(folder.glob("*.yaml")):
        for each in loaded(path):
            wanted = each["expect"]
            yield Excerpt(
                path.stem,
                each["name"],
                each["text"],
                () if wanted is None else (wanted,) if isinstance(wanted, str) else tuple(wanted),
                each.get("runtime"),
                each.get("remedy", ""),
                tuple(each.get("must", ())),
                tuple(each.get("must_not", ())),
                tuple(each.get("title_must_not", ())),
            )


@cache
def explained(excerpt: Excerpt) -> tuple[Finding, ...]:
    return explain(excerpt.text, runtime=excerpt.runtime).findings


def first_cause(findings: tuple[Finding, ...]) -> Finding | None:
    return next((each for each in findings if each.kind is Kind.CAUSE), None)


def judged(excerpt: Excerpt) -> Answer:
    """The first cause that the program names, and where its remedy is not the one meant."""
    findings = explained(excerpt)
    alarm = any(each.severity > Severity.INFO for each in findings)
    first = first_cause(findings)
    if first is None:
        return Answer(None, alarm, ("no cause",) if excerpt.must else ())
    told = "\n".join(_words(asdict(first.fix)))
    flags = re.IGNORECASE | re.DOTALL
    misses = (
        *(f"lacks /{each}/" for each in excerpt.must if not re.search(each, told, flags)),
        *(f"holds /{each}/" for each in excerpt.must_not if re.search(each, told, flags)),
        *(
            f"title holds /{each}/"
            for each in excerpt.title_must_not
            if re.search(each, first.title, flags)
        ),
    )
    return Answer(first.id, alarm, misses)


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _words(each)
