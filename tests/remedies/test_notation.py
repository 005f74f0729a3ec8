"""Lines of YAML say what they were made from, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.intents import REMOVED
from sqsctl.remedies.notation import merged, read, yaml_lines

KEYS = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True).filter(
    lambda key: key.lower() not in {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
SCALARS = st.one_of(TEXTS, st.integers(), st.booleans())
DOCUMENTS = st.recursive(
    st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        KEYS,
        st.one_of(inner, SCALARS, st.lists(SCALARS, min_size=1, max_size=3)),
        min_size=1,
        max_size=3,
    ),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_yaml_reads_back_what_was_written(document: dict[str, Any]) -> None:
    lines = list(yaml_lines(document))
    assert yaml.safe_load("\n".join(lines)) == document
    assert all("\n" not in each for each in lines)


@given(DOCUMENTS, DOCUMENTS)
def test_both_are_in_what_was_merged(one: dict[str, Any], other: dict[str, Any]) -> None:
    both = merged(one, other)
    assert set(both) == {*one, *other}
    assert merged(both, other) == both
    assert merged(one, {}) == one


def test_what_is_to_go_is_a_comment() -> None:
    lines = list(yaml_lines({"Worker": {"Properties": {"Timeout": REMOVED}}}))
    assert lines == ["Worker:", "  Properties:", "    # remove: Timeout"]


@pytest.mark.parametrize(
    ("value", "said"),
    [("12", 12), ("١٢", "١٢"), ('{"a": 1}', {"a": 1}), ("{a}", "{a}"), ("alias/aws/sqs",) * 2],
)
def test_an_attribute_is_read_as_a_template_has_it(value: str, said: object) -> None:
    assert read(value) == said
