"""Writes docs/accuracy.md: how many causes and remedies of the tests' texts are right, by class.

usage: python docs/accuracy.py
The texts, their causes and what their remedies must hold stand in tests/checks/corpus.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/accuracy.md"
sys.path.insert(0, str(ROOT))

from tests.checks.corpus_cases import FOLDER, Answer, Excerpt, excerpts, judged  # noqa: E402

HEAD = """\
# How often it is right

Made by `python docs/accuracy.py`; a test keeps it fresh. Each text of the corpus in
`tests/checks/corpus` is given to `logs explain`. A cause is right where the first one that is
named is the one meant. A remedy is right where it also holds what an engineer would advise, and
nothing that does harm: the texts in `corpus/remedies` say both as patterns, written down before
anybody looked at what the program says. Where it was wrong it was mended, so that these figures
tell what must not get worse; on texts that nobody here has seen it does less well.
"""


@dataclass(frozen=True)
class Judged:
    """A text and how the program did on it."""

    excerpt: Excerpt
    answer: Answer

    @property
    def cause(self) -> bool:
        return self.answer.cause in self.excerpt.expect

    @property
    def remedy(self) -> bool:
        return self.cause and not self.answer.misses


def judge(texts: Iterable[Excerpt]) -> tuple[Judged, ...]:
    return tuple(Judged(each, judged(each)) for each in texts)


def page(found: tuple[Judged, ...]) -> str:
    """The page for what was judged."""
    sick = [each for each in found if not each.excerpt.healthy]
    healthy = [each for each in found if each.excerpt.healthy]
    advised = [each for each in sick if each.excerpt.must]
    alarms = [each for each in healthy if each.answer.alarm]
    lines = [
        HEAD,
        f"- Causes: {sum(each.cause for each in sick)} of {len(sick)} right.",
        f"- Remedies: {sum(each.remedy for each in advised)} of {len(advised)} right.",
        f"- False alarms: {len(alarms)} on {len(healthy)} texts of what is healthy.",
        "",
        "| Class | Texts | Causes right | Remedies judged | Remedies right |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in sorted({each.excerpt.expect[0] for each in sick}):
        own = [each for each in sick if each.excerpt.expect[0] == name]
        told = [each for each in own if each.excerpt.must]
        lines.append(
            f"| [{name}](reference/checks.md#{name}) | {len(own)} | "
            f"{sum(each.cause for each in own)} | {len(told)} | "
            f"{sum(each.remedy for each in told)} |"
        )
    misses = [_miss(each) for each in sick if not each.cause or each.answer.misses]
    misses += [f"- {each.excerpt.name}: a false alarm" for each in alarms]
    lines += ["", "## What is missed", "", *(misses or ["Nothing in these texts."])]
    return "\n".join(lines) + "\n"


def _miss(each: Judged) -> str:
    meant = " or ".join(each.excerpt.expect)
    said = "" if each.cause else f"named {each.answer.cause or 'nothing'}, meant {meant}"
    why = "; ".join(filter(None, (said, *each.answer.misses)))
    return f"- {each.excerpt.file}, {each.excerpt.name}: {why}"


def corpus() -> tuple[Judged, ...]:
    """Every text of the corpus, judged."""
    return judge((*excerpts(), *excerpts(FOLDER / "remedies")))


if __name__ == "__main__":
    PAGE.write_text(page(corpus()), encoding="utf-8")
