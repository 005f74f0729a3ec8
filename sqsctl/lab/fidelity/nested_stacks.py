"""DescribeStacks names a nested stack's parent and root, as AWS does.

Upstream knows a nested stack's ParentId and leaves it out of the answer, so that nested
stacks cannot be told from others; its RootId is the parent, however deep the stack is.
Source: CloudFormation API reference, Stack ("ParentId: for nested stacks ..., the stack ID of
the direct parent of this stack", "RootId: ... the stack ID of the top-level stack").
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

_DEEPEST = 16


def install() -> None:
    """Wrap DescribeStacks."""
    from ministack.services.cloudformation import handlers

    describe = handlers._ACTION_HANDLERS["DescribeStacks"]

    def describe_stacks(params: Any) -> Any:
        status, headers, body = describe(params)
        if status != 200:
            return status, headers, body
        return status, headers, with_parents(body.decode(), _stacks()).encode()

    handlers._ACTION_HANDLERS["DescribeStacks"] = describe_stacks


def with_parents(answer: str, stacks: dict[str, dict[str, Any]]) -> str:
    """The answer with a ParentId and a RootId after each nested stack's StackId.

    ``stacks`` is every stack by its id.
    """
    for identity, stack in stacks.items():
        if not stack.get("ParentId"):
            continue
        said = f"<StackId>{escape(identity)}</StackId>"
        parent, root = str(stack["ParentId"]), _root(stack, stacks)
        more = f"<ParentId>{escape(parent)}</ParentId><RootId>{escape(root)}</RootId>"
        answer = answer.replace(said, said + more)
    return answer


def _root(stack: dict[str, Any], stacks: dict[str, dict[str, Any]]) -> str:
    found = str(stack["ParentId"])
    for _ in range(_DEEPEST):
        above = stacks.get(found, {}).get("ParentId")
        if not above:
            break
        found = str(above)
    return found


def _stacks() -> dict[str, dict[str, Any]]:
    from ministack.services import cloudformation

    return {str(each["StackId"]): each for each in cloudformation._stacks.values()}
