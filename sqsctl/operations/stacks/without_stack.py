"""What stands around queues and functions that no CloudFormation stack holds.

Producers are the functions whose environment names one of the queues, by URL or ARN, or by its
name under a key that says so (``QUEUE_NAME``). Ways in
are the APIs that a function's resource policy lets call it, and its function URL. What may
not be asked comes back as unread, beside what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.functions import FunctionClient
from sqsctl.aws.parallel import Pool, concurrently
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.deployed import ApiPart, FunctionPart, QueuePart
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.unread import Unread
from sqsctl.operations.shared.concurrent_calls import unread
from sqsctl.operations.stacks.stack_parts import fatal, unqualified

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

MAX_FUNCTIONS_SEARCHED = 500
MAX_FUNCTIONS_ASKED = 20

_API_IN_POLICY = re.compile(r"arn:[\w-]+:execute-api:[\w-]*:\d*:(?P<id>[a-z0-9]{4,40})(?=[/\"])")
_QUEUE_KEY = re.compile(r"queue|sqs", re.IGNORECASE)
_IN_URL = re.compile(r"(?P<account>\d{12})/(?P<name>[\w-]+(?:\.fifo)?)$")


def producers(
    session: Session, queues: Sequence[QueuePart]
) -> tuple[tuple[FunctionPart, ...], tuple[Unread, ...]]:
    """The functions that name one of the queues, dead-letter queues apart.

    Looks at the first MAX_FUNCTIONS_SEARCHED functions of the region; where there are more,
    that is unread.
    """
    main = [each for each in queues if not each.dead_letter_queue]
    if not main:
        return (), ()
    gaps: list[Unread] = []
    what = "functions that send to the queue"
    try:
        every = FunctionClient(session).every(queue_names={each.name for each in main})
        listed = list(islice(every, MAX_FUNCTIONS_SEARCHED + 1))
    except SqsctlError as error:
        if fatal(error):
            raise
        return (), (unread(error, what, "lambda:ListFunctions"),)
    if len(listed) > MAX_FUNCTIONS_SEARCHED:
        said = f"more than {MAX_FUNCTIONS_SEARCHED} functions; name one with --function"
        gaps.append(Unread(what, said))
    found = [
        FunctionPart(each.name, unqualified(each.arn))
        for each in listed[:MAX_FUNCTIONS_SEARCHED]
        if named_queues(each, main)
    ]
    return tuple(found), tuple(gaps)


def named_queues(function: Function, queues: Iterable[QueuePart]) -> tuple[QueuePart, ...]:
    """Those of the queues that a function's environment names."""
    variables = {key: value for key, value in function.environment.items() if value}
    places = {place(value) for value in variables.values()} - {("", "")}
    names = {value for key, value in variables.items() if _QUEUE_KEY.search(key)}
    return tuple(
        each for each in queues if places & {place(each.arn), place(each.url)} or each.name in names
    )


def ways_in(
    session: Session, functions: Iterable[FunctionPart]
) -> tuple[tuple[ApiPart, ...], tuple[Unread, ...]]:
    """The APIs and function URLs through which these functions are called."""
    client = FunctionClient(session)
    named = [each.name for each in functions][:MAX_FUNCTIONS_ASKED]
    if not named:
        return (), ()
    known = concurrently(lambda name: aliases(client, name), named)
    asked = [
        (name, qualifier)
        for name, (its, _) in zip(named, known, strict=True)
        for qualifier in (None, *its)
    ]
    gaps = [gap for _, unlisted in known for gap in unlisted]
    ids: dict[str, None] = {}
    apis: list[ApiPart] = []
    with Pool(1) as pool:
        urls = pool.submit(concurrently, lambda pair: _url(session, *pair), asked)
        for called, untold in concurrently(lambda pair: _callers(session, *pair), asked):
            ids.update(dict.fromkeys(called))
            gaps += untold
        kinds = concurrently(lambda each: _api(session, each), list(ids))
        for part, untold in (*kinds, *urls.result()):
            apis += part
            gaps += untold
    return tuple(apis), tuple(dict.fromkeys(gaps))


def aliases(client: FunctionClient, name: str) -> tuple[tuple[str, ...], tuple[Unread, ...]]:
    """A function's aliases, or why they are not known."""
    try:
        return client.aliases(name), ()
    except SqsctlError as error:
        if fatal(error):
            raise
        return (), (unread(error, f"aliases of {name}", "lambda:ListAliases"),)


def place(reference: str) -> tuple[str, str]:
    """Account and name of a queue, from its URL or ARN; of anything else, nothing that fits."""
    if reference.startswith("arn:"):
        parts = reference.split(":")
        return (parts[4], parts[5]) if len(parts) == 6 and parts[2] == "sqs" else ("", "")
    match = _IN_URL.search(reference)
    return (match["account"], match["name"]) if match else ("", "")


def _callers(
    session: Session, name: str, qualifier: str | None
) -> tuple[tuple[str, ...], tuple[Unread, ...]]:
    """The ids of the APIs that a function's policy names."""
    try:
        document = FunctionClient(session).policy(name, qualifier).document
    except SqsctlError as error:
        if fatal(error):
            raise
        return (), (unread(error, f"APIs that call {name}", "lambda:GetPolicy"),)
    return tuple(dict.fromkeys(_API_IN_POLICY.findall(document or ""))), ()


def _api(session: Session, api_id: str) -> tuple[tuple[ApiPart, ...], tuple[Unread, ...]]:
    try:
        kind = ApiReader(session).kind_of(api_id)
    except SqsctlError as error:
        if fatal(error):
            raise
        return (), (unread(error, f"API {api_id}", "apigateway:GET"),)
    return ((ApiPart(api_id, kind),) if kind else ()), ()


def _url(
    session: Session, name: str, qualifier: str | None
) -> tuple[tuple[ApiPart, ...], tuple[Unread, ...]]:
    reference = f"{name}:{qualifier}" if qualifier else name
    try:
        ApiReader(session).function_url(reference)
    except NotFoundError:
        return (), ()
    except SqsctlError as error:
        if fatal(error):
            raise
        if error.code == "unsupported":
            return (), ()
        return (), (unread(error, f"URL of function {name}", "lambda:GetFunctionUrlConfig"),)
    return (ApiPart(reference, "url"),), ()
