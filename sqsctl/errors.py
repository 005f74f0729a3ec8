"""What can go wrong, and the exit code that says so.

Every failure that a user can cause or meet is raised as a SqsctlError; only
``cli.main`` turns it into output and an exit code.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The program's exit codes. The member docs are the source of docs/exit-codes.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    AMBIGUOUS = 4
    NOT_FOUND = 5
    UNAVAILABLE = 6
    DENIED = 7
    REFUSED = 9
    NEGATIVE = 10
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """One line for people and for the generated page."""
        return _MEANING[self]


_MEANING = {
    Exit.OK: "done",
    Exit.FAILED: "failed, unclassified",
    Exit.USAGE: "usage or configuration: the command line or a file is wrong",
    Exit.PARTIAL: "partial: some items failed or were left",
    Exit.AMBIGUOUS: "done, but ambiguous: possible duplicates, listed",
    Exit.NOT_FOUND: "not found: queue, stack or function; or no lab is running",
    Exit.UNAVAILABLE: "AWS unreachable or throttling: try again",
    Exit.DENIED: "credentials missing, expired, or access denied",
    Exit.REFUSED: "refused by a safety guard: needs --yes, or would lose or dead-letter messages",
    Exit.NEGATIVE: (
        "the answer is no: doctor found problems, a threshold was crossed, a probe did not arrive"
    ),
    Exit.INTERRUPTED: "interrupted by Ctrl-C (SIGINT)",
    Exit.TERMINATED: "terminated (SIGTERM), or its terminal was closed (SIGHUP)",
}

# A run that meets several of these reports the first: signals, then 7 > 9 > 3 > 4 > 10.
_PRECEDENCE = (
    Exit.INTERRUPTED,
    Exit.TERMINATED,
    Exit.DENIED,
    Exit.REFUSED,
    Exit.PARTIAL,
    Exit.AMBIGUOUS,
    Exit.NEGATIVE,
)


def worst(*codes: Exit) -> Exit:
    """The code to exit with when several apply."""
    for code in _PRECEDENCE:
        if code in codes:
            return code
    return next((code for code in codes if code is not Exit.OK), Exit.OK)


class SqsctlError(Exception):
    """A failure with one clear line, what to do about it, and an exit code.

    ``code`` is the stable machine name in the JSON envelope's ``errors``;
    ``action`` is the IAM action that was denied, where that is the cause.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        exit: Exit = Exit.FAILED,  # noqa: A002 - the public name of the contract
        code: str | None = None,
        action: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit = exit
        self.code = code or exit.name.lower()
        self.action = action


class UsageError(SqsctlError):
    """The command line or a configuration file is wrong."""

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint, exit=Exit.USAGE, code=code or "usage")


class NotFoundError(SqsctlError):
    """A queue, stack, function or lab that is not there.

    ``name`` is what was asked for, where others could be near to it.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, exit=Exit.NOT_FOUND, code=code or "not_found")
        self.name = name


class RefusedError(SqsctlError):
    """A safety guard said no."""

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint, exit=Exit.REFUSED, code=code or "refused")
