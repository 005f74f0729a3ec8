"""What a log line says about itself, line by line."""

from __future__ import annotations

import pytest

from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.annotation import annotate
from sqsctl.operations.logs.tail import Tailed

START = "START RequestId: 6f1e42a0-0000-4000-8000-000000000001 Version: $LATEST\n"


@pytest.mark.parametrize("message", ["", "\n", "   \n", "\r\n", "\t"])
def test_an_empty_line_belongs_to_its_request_and_says_nothing(message: str) -> None:
    lines = [Tailed("worker", LogEvent(each, stream="s")) for each in (START, message)]
    _, empty = annotate(lines)
    assert empty.request_id == "6f1e42a0-0000-4000-8000-000000000001"
    assert (empty.level, empty.check, empty.platform) == ("", None, False)
