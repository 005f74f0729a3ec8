"""What a text says does not depend on how it was copied, nor on what else stands near it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from sqsctl.operations.diagnosis.explain import explain
from tests.checks.corpus_cases import Excerpt
from tests.checks.test_corpus import ALL, HEALTHY, SICK

OTHER = "5e0d4c3b-2a19-4087-9f6e-5d4c3b2a1908"
WARM = f"""\
START RequestId: {OTHER} Version: $LATEST
2024-06-01T08:00:00.100Z\t{OTHER}\tINFO\tgot 3 records
2024-06-01T08:00:00.300Z\t{OTHER}\tINFO\tdone with 3 records
END RequestId: {OTHER}
REPORT RequestId: {OTHER}\tDuration: 210.11 ms\tBilled Duration: 211 ms\tMemory Size: 256 MB\t\
Max Memory Used: 90 MB\t
"""
COLD = f"""\
INIT_START Runtime Version: python:3.13.v40\tRuntime Version ARN: arn:aws:lambda:eu-west-1::r:a
START RequestId: {OTHER} Version: $LATEST
[INFO]\t2024-06-01T08:00:00.100Z\t{OTHER}\tgot 3 records
END RequestId: {OTHER}
REPORT RequestId: {OTHER}\tDuration: 210.11 ms\tBilled Duration: 211 ms\tMemory Size: 256 MB\t\
Max Memory Used: 90 MB\tInit Duration: 301.10 ms\t
"""

# One worker: what the plain texts tell is worked out once.
pytestmark = pytest.mark.xdist_group("forms of texts")

Form = Callable[[str], str]


def each_line(before: str, after: str = "") -> Form:
    return lambda text: "\n".join(before + line + after for line in text.split("\n"))


FORMS: dict[str, Form] = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "colours": each_line("\x1b[33m", "\x1b[0m"),
    "a quotation": each_line("> "),
    "a block of code": each_line("    "),
    "a fence": lambda text: f"```\n{text.rstrip()}\n```\n",
}
OFTEN = {"line ends of Windows", "colours", "a block of code"}
NAMES = {
    "a function's name": each_line("[jobs-worker] "),
    "docker compose": each_line("worker-1  | "),
    "a name and a colon": each_line("jobs-worker: "),
}


@cache
def told(text: str) -> frozenset[str]:
    return frozenset(each.id for each in explain(text).findings)


def is_export(excerpt: Excerpt) -> bool:
    """A table is one as a whole only."""
    return excerpt.text[:13].isdigit() or excerpt.text.startswith("@timestamp,")


def changed(form: Form, excerpts: tuple[Excerpt, ...]) -> list[str]:
    return [
        f"{each.file}: {each.name}: {sorted(told(form(each.text)))}"
        for each in excerpts
        if told(form(each.text)) != told(each.text)
    ]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, id=name, marks=() if name in OFTEN else pytest.mark.long)
        for name, form in FORMS.items()
    ],
)
def test_the_copy_does_not_matter(form: Form) -> None:
    assert changed(form, ALL) == []


@pytest.mark.parametrize("form", NAMES.values(), ids=NAMES.keys())
def test_what_stands_before_every_line_does_not_matter(form: Form) -> None:
    several = tuple(each for each in ALL if len(each.text.split("\n\n")[0].split("\n")) > 2)
    assert len(several) > 120
    assert changed(form, several) == []


@pytest.mark.parametrize(
    ("other", "first"),
    [
        pytest.param(WARM, True, id="before-warm"),
        pytest.param(COLD, False, id="after-cold"),
        pytest.param(COLD, True, id="before-cold", marks=pytest.mark.long),
        pytest.param(WARM, False, id="after-warm", marks=pytest.mark.long),
    ],
)
def test_another_invocation_hides_and_adds_nothing(other: str, *, first: bool) -> None:
    wrong = []
    for each in ALL:
        text = each.text if each.text.endswith("\n") else each.text + "\n"
        both = other + text if first else text + other
        if not is_export(each) and told(both) != told(each.text):
            wrong.append(f"{each.file}: {each.name}: {sorted(told(both))}")
    assert wrong == []


def test_healthy_texts_stay_healthy_together() -> None:
    wrong = [
        f"{each.name} + {other.name}"
        for index, each in enumerate(HEALTHY)
        for other in HEALTHY[index + 1 :: 7]
        if told(f"{each.text.rstrip()}\n\n{other.text}")
    ]
    assert wrong == []


def test_the_causes_are_told_at_all() -> None:
    """The others compare with what the plain text tells: that must not be nothing."""
    assert sum(bool(told(each.text)) for each in SICK) > 0.95 * len(SICK)
