"""Log streams may be added while somebody walks through them."""

from __future__ import annotations

import copy

import pytest

from sqsctl.lab.fidelity.functions.lambda_logs import Streams


@pytest.mark.parametrize("walk", [iter, Streams.values, Streams.items])
def test_a_walk_sees_what_was_there_when_it_began(walk: object) -> None:
    streams = Streams(a=1, b=2)
    seen = 0
    for _ in walk(streams):  # type: ignore[operator]
        streams[f"new{seen}"] = 3
        seen += 1
    assert (seen, len(streams)) == (2, 4)
    assert sorted(streams) == ["a", "b", "new0", "new1"]
    assert dict(copy.deepcopy(streams)) == dict(streams)
