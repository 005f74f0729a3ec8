"""How many examples a parser is tried with: some in every run, 20,000 on demand.

``pytest -m fuzz`` is the run on demand: tests/conftest.py loads the profile ``fuzz`` for it.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

NAME = "fuzz"
EXAMPLES = 20_000

# How long an example takes says how busy the machine is, and nothing about the program.
USUAL = "usual"
settings.register_profile(USUAL, deadline=None)
settings.register_profile(
    NAME,
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def fuzzed(examples: int) -> settings:
    """Settings of a fuzz test: ``examples`` by default, EXAMPLES where the profile says so."""
    if settings.get_current_profile_name() == NAME:
        return settings.get_profile(NAME)
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
