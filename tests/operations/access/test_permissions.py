"""Which options of a command change what it needs."""

from __future__ import annotations

import pytest

from sqsctl.operations.access.permissions import needs


@pytest.mark.parametrize(
    ("command", "reads_logs", "needed"),
    [
        ("produce", True, False),
        ("produce --via sqs", False, False),
        ("produce --follow", True, True),
        ("produce --via sqs --follow", True, True),
        ("produce --count 5 --follow --via=sqs", True, True),
    ],
)
def test_following_needs_the_consumer_s_log(command: str, reads_logs: bool, needed: bool) -> None:
    """Without --follow it only decides what a 500 means."""
    found = [each for each in needs(command) if each.action == "logs:FilterLogEvents"]
    assert bool(found) is reads_logs
    assert all(each.optional is not needed for each in found)
