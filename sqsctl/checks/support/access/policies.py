"""Resource policies, read as IAM reads them, as far as a diagnosis needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_BENIGN = frozenset({"aws:securetransport"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; lists are lower-cased where IAM does not mind case."""

    effect: str
    actions: tuple[str, ...]
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()
    sid: str = ""
    raw: str = field(default="", compare=False)

    def covers(self, action: str) -> bool:
        """Whether the action is one of the statement's, wildcards included."""
        return any(fnmatchcase(action.lower(), each.lower()) for each in self.actions)

    @property
    def only_for_plain_http(self) -> bool:
        """The deny of unencrypted transport, which no SDK meets."""
        return bool(self.conditions) and all(
            key.lower() in _BENIGN and value.lower() == "false" for _, key, value in self.conditions
        )


def statements(document: str | None) -> tuple[Statement, ...]:
    """The statements of a policy; none where it is missing or no JSON."""
    try:
        value = json.loads(document or "")
    except (ValueError, RecursionError):
        return ()
    if not isinstance(value, dict):
        return ()
    found = value.get("Statement")
    items = found if isinstance(found, list) else [found]
    return tuple(_statement(each) for each in items if isinstance(each, dict))


def _statement(raw: dict[str, object]) -> Statement:
    return Statement(
        effect=str(raw.get("Effect", "")),
        actions=_texts(raw.get("Action")),
        principals=tuple(_principals(raw.get("Principal"))),
        resources=_texts(raw.get("Resource")),
        conditions=tuple(_conditions(raw.get("Condition"))),
        sid=str(raw.get("Sid", "")),
        raw=json.dumps(raw, separators=(",", ":"), default=str)[:600],
    )


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(each for each in items if isinstance(each, str))


def _principals(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    else:
        yield from _texts(value)


def _conditions(value: object) -> Iterator[tuple[str, str, str]]:
    if not isinstance(value, dict):
        return
    for operator, keys in value.items():
        if isinstance(keys, dict):
            for key, wanted in keys.items():
                for text in _texts(wanted) or (
                    (str(wanted).lower(),) if wanted is not None else ()
                ):
                    yield str(operator), str(key), text


def like(pattern: str, arn: str) -> bool:
    """Whether an ARN matches an IAM pattern with ``*`` and ``?``."""
    expression = "".join(
        ".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern
    )
    return re.fullmatch(expression, arn) is not None
