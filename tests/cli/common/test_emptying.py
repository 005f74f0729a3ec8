"""Emptying a queue: what an export before it could not see is not deleted unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from sqsctl.cli.common.emptying import empty
from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Output
from sqsctl.errors import RefusedError
from sqsctl.model.message import Outgoing
from sqsctl.operations.dead_letters import survey
from tests.cli.script import Script
from tests.operations.fakes import FakeSqs


class Emptied(FakeSqs):
    """Queues that can be emptied."""

    def purge(self, queue: Any) -> None:
        self.queues[queue.name].stored.clear()


@pytest.fixture
def sqs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emptied:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(survey, "EMPTY_POLLS", 1)
    made = Emptied()
    made.create("dlq").put("a", "b")
    return made


def purge(sqs: Emptied, *answers: object) -> Script:
    run = Run(Output(), PROGRAM)
    script = Script(list(answers))
    run.prompter = script
    empty(run, cast("Any", sqs), sqs.facts("dlq"), dry_run=False)
    return script


def test_what_is_in_the_file_is_deleted_once_the_name_is_typed(sqs: Emptied) -> None:
    script = purge(sqs, True, "dlq")
    assert sqs.queues["dlq"].stored == []
    assert not any("Not in the file" in each.question for each in script.asked)


@pytest.mark.parametrize("unseen", ["in flight", "delayed"])
def test_what_could_not_be_seen_is_deleted_only_when_asked_for(sqs: Emptied, unseen: str) -> None:
    if unseen == "in flight":
        sqs.queues["dlq"].receive(1, visibility_s=100_000)
    else:
        sqs.queues["dlq"].put(Outgoing("later", delay_s=900))
    with pytest.raises(RefusedError) as caught:
        purge(sqs, True, False)
    assert caught.value.message == "nothing was deleted: not all could be exported"
    assert sqs.queues["dlq"].stored
    for each in Path().glob("*.jsonl"):
        each.unlink()
    script = purge(sqs, True, True, "dlq")
    assert f"about 1 {unseen}" in script.asked[1].question
    assert sqs.queues["dlq"].stored == []
