"""What ``serverless deploy`` prints at its end, read from the stack as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.functions import FunctionClient
from sqsctl.aws.parallel import concurrently
from sqsctl.errors import NotFoundError
from sqsctl.model.deployed import DeployedFunction, Endpoint, Endpoints, FunctionPart, StackRef
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Api,
)
from sqsctl.operations.stacks.discover import from_stack

if TYPE_CHECKING:
    from sqsctl.aws.session import Session


def endpoints(session: Session, stack: str | StackRef) -> Endpoints:
    """Ways in with their full URLs, functions with their sizes, queues.

    Raises what reading raises; a function or API that is gone by now is left out.
    """
    ref = from_stack(session, stack) if isinstance(stack, str) else stack
    client = FunctionClient(session)

    def size(part: FunctionPart) -> Function | None:
        try:
            return client.get(part.name)
        except NotFoundError:
            return None

    known = [each for each in concurrently(size, ref.functions) if each]
    return Endpoints(
        stack=ref.title,
        region=ref.region,
        endpoints=tuple(
            Endpoint(route.method, url_of(api, route.path), route.function_name)
            for api in apis(session, ref)
            for route in api.routes
        ),
        functions=tuple(
            DeployedFunction(
                short_name(each.name, ref.stack_name), each.name, each.code_size_bytes, each.runtime
            )
            for each in known
        ),
        queues=ref.queues,
        outputs=ref.outputs,
    )


def apis(session: Session, ref: StackRef) -> tuple[Api, ...]:
    """The stack's APIs with their routes; one that is gone by now is left out."""
    reader = ApiReader(session)

    def read(index: int) -> Api | None:
        part = ref.apis[index]
        try:
            return reader.read(part.kind, part.id, part.logical_id)
        except NotFoundError:
            return None

    return tuple(each for each in concurrently(read, range(len(ref.apis))) if each)


def url_of(api: Api, path: str) -> str:
    """The full URL of a route; ``$default`` is the API's root."""
    if path in {"$default", "/", ""}:
        return f"{api.endpoint}/"
    return f"{api.endpoint}{path if path.startswith('/') else f'/{path}'}"


def short_name(function: str, stack_name: str | None) -> str:
    """A function's name in its project: without the stack's name that Serverless puts first."""
    return function.removeprefix(f"{stack_name}-") if stack_name else function
