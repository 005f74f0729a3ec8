"""The account's concurrent executions are used up.

## What it does
Puts together the account's limit, what functions reserved of it, the highest concurrency
that was measured and the throttled invocations. Where no measured concurrency comes near a large
limit, throttles are told in passing: a reservation that was taken away since leaves them in the
metrics. Also knows Lambda's refusal of a
reservation that would leave the account too little.

## Why it matters
New accounts often have a limit of 10. Ten slow consumers take all of it; then the producer
behind the API is throttled too, and clients see 503 within milliseconds. Throttled batches
are received again, each receive counts, and messages are dead-lettered though no function
ever failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen, past
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.intents import REMOVED, Look, Option, Quota, Remedy, Set, Tell, call, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import (
    Concurrency,
    Fact,
    Series,
    Stack,
)

_REFUSED = re.compile(
    r"decreases account's UnreservedConcurrentExecution below its minimum value of"
    r" \[?(?P<least>\d+)"
)
_MORE = Quota("lambda", "L-B99A9384", 1000)
_NEAR = 0.8
_SMALL = 50


class AccountConcurrency(LogCheck[str]):
    meta = Meta(
        id="account-concurrency",
        title="The account's concurrent executions suffice",
        severity=Severity.ERROR,
        needs=frozenset({Fact.CONCURRENCY, Fact.METRICS}),
        uses=frozenset({Fact.FUNCTIONS, Fact.MAPPINGS, Fact.LOGS, Fact.ERRORS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html",
    )
    precedence = 5

    def recognise(self, case: Case) -> str | None:
        match = _REFUSED.search(case.everything)
        return match.group("least") if match else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        account = next((each for each in stack.concurrency if each.function is None), None)
        reserved = {
            each.function
            for each in stack.concurrency
            if each.function is not None and each.limit is not None
        }
        if account is not None and account.limit is not None:
            throttled = [
                found
                for function in stack.functions
                if function.name not in reserved
                and (found := figures.series(stack, function.name, "Throttles"))
                and figures.total(found) > 0
            ]
            if throttled:
                yield self._used_up(account, throttled, stack)
        yield from super().diagnose(stack)

    def _used_up(self, account: Concurrency, throttled: list[Series], stack: Stack) -> Finding:
        limit = account.unreserved if account.unreserved is not None else account.limit or 0
        used = [
            found
            for function in stack.functions
            if (found := figures.series(stack, function.name, "ConcurrentExecutions"))
        ]
        together = sum(figures.peak(each) for each in used)
        names = ", ".join(each.resource for each in throttled)
        count = round(sum(figures.total(each) for each in throttled))
        calls, were = counted(count, "invocation"), "was" if count == 1 else "were"
        near = together >= _NEAR * limit
        # A large limit that was not reached throttles nobody: a reservation did, or a peak of
        # other stacks did.
        likely = near or limit <= _SMALL
        finding = self.found(
            f"the account's {limit} concurrent executions are used up: {calls} of "
            f"{names} {were} throttled"
            if likely
            else f"{calls} of {names} {were} throttled, though nothing shows that the "
            f"account's {limit} concurrent executions were reached: a reservation that was taken "
            "away since, or other stacks",
            evidence=(
                Evidence("lambda GetAccountSettings", "ConcurrentExecutions", str(account.limit)),
                Evidence("lambda GetAccountSettings", "UnreservedConcurrentExecutions", str(limit)),
                *(
                    figures.evidence(each, "Throttles", f"{figures.total(each):.0f} in all")
                    for each in throttled
                ),
                *(
                    figures.evidence(
                        each, "ConcurrentExecutions", f"{figures.peak(each):.0f} at most"
                    )
                    for each in used
                ),
            ),
            remedy=_less_at_once(limit, stack) if likely else _wait(throttled),
            subject="",
            severity=None if likely else Severity.INFO,
            kind=None if likely else Kind.RISK,
            confidence=Confidence.HIGH if likely else Confidence.LOW,
            explains=None if likely else (),
        )
        return past(finding, why) if (why := _over(throttled, together, limit, stack)) else finding

    def report(self, seen: Seen[str], stack: Stack) -> Finding:  # noqa: ARG002 - in the text
        return self.found(
            f"Lambda refuses the reservation: the account must keep {seen.sign} executions "
            "unreserved",
            evidence=seen.evidence(),
            remedy=remedy(
                "reserve nothing: take the reserved concurrency out of the template, and ask for a "
                "higher quota where it is needed",
                Tell(
                    f"this account must keep {seen.sign} executions unreserved, and its limit "
                    "leaves no more to reserve: remove ReservedConcurrentExecutions "
                    "(reservedConcurrency, reserved_concurrent_executions) from the function, and "
                    "deploy again"
                ),
                Set("function", "", {"ReservedConcurrentExecutions": REMOVED}),
                other=(Option((_MORE,), "to reserve some later"),),
                phase="deploy",
            ),
            subject=seen.function,
            kind=Kind.CAUSE,
            confidence=seen.confidence,
        )


def _over(throttled: list[Series], together: float, limit: int, stack: Stack) -> str:
    """Why it is history: the limit is far above what was used, or nothing was throttled since."""
    if limit > _SMALL and together and limit > 4 * together:
        return f"the limit is {limit} now, and no more than {together:.0f} ran at once"
    last = max((at for each in throttled if (at := figures.last_above(each))), default=None)
    if last is None:
        return ""
    since = sum(
        figures.total_after(figures.series(stack, each.resource, "Invocations"), last)
        for each in throttled
    )
    if since <= 0:
        return ""
    return f"{counted(round(since), 'invocation')} since {last:%H:%M}Z, none throttled"


def _wait(throttled: list[Series]) -> Remedy:
    return remedy(
        "see whether any are throttled still; if so, look at the account's concurrency over all "
        "functions",
        *(
            Look(call("lambda", "get_function_concurrency", FunctionName=each.resource))
            for each in throttled
        ),
    )


def _less_at_once(limit: int, stack: Stack) -> Remedy:
    mappings = [each for each in stack.mappings if not each.provisioned_pollers]
    share = max(2, limit // 2 // max(1, len(mappings)))
    wide = [
        each
        for each in mappings
        if each.maximum_concurrency is None or each.maximum_concurrency > share
    ]
    narrowed = Option(
        tuple(
            Set(
                "mapping",
                each.uuid,
                {"ScalingConfig": {"MaximumConcurrency": share}},
                {
                    "ScalingConfig": {"MaximumConcurrency": each.maximum_concurrency}
                    if each.maximum_concurrency
                    else {}
                },
            )
            for each in wide
        )
    )
    more = Option((_MORE,), "where all of them have to run at once")
    return Remedy(
        f"let the consumers take no more than {share} at once, so that the producer keeps some; "
        "and ask AWS for a higher quota (1000 is the default)",
        (narrowed, more) if wide else (more,),
        "safe" if wide else "manual",
    )
