"""What to write instead, in a consumer's own language: small edits of one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqsctl.handlercode.batch_answers import Problem
from sqsctl.handlercode.frames import Sighting
from sqsctl.handlercode.rewrites import Rewrite
from sqsctl.model.intents import ChangeCode

Lines = Mapping[str, tuple[str, ...]]

_EACH_RECORD: Lines = {
    "python": ('for record in event["Records"]:', '    body = json.loads(record["body"])'),
    "node": (
        "for (const record of event.Records) {",
        "  const body = JSON.parse(record.body);",
        "}",
    ),
}
_WAIT: Lines = {"node": ("await Promise.all(event.Records.map(async (record) => { … }));",)}
_REPORT: Lines = {
    "python": ('failures.append({"itemIdentifier": record["messageId"]})',),
    "node": ("batchItemFailures.push({ itemIdentifier: record.messageId });",),
}
_THE_REST: Lines = {
    "python": (
        'rest = [{"itemIdentifier": each["messageId"]} for each in event["Records"][index:]]',
        'return {"batchItemFailures": rest}',
    ),
    "node": (
        "const rest = event.Records.slice(index);",
        "const batchItemFailures = rest.map((each) => ({ itemIdentifier: each.messageId }));",
        "return { batchItemFailures };",
    ),
}


def each_record(at: Sighting) -> ChangeCode:
    """Handle every record, by its own body."""
    return _change("handle every record of the event, by its own body", at, _EACH_RECORD)


def wait_for_all(at: Sighting) -> ChangeCode:
    """Wait for the work."""
    return _change("map the records to promises and wait for all of them", at, _WAIT)


def by_message_id(at: Problem) -> ChangeCode:
    """Report a failed record by its messageId."""
    return _change("report the record's messageId", at, _REPORT)


def the_rest(at: Sighting) -> ChangeCode:
    """Stop at the first failure, and report it with all that follow."""
    said = "stop at the first failure; report it and every record after it"
    return _change(said, at, _THE_REST)


def rewritten(
    change: ChangeCode,
    sources: Iterable[tuple[str, str]],
    rewrite: Callable[[str, str, int], Rewrite | None],
) -> ChangeCode:
    """The change as whole lines of the file itself, where its source was read and tells them.

    ``sources`` are paths in the package and their texts.
    """
    path = change.file.removeprefix("/var/task/")
    text = dict(sources).get(path)
    made = rewrite(path, text, change.line) if text is not None and change.line else None
    if made is None:
        return change
    return replace(
        change, file=path, line=made.line, lines=made.lines, replaces=made.replaces, pattern=""
    )


def _change(said: str, at: Sighting | Problem, lines: Lines) -> ChangeCode:
    language = "python" if at.path.endswith(".py") else "node"
    return ChangeCode(said, at.path, at.line, language, lines.get(language, ()))
