"""The dead-letter workbench on the lab: select, edit, canary, pause, export, restore, purge."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_commands import RESULT, dead_letters, results
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


def dead(lab: DeployedLab) -> int:
    return QueueClient(lab.session).describe(lab.dead_letters.ref).approximate_total


def test_peek_selects_and_sorts(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 12)
    found = sqsctl("dlq", "peek", "--match", "input > `9`", "--sort", "-sent", "-o", "json").data
    bodies = [json.loads(each["body"])["input"] for each in found["messages"]]
    assert sorted(bodies) == [10, 11, 12]
    assert found["cost"]["receive_counts_raised"] == 12
    one = found["messages"][0]["message_id"]
    again = sqsctl("dlq", "peek", "--id", one, "-o", "json").data["messages"]
    assert [each["message_id"] for each in again] == [one]
    assert again[0]["forecast"]["expires_at"]
    grep = sqsctl("dlq", "peek", "--grep", '"input": 3}', "-o", "json").data["messages"]
    assert [each["body"] for each in grep] == ['{"input": 3}']


@pytest.mark.parametrize(
    ("option", "value"), [("--match", "input >"), ("--grep", "("), ("--sort", "colour")]
)
def test_expressions_that_cannot_be_read_are_usage_errors(
    on_lab: DeployedLab, sqsctl: Sqsctl, option: str, value: str
) -> None:
    assert sqsctl("dlq", "peek", option, value).code == 2


def test_redrive_of_a_selection_leaves_the_rest(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 8)
    dry = sqsctl("dlq", "redrive", "--match", "input > `5`", "--dry-run", "-o", "json").data
    assert (dry["selected"], dry["moved"], dry["method"]) == (3, 0, "client")
    data = sqsctl("dlq", "redrive", "--match", "input > `5`", "-o", "json").data
    assert (data["moved"], data["skipped"], data["remaining"]) == (3, 5, 5)
    found = until(lambda: results(sqsctl), lambda seen: len(set(seen)) >= 3)
    assert {f"{RESULT}{n}, 결과: {n + 1}" for n in (6, 7, 8)} == set(found)
    assert dead(on_lab) == 5


def test_edit_mends_a_body_on_its_way(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = QueueClient(on_lab.session).open(on_lab.dead_letters.ref)
    from sqsctl.model.message import Outgoing

    port.send([Outgoing('{"input": "seven"}')])
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\n"
        "p = pathlib.Path(sys.argv[1])\n"
        "p.write_text(p.read_text().replace('\"seven\"', '7'))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    shown = sqsctl("dlq", "redrive", "--edit", "--yes", "-o", "json")
    assert shown.data["moved"] == 1, shown.out
    until(lambda: results(sqsctl), lambda seen: f"{RESULT}7, 결과: 8" in seen)


def test_an_invalid_edit_leaves_the_message_where_it_is(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_letters(on_lab, 1)
    editor = tmp_path / "editor.py"
    editor.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text('nonsense')\n")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    shown = sqsctl("dlq", "redrive", "--edit", "--yes", "-o", "json")
    assert (shown.code, shown.data["moved"], shown.data["failed"]) == (3, 0, 1)
    assert dead(on_lab) == 1


def test_canary_goes_on_when_it_is_processed(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 5)
    shown = sqsctl("dlq", "redrive", "--canary", "1", "-o", "json")
    assert shown.code == 0, shown.out
    assert shown.data["canary"]["good"] is True
    assert shown.data["moved"] == 5


def test_canary_stops_when_it_comes_back(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    incidents.get("import-module-missing").break_(on_lab.session)
    dead_letters(on_lab, 4)
    shown = sqsctl("dlq", "redrive", "--canary", "1", "-o", "json")
    assert shown.code == 10, shown.out
    assert shown.data["canary"]["good"] is False
    assert shown.data["moved"] == 1
    until(lambda: dead(on_lab), lambda count: count == 4)


def test_pause_consumer_restores_the_mapping(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 3)
    shown = sqsctl("dlq", "redrive", "--pause-consumer", "--method", "client", "-o", "json")
    assert shown.data["moved"] == 3
    assert "paused: " in shown.err
    mapping = MappingClient(on_lab.session).of_queue(on_lab.queue.arn)[0]
    assert mapping.state == "Enabled"
    until(lambda: results(sqsctl), lambda seen: len(set(seen)) >= 3)


def test_groups_and_explain_name_the_cause(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    incidents.get("import-module-missing").break_(on_lab.session)
    sqsctl("produce", "--count", "3", "-o", "json")
    until(lambda: dead(on_lab), lambda count: count == 3, seconds=60)
    groups = sqsctl("dlq", "groups", "-o", "json").data["groups"]
    assert [(each["cause"], each["count"]) for each in groups] == [("import-module-missing", 3)]
    assert groups[0]["fingerprint"] == "{input: number}"
    one = groups[0]["sample_message_ids"][0]
    story = sqsctl("dlq", "explain", one, "-o", "json").data
    assert story["message"]["cause"]["id"] == "import-module-missing"
    assert story["attempts"]
    assert sqsctl("dlq", "explain", "no-such-id", "-o", "json").code == 5
    human = sqsctl("dlq", "explain", one)
    assert "dead-lettered" in human.out
    selected = sqsctl("dlq", "redrive", "--cause", "function-timeout", "--dry-run", "-o", "json")
    assert selected.data["selected"] == 0


def test_export_restore_is_the_identity(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    dead_letters(on_lab, 15)
    file = tmp_path / "dead.jsonl"
    exported = sqsctl("dlq", "export", str(file), "-o", "json")
    assert (exported.code, exported.data["messages"]) == (0, 15)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dead(on_lab) == 15
    assert sqsctl("dlq", "export", str(file)).code == 9
    assert sqsctl("dlq", "purge").code == 9
    purged = sqsctl("dlq", "purge", "--yes", "-o", "json")
    assert (purged.code, purged.data["messages"]) == (0, 15)
    until(lambda: dead(on_lab), lambda count: count == 0)
    restored = sqsctl("dlq", "restore", str(file), "--to", on_lab.dead_letters.name, "-o", "json")
    assert (restored.code, restored.data["sent"]) == (0, 15)
    again = sqsctl("dlq", "restore", str(file), "--to", on_lab.dead_letters.name)
    assert again.code == 0
    assert "15 were restored before by " in again.out
    assert "--no-resume sends them again" in again.out
    messages = sqsctl("dlq", "peek", "--limit", "15", "-o", "json").data["messages"]
    assert {each["body"] for each in messages} == {json.dumps({"input": n}) for n in range(1, 16)}
    assert {each["attributes"]["Bytes"]["binary_base64"] for each in messages} == {"AP8="}


def test_a_torn_export_is_partial(on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    dead_letters(on_lab, 3)
    file = tmp_path / "dead.jsonl"
    sqsctl("dlq", "export", str(file))
    file.write_bytes(file.read_bytes()[:-40])
    for rehearsed in ([], ["--dry-run"]):
        assert sqsctl("dlq", "restore", str(file), *rehearsed).code == 9
    rehearsal = sqsctl("dlq", "restore", str(file), "--allow-partial", "--dry-run")
    assert rehearsal.code == 0
    assert "(not whole: " in rehearsal.out
    shown = sqsctl("dlq", "restore", str(file), "--allow-partial", "-o", "json")
    assert shown.code == 3
    assert shown.data["partial"] is True


def test_native_redrive_through_sqs_own_task(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    incident = incidents.get("import-module-missing")
    incident.break_(on_lab.session)
    sqsctl("produce", "--count", "6", "-o", "json")
    until(lambda: dead(on_lab), lambda count: count == 6, seconds=60)
    incident.heal(on_lab.session)
    shown = sqsctl("dlq", "redrive", "-o", "json")
    assert shown.code == 0, shown.out
    assert (shown.data["method"], shown.data["moved"]) == ("native", 6)
    tasks = sqsctl("dlq", "tasks", "-o", "json").data["tasks"]
    assert (tasks[0]["status"], tasks[0]["moved"]) == ("COMPLETED", 6)
    assert sqsctl("dlq", "tasks", "--cancel").code == 5


def test_what_sqs_own_task_cannot_move_is_moved_all_the_same(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    """Messages that were put there by hand have no source that SQS knows."""
    dead_letters(on_lab, 6)
    native = sqsctl("dlq", "redrive", "--method", "native", "-o", "json")
    assert (native.code, native.data["moved"]) == (3, 0)
    shown = sqsctl("dlq", "redrive", "-o", "json")
    assert shown.code == 0, shown.out
    data = shown.data
    assert (data["selected"], data["moved"], data["failed"], data["remaining"]) == (6, 6, 0, 0)
    until(lambda: results(sqsctl), lambda seen: len(set(seen)) >= 6)


def test_queue_watch_prints_a_line_a_tick(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    dead_letters(on_lab, 2)
    shown = sqsctl("queue", "watch", "--count", "2", "--interval", "0.2", "-o", "json")
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert [line["dead"] for line in lines] == [2, 2]
