"""The gate: seeded mistakes, each one that a peer really made, must not survive the tests.

Every mutant is a change of a few characters in a copy of the project; the tests named with
it run there and have to fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import mutants_of_moving
from tests.faults.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
REDRIVE = "tests/operations/moving/test_redrive.py"
DELIVERY = "tests/operations/shared/test_delivery.py"
QUEUES = "tests/aws/test_queues.py"
PEEK = "tests/operations/dead_letters/test_peek.py"
FLATTERING = "tests/operations/moving/test_nothing_flattering.py"
HOSTILE = "tests/aws/test_hostile_server.py"
MACHINE = ("--hypothesis-profile", "unshrunk", "tests/faults/test_machine.py::TestRedriving")


_OPTIONS = [
    *("-x", "-n", "0", "-p", "no:cacheprovider", "--no-header", "--timeout", "20"),
    *("-m", "not long and not benchmark and not lab"),
]

MUTANTS = [
    Mutant(
        "delete first",
        "sqsctl/operations/moving/redrive_worker.py",
        "        context.journal.intent(ids, tried_at)\n",
        "        context.source.delete([each.message for each in part])\n"
        "        context.journal.intent(ids, tried_at)\n",
        (f"{REDRIVE}::test_what_stays_throttled_stays_in_the_source",),
        always=True,
    ),
    Mutant(
        "delete whatever was sent",
        "sqsctl/operations/moving/redrive_worker.py",
        "self._delete([part[each.index].message for each in result.accepted])",
        "self._delete([each.message for each in part])",
        (REDRIVE,),
    ),
    Mutant(
        "ignore Failed of a send",
        "sqsctl/aws/sqs/batches.py",
        "    for key, each in failed.items():\n",
        "    for key, each in ():\n",
        (f"{QUEUES}::test_failed_entries_are_told_apart",),
        always=True,
    ),
    Mutant(
        "take what is not mentioned for accepted",
        "sqsctl/aws/sqs/batches.py",
        "        tuple(missing.values()),\n",
        "        (),\n",
        (QUEUES,),
    ),
    Mutant(
        "no attributes",
        "sqsctl/aws/sqs/queues.py",
        '            "MessageAttributeNames": ["All"],\n',
        "",
        (f"{QUEUES}::test_a_receive_brings_everything",),
    ),
    Mutant(
        "drop Binary",
        "sqsctl/aws/sqs/shapes.py",
        "for name, each in outgoing.attributes.items()",
        "for name, each in outgoing.attributes.items() if not each.binary",
        (f"{QUEUES}::test_a_send_carries_everything_and_numbers_its_entries",),
        always=True,
    ),
    Mutant(
        "drop Number",
        "sqsctl/aws/sqs/shapes.py",
        'for name, value in (shape.get("MessageAttributes") or {}).items()',
        'for name, value in (shape.get("MessageAttributes") or {}).items() '
        'if value["DataType"] != "Number"',
        (QUEUES,),
    ),
    Mutant(
        "drop the trace header",
        "sqsctl/model/message.py",
        "            trace_header=self.trace_header,\n",
        "",
        (REDRIVE,),
    ),
    Mutant(
        "succeed on an error",
        "sqsctl/operations/moving/redrive.py",
        "            raise RedriveStoppedError(error, summary, self._options.command) from error\n",
        "            return summary\n",
        (f"{REDRIVE}::test_expired_credentials_end_the_run_with_the_way_to_go_on",),
    ),
    Mutant(
        "a hidden retry",
        "sqsctl/aws/sqs/queues.py",
        "self._client = session.sqs_unretried()",
        "self._client = session.sqs()",
        (f"{QUEUES}::test_what_nobody_can_know_is_unknown",),
    ),
    Mutant(
        "retry the unknown without telling",
        "sqsctl/operations/shared/delivery.py",
        "            self._unanswered[place] += 1\n",
        "",
        (DELIVERY,),
    ),
    Mutant(
        "the producer's deduplication id again",
        "sqsctl/operations/moving/destinations.py",
        "return replace(outgoing, deduplication_id=unique, delay_s=None)",
        "return outgoing",
        (f"{REDRIVE}::test_fifo_takes_a_deduplication_id_of_its_own",),
        always=True,
    ),
    Mutant(
        "one deduplication id for all",
        "sqsctl/operations/moving/destinations.py",
        "for part in (source_arn, message_id, outgoing.body):",
        "for part in (source_arn,):",
        (REDRIVE,),
    ),
    Mutant(
        "never extend the visibility",
        "sqsctl/operations/dead_letters/visibility_hold.py",
        "if each.until - now < self.seconds / 2",
        "if each.until < 0",
        (f"{PEEK}::test_a_hold_past_its_half_is_renewed",),
        always=True,
    ),
    Mutant(
        "believe a deletion with a lapsed handle",
        "sqsctl/operations/moving/redrive_worker.py",
        "gone += [each for each in done if not context.hold.lapsed(each)]",
        "gone += done",
        (REDRIVE,),
    ),
    Mutant(
        "forget what was sent before the crash",
        "sqsctl/operations/moving/redrive_worker.py",
        "            lambda: context.journal.sent(pairs, doubtful),\n",
        "",
        (REDRIVE,),
    ),
    Mutant(
        "forget the doubts of a killed run",
        "sqsctl/operations/moving/ledger.py",
        "dict(unfinished.doubtful) if unfinished else {}",
        "{}",
        (REDRIVE,),
    ),
    Mutant(
        "trust FIFO queues for ever",
        "sqsctl/operations/moving/ledger.py",
        "and 0 <= now - since <= SWALLOWED_S",
        "",
        (REDRIVE,),
    ),
    Mutant(
        "forget what may have been sent before the crash",
        "sqsctl/operations/moving/redrive_worker.py",
        "        context.journal.intent(ids, tried_at)\n",
        "",
        (REDRIVE,),
    ),
    Mutant(
        "an intent that is not flushed",
        "sqsctl/operations/moving/journal.py",
        '"t": at})\n        self._fsync()\n',
        '"t": at})\n',
        ("tests/operations/moving/test_journal.py",),
    ),
    Mutant(
        "send copies round in circles",
        "sqsctl/operations/moving/ledger.py",
        "            if key in self._copies:\n",
        "            if False:\n",
        (REDRIVE,),
    ),
    Mutant(
        "empty after one poll",
        "sqsctl/operations/dead_letters/survey.py",
        "EMPTY_POLLS = 3",
        "EMPTY_POLLS = 1",
        (REDRIVE, PEEK),
    ),
    Mutant(
        "overtake within a group",
        "sqsctl/operations/shared/fifo_batches.py",
        "            if (key is not None and key in seen) or",
        "            if",
        (REDRIVE,),
    ),
    Mutant(
        "never hand back",
        "sqsctl/operations/dead_letters/survey.py",
        "            unreleased = handles.release()\n",
        "            unreleased = 0\n",
        (PEEK,),
    ),
    Mutant(
        "copy on although nothing can be deleted",
        "sqsctl/operations/moving/copy_limit.py",
        "if self._copied and self._copied + messages > self._allowed:",
        "if False:",
        (FLATTERING,),
        always=True,
    ),
    Mutant(
        "let throttling go on for ever",
        "sqsctl/operations/moving/copy_limit.py",
        "if self._refused >= self._allowed and",
        "if False and",
        (FLATTERING,),
    ),
    Mutant(
        "try a lost answer again and again",
        "sqsctl/operations/shared/delivery.py",
        "UNANSWERED_TRIES = 2",
        "UNANSWERED_TRIES = 9",
        (DELIVERY,),
    ),
    Mutant(
        "let the journal's error come before the deletion",
        "sqsctl/operations/moving/redrive_worker.py",
        "                trouble = trouble or error\n",
        "                raise\n",
        (FLATTERING,),
    ),
    Mutant(
        "one journal for every server",
        "sqsctl/operations/moving/journal.py",
        'return f"{place} {made} {queue.arn}"',
        'return f"{made} {queue.arn}"',
        (FLATTERING,),
    ),
    Mutant(
        "one journal for every queue of a name",
        "sqsctl/operations/moving/journal.py",
        'return f"{place} {made} {queue.arn}"',
        'return f"{place} {queue.arn}"',
        (FLATTERING,),
    ),
    Mutant(
        "count what never came back as moved",
        "sqsctl/operations/moving/ledger.py",
        "            if key in self._inherited:\n                with self._lock:\n",
        "            if False:\n                with self._lock:\n",
        (FLATTERING,),
    ),
    Mutant(
        "call a canary good that nobody watched",
        "sqsctl/operations/moving/canary.py",
        "return bool(self.processed) and not",
        "return not",
        (FLATTERING,),
    ),
    Mutant(
        "count resumed messages against the limit",
        "sqsctl/operations/moving/ledger.py",
        "                self.selected += 1\n\n    def has_failed",
        "                self.selected += 1\n                self._claimed += 1\n\n"
        "    def has_failed",
        (FLATTERING,),
    ),
    Mutant(
        "go on with other options",
        "sqsctl/operations/moving/unfinished_run.py",
        "if not unfinished.unsettled or unfinished.terms == dict(terms):",
        "if True:",
        (FLATTERING,),
    ),
    Mutant(
        "trust a FIFO queue whose server tells no time",
        "sqsctl/operations/moving/ledger.py",
        "return since is not None and now is not None and",
        "return since is None or now is None or",
        (FLATTERING,),
    ),
    Mutant(
        "believe an id that is successful and failed",
        "sqsctl/aws/sqs/batches.py",
        '        key for each in _entries(answer, "Successful") if (key :=',
        "        key for each in () if (key :=",
        (HOSTILE,),
    ),
    Mutant(
        "take a missing count for 0",
        "sqsctl/aws/sqs/shapes.py",
        'told = int(attributes[f"ApproximateNumberOfMessages{kind}"])',
        'told = int(attributes.get(f"ApproximateNumberOfMessages{kind}", 0))',
        (HOSTILE,),
    ),
    Mutant(
        "let an answer trickle",
        "sqsctl/aws/requests/patience.py",
        "                if now >= until:\n",
        "                if hurried is not None and now >= until:\n",
        (HOSTILE,),
    ),
    Mutant(
        "wait on after a signal",
        "sqsctl/aws/requests/patience.py",
        "                if hurried is not None:\n",
        "                if False:\n",
        (HOSTILE,),
    ),
    Mutant(
        "delete first, met by the machine",
        "sqsctl/operations/moving/redrive_worker.py",
        "        context.journal.intent(ids, tried_at)\n",
        "        context.source.delete([each.message for each in part])\n"
        "        context.journal.intent(ids, tried_at)\n",
        MACHINE,
    ),
    Mutant(
        "untold duplicates, met by the machine",
        "sqsctl/operations/moving/ledger.py",
        "                if key in self._perhaps:\n",
        "                if False:\n",
        MACHINE,
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, to be broken."""
    home = tmp_path_factory.mktemp("mutants")
    for name in ("sqsctl", "tests"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", home)
    return home


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(each, id=each.name, marks=() if each.always else pytest.mark.long)
        for each in (*MUTANTS, *mutants_of_moving.MUTANTS)
    ],
)
def test_the_mutant_is_killed(copy: Path, mutant: Mutant) -> None:
    path = copy / mutant.path
    sound = path.read_text(encoding="utf-8")
    assert sound.count(mutant.old) == 1, "the mutant does not fit the code any more"
    path.write_text(sound.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *_OPTIONS, *mutant.tests],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    finally:
        path.write_text(sound, encoding="utf-8")
    assert ended.returncode == 1, f"it lives:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
