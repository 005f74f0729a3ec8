"""Whether a queue that is gone through has shown everything."""

from __future__ import annotations

from sqsctl.operations.dead_letters.visibility_hold import BATCH


class QueueEnd:
    """``empty_polls`` in a row that brought nothing are the end of a queue.

    Where messages come again and again (a poll that takes longer than the hold, a server that
    refuses to hide) no poll is empty. Once as many polls as all known messages take brought
    nothing new, that ends it as well; ``exhausted`` is then False, as more may be there.
    """

    def __init__(self, empty_polls: int) -> None:
        self._empty_polls = empty_polls
        self._empty = 0
        self._nothing_new = 0
        self.exhausted = False

    def reached(self, received: int, new: int, known: int) -> bool:
        """After a poll: so many received, so many of them new, so many known by now."""
        self._empty = 0 if received else self._empty + 1
        self._nothing_new = 0 if new else self._nothing_new + 1
        self.exhausted = self._empty >= self._empty_polls
        return self.exhausted or self._nothing_new >= 2 * self._empty_polls + known / BATCH
