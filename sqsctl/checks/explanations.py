"""Which check can explain what another one found, and why: mending the one ends the other.

The only place that says so. Whether it does in a case (the same part of the stack, the same time)
``rank`` decides; a finding may claim less than stands here, never more.
"""

from __future__ import annotations

from collections.abc import Mapping

_FAILS = {
    "dead-letters": "a message whose run fails comes back until it is dead-lettered",
    "backlog-growing": "messages come back as fast as they are received",
    "http-5xx": "a function behind an API that fails answers with a 5xx",
}
# How a run may end of an error that it logged last: of any that a log tells.
LED_TO: Mapping[str, str] = {
    "function-timeout": "the error was the last that the run said until it was stopped",
    "runtime-exit": "the error was the last that the run said before its process was gone",
}
# What ends a run, or is its code's, by the check that names it.
_ENDS_RUNS = (
    "access-denied",
    "downstream-error",
    "env-var-missing",
    "event-shape",
    "failures-unexplained",
    "function-timeout",
    "handler-not-found",
    "import-local-file-missing",
    "import-module-missing",
    "import-native-mismatch",
    "import-sdk-not-in-runtime",
    "kms-access-denied",
    "module-system-mismatch",
    "out-of-memory",
    "payload-not-json",
    "runtime-exit",
    "sandbox-limit",
    "syntax-error",
    "throttled",
    "unhandled-error",
    "wrong-region",
)
_NOT_RUN = "what never runs has no log"
_STAYS = "messages stay in the queue"

EXPLAINS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(_ENDS_RUNS, _FAILS),
    "message-too-large": {
        "dead-letters": _FAILS["dead-letters"],
        "http-5xx": _FAILS["http-5xx"],
    },
    "network-unreachable": {
        **_FAILS,
        "function-timeout": "a connection that nobody answers is waited for until the timeout",
    },
    "queue-not-found": {
        **_FAILS,
        "queue-url-mismatch": "the variable names the queue that is gone",
    },
    "function-not-active": {**_FAILS, "logs-missing": _NOT_RUN},
    "reserved-concurrency": {
        **_FAILS,
        "logs-missing": _NOT_RUN,
        "throttled": "the reservation is what throttles the calls",
    },
    "account-concurrency": {
        **_FAILS,
        "throttled": "the account's limit is what throttles the calls",
    },
    "recursion-dropped": {
        "dead-letters": "Lambda sends what it drops to the dead-letter queue",
        "account-concurrency": "the loop's own runs take the executions",
    },
    "visibility-below-timeout": {
        "dead-letters": "a message that is still worked on is received again, and counted",
    },
    "mapping-role": {
        "backlog-growing": _STAYS,
        "dead-letters": "what cannot be deleted comes back",
        "logs-missing": _NOT_RUN,
    },
    "mapping-disabled": {"backlog-growing": _STAYS, "logs-missing": _NOT_RUN},
    "mapping-missing": {"backlog-growing": _STAYS},
    "noisy-groups": {"backlog-growing": "the other groups wait behind the noisy one"},
    "fifo-group-blocked": {"backlog-growing": "a group waits behind its first message"},
    "redrive-not-allowed": {
        "backlog-growing": "what cannot be dead-lettered stays in the queue",
    },
    "filter-drops": {"logs-missing": "what is filtered out runs nothing"},
    "api-permission": {
        "http-5xx": "an API that may not call answers 500",
        "logs-missing": _NOT_RUN,
    },
    "integration-timeout": {"http-5xx": "an API that waited long enough answers 503 or 504"},
    "queue-policy-deny": {
        "access-denied": "the policy's deny is what refuses the call",
        "mapping-role": "the policy's deny keeps the mapping from the queue",
        "backlog-growing": _STAYS,
        "http-5xx": "a producer that may not send fails",
    },
    "queue-url-mismatch": {
        "wrong-region": "the URL is one of another region",
        "access-denied": "the URL is one of another account",
    },
    "runtime-mismatch": {
        "import-native-mismatch": "the package was built for what the project says",
        "import-module-missing": "a module built for another runtime is not found",
        "import-sdk-not-in-runtime": "the runtime that the project says brings the SDK",
        "syntax-error": "the runtime that the project says parses it",
        "runtime-deprecated": "the runtime that the project says is no old one",
    },
}
# Those that name what a log tells: each may have been a run's last words.
_TELL_ERRORS = frozenset(EXPLAINS) - {
    "failures-unexplained",
    "function-not-active",
    "recursion-dropped",
    "redrive-not-allowed",
    "filter-drops",
    "mapping-missing",
    "queue-policy-deny",
    "reserved-concurrency",
    "runtime-mismatch",
}


def may_explain(cause: str, other: str) -> bool:
    """Whether a finding of the one check can explain one of the other."""
    if cause == other:
        return False
    return other in EXPLAINS.get(cause, ()) or (other in LED_TO and cause in _TELL_ERRORS)


def explained_by(cause: str) -> tuple[str, ...]:
    """The ids of the checks whose findings this one's can explain."""
    return tuple(EXPLAINS.get(cause, ()))
