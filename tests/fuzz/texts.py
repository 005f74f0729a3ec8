"""Foreign input, made up: wild text and bytes, JSON of any shape, and honest files spoilt."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st

wild_text = st.text(st.characters(codec=None), max_size=200)
wild_bytes = st.binary(max_size=300)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | wild_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(wild_text, inner, max_size=4),
    max_leaves=10,
)


def json_with(keys: Sequence[str]) -> st.SearchStrategy[object]:
    """JSON that has the keys a reader looks for, holding what it does not expect."""
    some = st.sampled_from(list(keys)) | wild_text
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.sampled_from(list(keys))
        | wild_text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(some, inner, max_size=6),
        max_leaves=14,
    )


def json_texts(keys: Sequence[str] = ("a",)) -> st.SearchStrategy[str]:
    return json_with(keys).map(json.dumps)


@st.composite
def spoilt(draw: st.DrawFn, honest: Sequence[str]) -> str:
    """An honest text with pieces cut out, doubled, moved or replaced; or none of it."""
    text = draw(st.sampled_from(list(honest)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 60)))
        piece = draw(
            st.sampled_from(
                ["", text[start:stop] * 2, "\r\n", "\0", "\t", "{", "[", '"', "'", "&a", "*a"]
            )
            | wild_text
        )
        text = text[:start] + piece + text[stop:]
    return text


def encoded(text: str) -> bytes:
    """As a file would hold it; what UTF-8 cannot say is there as broken bytes."""
    return text.encode("utf-8", errors="surrogatepass")
