"""The options of every command, as they were given."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum


class Format(StrEnum):
    """Values of ``--output``."""

    HUMAN = "human"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Globals:
    """The options of every command; None is "not given"."""

    output: Format | None = None
    no_color: bool | None = None
    verbose: int | None = None
    quiet: bool | None = None
    yes: bool | None = None
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    stack: str | None = None
    stage: str | None = None
    queue: str | None = None
    lab: bool | None = None

    def over(self, earlier: Globals) -> Globals:
        """These, and the earlier ones where these say nothing."""
        given = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not None
        }
        return replace(earlier, **given)


COMMON = frozenset(each.name for each in fields(Globals))
