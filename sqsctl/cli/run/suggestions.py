"""What somebody may have meant who named a queue or a stack that is not there.

The names are listed once, after the command has failed; where they may not be listed, or AWS
does not answer, the error stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from sqsctl.errors import NotFoundError, SqsctlError

if TYPE_CHECKING:
    from sqsctl.aws.session import Session
    from sqsctl.cli.run.context import Run

MOST_LISTED = 1000  # one page of ListQueues
MOST_NAMED = 3
ALIKE = 0.6


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The names near to this one, the nearest first; their last parts count, too (prod-jobs)."""
    from difflib import get_close_matches

    whole: dict[str, str] = {}
    for each in known:
        words = each.split("-")
        for first in range(len(words)):
            whole.setdefault("-".join(words[first:]), each)
    near = get_close_matches(name, list(whole), MOST_NAMED, ALIKE)
    return list(dict.fromkeys(whole[each] for each in near))


def nearer(run: Run, error: SqsctlError) -> SqsctlError:
    """The error, its hint with the names near to the one that is not there."""
    code, name = _asked(run, error)
    if code not in _LISTED:
        return error
    try:
        near = nearest(name, islice(_LISTED[code](run.session()), MOST_LISTED))
    except (SqsctlError, KeyboardInterrupt):
        return error
    if not near:
        return error
    hint = "; ".join(filter(None, (f"near to it: {', '.join(near)}", error.hint)))
    return NotFoundError(error.message, hint=hint, code=error.code, name=name)


def _asked(run: Run, error: SqsctlError) -> tuple[str, str]:
    """The kind of error and the name that was asked for; a queue's URL is taken as it is."""
    if isinstance(error, NotFoundError) and error.name:
        return error.code, error.name
    url = run.settings.text("queue") or ""
    name = url.rpartition("/")[2]
    if error.code == "not_found" and "/" in url and f"queue {name}:" in error.message:
        return "queue_not_found", name
    return "", ""


def _queues(session: Session) -> Iterator[str]:
    from sqsctl.aws.sqs.queues import QueueClient

    for each in QueueClient(session).every():
        yield each.name


def _stacks(session: Session) -> Iterator[str]:
    from sqsctl.aws.stacks import StackClient

    for each in StackClient(session).active():
        yield each.name


_LISTED: Mapping[str, Callable[[Session], Iterator[str]]] = {
    "queue_not_found": _queues,
    "stack_not_found": _stacks,
}
