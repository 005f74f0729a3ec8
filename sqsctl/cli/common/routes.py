"""The ways into a stack: which queue, which route, through which client."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from sqsctl.cli.run.context import Run
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.aws.api import ApiClient
    from sqsctl.aws.sqs.queues import OpenQueue, QueueClient
    from sqsctl.model.message import MessageAttribute
    from sqsctl.model.queues import QueueRef
    from sqsctl.model.stack import Api, Route, Stack

Via = Literal["http", "sqs"]
MAX_BODY_BYTES = 1_048_576
_PRODUCING = ("produc", "enqueue", "publish", "submit", "send")


@dataclass(frozen=True)
class Way:
    """A way in that was chosen: exactly one of ``api`` and ``queue`` is there.

    ``timeout_ms`` is how long the API waits for the function behind it, where that is known.
    """

    via: Via
    label: str
    api: ApiClient | None = None
    queue: OpenQueue | None = None
    fifo: bool = False
    timeout_ms: int | None = None


def way_in(run: Run, via: str | None, path: str | None, *, connections: int = 64) -> Way:
    """Choose the way: --via; a queue of one's own means SQS; else the API, where there is one.

    Raises UsageError for options that contradict, NotFoundError where there is no such way.
    """
    if via not in {None, "http", "sqs"}:
        raise UsageError(f"--via is http or sqs, not {via!r}")
    if path is not None and via == "sqs":
        raise UsageError("--path is a route of the API: it goes with --via http")
    named = run.settings.text("queue")
    if via == "sqs" or (named and via is None and path is None):
        queue, client = queue_in(run)
        return Way("sqs", queue.name, queue=client.open(queue), fifo=queue.fifo)
    found = _route(run, path, required=via == "http" or path is not None)
    if found is None:
        queue, client = queue_in(run)
        return Way("sqs", queue.name, queue=client.open(queue), fifo=queue.fifo)
    url, route = found
    label = f"{route.method} {route.path}"
    from sqsctl.aws.api import ApiClient

    resolved = run.resolved()
    api = ApiClient(
        url,
        endpoint=resolved.target.endpoint,
        connections=connections,
        headers=resolved.lab.call_headers if resolved.lab else None,
    )
    return Way("http", label, api=api, timeout_ms=route.timeout_ms)


def queue_in(run: Run) -> tuple[QueueRef, QueueClient]:
    """The queue that messages go into. With --queue nothing but SQS is called."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import meant_queue

    resolved = run.resolved(changing=True)
    client = QueueClient(resolved.session)
    if run.own_queue:
        queue = client.resolve(run.own_queue)
        run.announce(replace(resolved.target, account=account_in(queue.url)))
        return queue, client
    reference = run.stack(changing=True)
    return meant_queue.main_queue(reference, run.settings.text("queue")).ref, client


def account_in(url: str) -> str | None:
    """The account in a queue's URL, where it is one of AWS's form."""
    parts = urlsplit(url).path.strip("/").split("/")
    return next((each for each in parts if len(each) == 12 and each.isdigit()), None)


def _route(run: Run, path: str | None, *, required: bool) -> tuple[str, Route] | None:
    """The URL to post to and the route; None where the stack has no API."""
    from sqsctl.model.stack import Fact
    from sqsctl.operations.diagnosis.observe import observe

    reference = run.stack(changing=True)
    stack = observe(run.session(), reference, needs={Fact.APIS, Fact.FUNCTIONS, Fact.MAPPINGS})
    posts = [
        (api, route)
        for api in stack.apis
        for route in api.routes
        if route.method in {"POST", "ANY"}
    ]
    if path is not None:
        wanted = path if path.startswith("/") else f"/{path}"
        posts = [pair for pair in posts if pair[1].path.rstrip("/") == wanted.rstrip("/")]
        if not posts:
            raise NotFoundError(
                f"the API of {stack.name} has no route POST {wanted}",
                hint=f"it has {_listed(stack) or 'none'}",
                code="route_not_found",
            )
    if not posts:
        gaps = stack.gaps(Fact.APIS)
        if gaps and not all(each.on_purpose for each in gaps):
            raise SqsctlError(
                f"the API of {stack.name} could not be read ({gaps[0].reason}), so messages "
                "cannot go through it",
                hint="`again --via sqs` sends them straight into the queue",
                exit=Exit.DENIED if gaps[0].action else Exit.UNAVAILABLE,
                code="api_unread",
                action=gaps[0].action,
            )
        if required:
            why = f": {gaps[0].reason}" if gaps else ""
            raise NotFoundError(
                f"{stack.name} has no POST route that could be found{why}",
                hint="send to the queue instead: `again --via sqs`",
                code="route_not_found",
            )
        return None
    api, route = posts[0] if len(posts) == 1 else _producer(stack, posts)
    return url_of(api, route), route


def url_of(api: Api, route: Route) -> str:
    """The full URL of a route."""
    stage = "" if api.stage in {"", "$default"} else f"/{api.stage}"
    base = api.endpoint.rstrip("/")
    if stage and urlsplit(base).path.rstrip("/").endswith(stage):
        stage = ""
    return f"{base}{stage}{route.path if route.path != '/' else '/'}"


def route_at(stack: Stack, label: str) -> Route | None:
    """The route that a way over HTTP is labelled with."""
    routes = (route for api in stack.apis for route in api.routes)
    return next((each for each in routes if f"{each.method} {each.path}" == label), None)


def _producer(stack: Stack, posts: list[tuple[Api, Route]]) -> tuple[Api, Route]:
    """Of several POST routes the one whose function knows a queue, else the one named so.

    A producer that has lost its queue's URL is just what somebody may be looking into.
    """

    def knows_a_queue(route: Route) -> bool:
        if route.queue_name:
            return True
        function = stack.function(route.function_name or "")
        values = function.environment.values() if function else ()
        return any(value and (":sqs:" in value or _queue_url(value)) for value in values)

    def sounds_like_it(route: Route) -> bool:
        words = f"{route.path} {route.function_name or ''}".lower()
        return any(word in words for word in _PRODUCING)

    for test in (knows_a_queue, sounds_like_it):
        found = [pair for pair in posts if test(pair[1])]
        if len(found) == 1:
            return found[0]
    raise UsageError(
        f"the API of {stack.name} has several POST routes: {_listed(stack)}",
        hint=f"choose one: `again --path {posts[0][1].path}`",
        code="route_ambiguous",
    )


def _queue_url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and account_in(value) is not None


def _listed(stack: Stack) -> str:
    return ", ".join(f"{route.method} {route.path}" for api in stack.apis for route in api.routes)


def body_from(
    body: str | None, body_json: str | None, body_file: Path | None, default: str | None = None
) -> str:
    """The one body among an argument (- is stdin), --body-json and --body-file."""
    given = [each for each in (body, body_json, body_file) if each is not None]
    if len(given) > 1:
        raise UsageError("give the body once: as text, with --body-json, or with --body-file")
    if body_json is not None:
        return checked_json(body_json)
    if body_file is not None:
        try:
            raw = body_file.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {body_file}: {error.strerror}") from error
        return _decoded(raw, str(body_file))
    if body == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BODY_BYTES + 1), "stdin")
    text = body if body is not None else default
    if text is None:
        raise UsageError("no body", hint="`sqsctl send '{\"input\": 1}'`, or - to read stdin")
    return text


def checked_json(text: str) -> str:
    """The text, if it is JSON. Raises UsageError that says where it is not."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"--body-json is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            hint="quote it for the shell: '{\"input\": 1}'; a body that is no JSON goes without "
            "--body-json",
            code="body_not_json",
        ) from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"--body-json cannot be read: {error}", code="body_not_json") from error
    return text


def _decoded(raw: bytes, name: str) -> str:
    if len(raw) > MAX_BODY_BYTES:
        raise UsageError(f"{name} holds more than SQS takes (1,048,576 bytes)")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text: byte {error.start}") from error


def attributes_from(given: list[str] | None) -> Mapping[str, MessageAttribute]:
    """``NAME=VALUE``, ``NAME:Number=5``, ``NAME:Binary=BASE64`` as message attributes."""
    import base64
    import binascii

    from sqsctl.model.message import MessageAttribute

    found: dict[str, MessageAttribute] = {}
    for each in given or []:
        head, equals, value = each.partition("=")
        name, _, data_type = head.partition(":")
        if not equals or not name:
            raise UsageError(f"--attribute {each!r} is not NAME=VALUE or NAME:TYPE=VALUE")
        kind = data_type or "String"
        if kind.split(".", 1)[0] not in {"String", "Number", "Binary"}:
            raise UsageError(f"--attribute {name}: the type is String, Number or Binary")
        if name in found:
            raise UsageError(f"--attribute {name} is given twice")
        if kind.split(".", 1)[0] == "Binary":
            try:
                found[name] = MessageAttribute(kind, base64.b64decode(value, validate=True))
            except binascii.Error as error:
                raise UsageError(f"--attribute {name}: the value is not base64") from error
        else:
            found[name] = MessageAttribute(kind, value)
    return found
