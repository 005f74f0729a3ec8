"""A function is not ready to run, or its last update failed.

## What it does
Reads each function's State and LastUpdateStatus with the reasons that Lambda gives.

## Why it matters
After a failed update the old code goes on running though the deployment was made. A
function that is Inactive or Failed (a deleted key, subnet, image or security group) cannot
be invoked.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import Deploy, Look, Tell, Wait, call, remedy
from sqsctl.model.stack import Fact, Stack

# $LATEST of a function on Managed Instances: what runs is $LATEST.PUBLISHED.
_NOT_INVOKED = "ActiveNonInvocable"
_ON_ITS_WAY = frozenset({"Pending", "InProgress"})


class FunctionNotActive(Check):
    meta = Meta(
        id="function-not-active",
        title="Every function is active, its last update successful",
        severity=Severity.ERROR,
        needs=frozenset({Fact.FUNCTIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for function in stack.functions:
            for fact, value, reason, good in (
                ("State", function.state, function.state_reason, "Active"),
                (
                    "LastUpdateStatus",
                    function.last_update_status,
                    function.last_update_reason,
                    "Successful",
                ),
            ):
                if value in {None, good, _NOT_INVOKED}:
                    continue
                why = f": {reason}" if reason else ""
                yield self.found(
                    f"{function.name} has {fact} {value}{why}",
                    evidence=(
                        of_function(function, fact, value),
                        *((of_function(function, f"{fact}Reason", reason),) if reason else ()),
                    ),
                    remedy=remedy(
                        "wait for it"
                        if value in _ON_ITS_WAY
                        else "mend what the reason names, then deploy again",
                        Look(
                            call(
                                "lambda",
                                "get_function_configuration",
                                FunctionName=function.name,
                            ),
                            query="[State,StateReason,LastUpdateStatus]",
                        ),
                        *(
                            (Wait("it is active"),)
                            if value in _ON_ITS_WAY
                            else (Tell("mend what the reason names"), Deploy())
                        ),
                    ),
                    subject=function.name,
                    severity=Severity.INFO if value in _ON_ITS_WAY or value == "Inactive" else None,
                )
