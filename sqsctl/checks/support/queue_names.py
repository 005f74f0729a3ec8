"""The queues that a function's environment names, by URL, ARN or name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.queues import names_a_queue
from sqsctl.model.stack import (
    Queue,
    Stack,
)

_URL = re.compile(
    r"https?://(?P<host>[\w.\-]{1,120}(?::\d{1,5})?)/(?:queue/[\w\-]{1,30}/)?(?P<account>\d{12})/(?P<name>[\w\-.]{1,90})/?$"
)
_HOST_REGION = re.compile(
    r"^(?:sqs(?:-fips)?\.(?P<a>[a-z]{2}[a-z\-]{2,20}-\d)|(?P<b>[a-z]{2}[a-z\-]{2,20}-\d)\.queue)"
    r"\.(?:amazonaws\.(?:com|eu)|api\.aws)"
)
_ARN = re.compile(
    r"arn:aws[\w\-]*:sqs:(?P<region>[\w\-]*):(?P<account>\d{12}):(?P<name>[\w\-.]{1,90})$"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A queue as an environment variable names it."""

    variable: str
    value: str
    name: str
    region: str
    account: str


def named_queues(function: Function) -> Iterator[Named]:
    """The queues that a function's environment names."""
    for variable, value in function.environment.items():
        if not value:
            continue
        if match := _URL.match(value):
            host = _HOST_REGION.match(match.group("host"))
            region = (host.group("a") or host.group("b") or "") if host else ""
            yield Named(variable, value, match.group("name"), region, match.group("account"))
        elif match := _ARN.match(value):
            yield Named(
                variable, value, match.group("name"), match.group("region"), match.group("account")
            )
        elif names_a_queue(variable, value):
            yield Named(variable, value, value, "", "")


def differs(named: Named, own: Queue, stack: Stack) -> bool:
    """Whether a queue of the same name is meant, in another region or account."""
    parts = own.arn.split(":")
    region = parts[3] if len(parts) > 5 else stack.region
    account = parts[4] if len(parts) > 5 else stack.account
    wrong_region = bool(named.region and region and named.region != region)
    return wrong_region or bool(named.account and account and named.account != account)
