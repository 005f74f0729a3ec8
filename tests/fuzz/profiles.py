"""Which examples properties are tried with, and how many.

The usual run tries the same ones every time, so that a commit passes or fails for what is in it.
New ones are tried on demand: with ``pytest --hypothesis-profile new``, as many as in the usual run
each time; with ``pytest -m fuzz`` 20,000 for each parser. tests/conftest.py loads the profiles.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

NAME = "fuzz"
EXAMPLES = 20_000

# How long an example takes says how busy the machine is, and nothing about the program.
USUAL, NEW = "usual", "new"
settings.register_profile(USUAL, deadline=None, derandomize=True)
settings.register_profile(NEW, deadline=None)
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
