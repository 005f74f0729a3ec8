"""Whether a version fits a range, as npm and Python projects write ranges.

Only majors (Node.js) or major.minor (Python) matter for a Lambda runtime; what cannot be
read is None, never a guess.
"""

from __future__ import annotations

import re

_TERM = re.compile(
    r"(?P<op>>=|<=|===|==|~=|!=|>|<|\^|~|=)?\s*v?(?P<version>\d{1,4}(?:\.(?:\d{1,6}|[xX*])){0,3})"
)
_LTS = {
    "argon": 4,
    "boron": 6,
    "carbon": 8,
    "dubnium": 10,
    "erbium": 12,
    "fermium": 14,
    "gallium": 16,
    "hydrogen": 18,
    "iron": 20,
    "jod": 22,
    "krypton": 24,
}


def allows(wanted: str, version: str) -> bool | None:
    """Whether ``version`` (20, 3.12) lies in the range; None where the range is not understood.

    Understands comparators, caret, tilde, x-ranges, hyphen ranges, ``||``, Python's commas
    and nvm's ``lts/hydrogen``.
    """
    text = wanted.strip().strip("\"'").lower()
    if name := re.fullmatch(r"(?:lts/)?([a-z]+)", text):
        major = _LTS.get(name.group(1))
        return None if major is None else version.split(".", maxsplit=1)[0] == str(major)
    if text in {"", "*", "x", "latest", "node", "lts/*"}:
        return None
    answers = [_all_of(part, version) for part in text.split("||")]
    if any(answers):
        return True
    return None if None in answers else False


def _all_of(text: str, version: str) -> bool | None:
    text = text.strip()
    if hyphen := re.fullmatch(r"v?([\d.xX*]+)\s+-\s+v?([\d.xX*]+)", text):
        text = f">={hyphen.group(1)} <={hyphen.group(2)}"
    terms = list(_TERM.finditer(text))
    if not terms or re.sub(r"[\s,]", "", _TERM.sub("", text)):
        return None
    return all(_one(term.group("op") or "", term.group("version"), version) for term in terms)


def _one(operator: str, wanted: str, version: str) -> bool:
    """Compare on the digits that both give: a runtime's patch version is not known."""
    have = _numbers(version)
    want = _numbers(wanted)
    size = min(len(have), len(want))
    left, right = have[:size], want[:size]
    # A bound on digits that the runtime's id does not give (>=3.12.4) is met by some build.
    match operator:
        case ">=":
            return left >= right
        case ">":
            return left > right or (left == right and len(want) > size)
        case "<=":
            return left <= right
        case "<":
            return left < right or (left == right and any(want[size:]))
        case "!=":
            return left != right or len(want) > size
        case "^":
            return have[0] == want[0] and left >= right
        case "~" | "~=":
            return (
                (left == right)
                if size <= 2 and operator == "~"
                else left[0] == right[0] and left >= right
            )
        case _:
            return left == right


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return numbers or [0]
