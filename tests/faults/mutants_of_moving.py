"""Seeded mistakes against the promises of pauses, exports, restores, purges, tasks and files."""

from __future__ import annotations

from tests.faults.mutant import Mutant

PAUSE = "tests/operations/moving/test_pause.py"
ARCHIVE = "tests/operations/moving/test_archive.py"
NATIVE = "tests/operations/moving/test_redrive_native.py"
REMOVAL = "tests/operations/moving/test_removal.py"
FILES = "tests/test_private_files.py"

MUTANTS = [
    Mutant(
        "leave a paused consumer off",
        "sqsctl/operations/moving/pause.py",
        "            left, missing, why = _enabled_again(mappings, uuids, poll_s)\n",
        '            left, missing, why = [], [], ""\n',
        (PAUSE,),
        always=True,
    ),
    Mutant(
        "switch on what was off before",
        "sqsctl/operations/moving/pause.py",
        "for each in mappings.of_queue(arn) if each.state in _ON]",
        "for each in mappings.of_queue(arn)]",
        (PAUSE,),
    ),
    Mutant(
        "put back at any AWS",
        "sqsctl/operations/moving/pause.py",
        "mine = tuple(each for each in left if each.where == where)",
        "mine = tuple(left)",
        (PAUSE,),
    ),
    Mutant(
        "put back what a live run paused",
        "sqsctl/operations/moving/pause.py",
        "for each in notes(folder) if not each.running]",
        "for each in notes(folder)]",
        (PAUSE,),
    ),
    Mutant(
        "forget what could not be put back",
        "sqsctl/operations/moving/pause.py",
        "            if not left:\n",
        "            if True:\n",
        (PAUSE,),
    ),
    Mutant(
        "take an export that was cut for whole",
        "sqsctl/operations/moving/archive.py",
        '    problem = "it has no footer: the export did not come to its end"\n',
        '    problem = ""\n',
        (ARCHIVE,),
    ),
    Mutant(
        "take an export that was changed for whole",
        "sqsctl/operations/moving/archive.py",
        '    if document.get("sha256") != sha256:\n',
        "    if False:\n",
        (ARCHIVE,),
        always=True,
    ),
    Mutant(
        "keep quiet about what an export could not see",
        "sqsctl/operations/moving/export.py",
        "    missing = max(0, facts.approximate_total - looked_at)\n",
        "    missing = 0\n",
        (ARCHIVE,),
    ),
    Mutant(
        "export a message whose checksum is another",
        "sqsctl/operations/moving/export.py",
        "        if message.damaged:\n",
        "        if False:\n",
        (ARCHIVE,),
    ),
    Mutant(
        "restore from the beginning once more",
        "sqsctl/operations/moving/restore.py",
        "            elif unfinished is not None and key in unfinished.sent:\n",
        "            elif False:\n",
        (ARCHIVE,),
    ),
    Mutant(
        "restore once more what another file gave back",
        "sqsctl/operations/moving/restore.py",
        "                if key in self._earlier.sent:\n",
        "                if False:\n",
        (ARCHIVE,),
        always=True,
    ),
    Mutant(
        "take another file's doubt for none",
        "sqsctl/operations/moving/restore.py",
        "dict.fromkeys(self._earlier.perhaps & set(keys))",
        "{}",
        (ARCHIVE,),
    ),
    Mutant(
        "restore without writing down what is tried",
        "sqsctl/operations/moving/restore.py",
        "        journal.intent(keys, tried_at)\n",
        "",
        (ARCHIVE,),
    ),
    Mutant(
        "take an earlier task for this one",
        "sqsctl/operations/moving/redrive_native.py",
        "each for each in self._listed() if each.started_at not in self._before",
        "each for each in self._listed()",
        (NATIVE,),
    ),
    Mutant(
        "call a task that gave up a success",
        "sqsctl/operations/moving/redrive_native.py",
        "        failed=max(0, total - moved) if ended else 0,\n",
        "        failed=0,\n",
        (NATIVE,),
        always=True,
    ),
    Mutant(
        "keep quiet about a source that was deleted",
        "sqsctl/operations/moving/redrive_native.py",
        "deleted = trouble is not None and trouble.exit is Exit.NOT_FOUND",
        "deleted = False",
        (NATIVE,),
    ),
    Mutant(
        "purge what was not chosen",
        "sqsctl/operations/moving/removal.py",
        "[each for each in new if self._select(each)]",
        "list(new)",
        (REMOVAL,),
    ),
    Mutant(
        "count what was deleted too late",
        "sqsctl/operations/moving/removal.py",
        "            if clock() >= until:\n",
        "            if False:\n",
        (REMOVAL,),
    ),
    Mutant(
        "go through a queue for ever",
        "sqsctl/operations/dead_letters/queue_end.py",
        "self.exhausted or self._nothing_new >=",
        "self.exhausted or -1 >=",
        ("tests/operations/dead_letters/test_queue_end.py",),
    ),
    Mutant(
        "take what was edited anew for the same",
        "sqsctl/operations/moving/ledger.py",
        "earlier[key] = None if edited else since",
        "earlier[key] = since",
        ("tests/operations/moving/test_high_throughput.py",),
    ),
    Mutant(
        "files that others may read",
        "sqsctl/private_files.py",
        "OWNER_ONLY = 0o600",
        "OWNER_ONLY = 0o644",
        (FILES,),
    ),
    Mutant(
        "leave half a file behind",
        "sqsctl/private_files.py",
        "            beside.unlink(missing_ok=True)\n        raise\n",
        "            pass\n        raise\n",
        (FILES,),
    ),
    Mutant(
        "read what lies outside of a stranger's project",
        "sqsctl/operations/packaged/project_root.py",
        "    if not path.resolve().is_relative_to(root):\n",
        "    if False:\n",
        ("tests/operations/packaged/test_hostile_packages.py",),
    ),
    Mutant(
        "hints without the rest of the command line",
        "sqsctl/cli/screen/hints.py",
        "return _COMMAND.sub(lambda found: _whole(found[1], run), hint)",
        "return hint",
        ("tests/cli/screen/test_hints.py",),
    ),
]
