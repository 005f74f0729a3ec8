"""Filter patterns of plain terms: all of them, any of them, none of them, phrases, regexes.

Upstream takes ``?TERM`` for a wildcard that must match, splits a quoted phrase at its
spaces, and overlooks case.
Source: CloudWatch Logs user guide, "Filter pattern syntax": case sensitive; several terms
match where all are in the message; ``?`` before terms matches where any is; ``-`` excludes;
"..." is an exact phrase; %...% is a regular expression; where ``?`` terms stand beside
others, the ``?`` terms are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_TERM = re.compile(r'(?P<sign>[?+-]?)(?:"(?P<phrase>(?:\\.|[^"\\])*)"|(?P<word>\S+))')


def structured(pattern: str) -> bool:
    """Whether a pattern is about JSON or about columns, not about terms."""
    return pattern.lstrip()[:1] in {"{", "["}


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a message matches a pattern of terms. Raises ValueError for a broken regex."""
    terms = [
        (each["sign"], _found(each["phrase"], each["word"])) for each in _TERM.finditer(pattern)
    ]
    every = [found for sign, found in terms if sign in {"", "+"}]
    none = [found for sign, found in terms if sign == "-"]
    some = [] if every or none else [found for sign, found in terms if sign == "?"]

    def matches(message: str) -> bool:
        if any(found(message) for found in none):
            return False
        if some:
            return any(found(message) for found in some)
        return all(found(message) for found in every)

    return matches


def _found(phrase: str | None, word: str | None) -> Callable[[str], bool]:
    if phrase is None and word and len(word) > 2 and word[0] == word[-1] == "%":
        try:
            expression = re.compile(word[1:-1])
        except re.error:
            raise ValueError("Invalid filter pattern") from None
        return lambda message: expression.search(message) is not None
    text = re.sub(r"\\(.)", r"\1", phrase) if phrase is not None else word or ""
    return lambda message: text in message
