"""One permission that a command needs: an action, and what it is allowed on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class On(StrEnum):
    """What an action is allowed on."""

    ANYTHING = "*"
    QUEUES = "queues"
    MAIN_QUEUES = "main queues"
    DEAD_LETTER_QUEUES = "dead-letter queues"
    FUNCTIONS = "functions"
    LAYERS = "layers"
    LOG_GROUPS = "log groups"
    APIS = "APIs"
    STACKS = "stacks"
    ROLES = "roles"
    KEYS = "keys"
    MAPPINGS = "mappings"
    TOPICS = "topics"
    BUSES = "event buses"
    RULES = "rules"
    BUCKETS = "buckets"


@dataclass(frozen=True, slots=True)
class Need:
    """An action and what it is needed on. ``optional``: without it the command tells less."""

    action: str
    on: On = On.ANYTHING
    optional: bool = False


def on(on: On, *actions: str, optional: bool = False) -> tuple[Need, ...]:
    return tuple(Need(action, on, optional) for action in actions)
