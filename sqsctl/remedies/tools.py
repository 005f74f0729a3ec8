"""Which tool deploys a stack, so far as CloudFormation and the project's files tell."""

from __future__ import annotations

from collections.abc import Mapping

from sqsctl.model.intents import Tool
from sqsctl.model.stack import Stack

# What ``Declared`` says of the tool, by its key: of the project that deploys the stack, of one
# that lies in the working folder and may deploy something else, and Terraform's own addresses.
TOOL_KEY, BESIDE_KEY, ADDRESS_KEY = "tool", "tool-beside", "terraform-address"
_CDK: Mapping[str, Tool] = {
    "python": "cdk-python",
    "java": "cdk-java",
    "csharp": "cdk-csharp",
    "go": "cdk-go",
}
# Tools whose own words are not known: they are named, and the source is said to be theirs.
_NAMED: tuple[Tool, ...] = ("pulumi", "sst", "copilot", "amplify")
# What may hold parts that no CloudFormation stack does. Pulumi and SST 3 make none.
_WITHOUT_STACK = ("terraform", "pulumi", "sst", "cdk")


def tool_of(stack: Stack) -> tuple[Tool, int | None]:
    """The tool that deploys the stack, and the Serverless Framework's major version.

    What CloudFormation shows, made exact by what the project's files say (``Declared``:
    ``serverless 4``, ``cdk python``, ``sam``, ``terraform``).
    """
    deploys, beside = _said(stack, TOOL_KEY), _said(stack, BESIDE_KEY)
    made: str = stack.made_by
    if made in {"", "cloudformation"} and "sam" in deploys and (stack.stack_name or not made):
        made = "sam"
    if made == "" and ("terraform" in deploys or _without_parts(stack)):
        made = next((each for each in (*_WITHOUT_STACK, "serverless") if each in deploys), "")
    if made == "" and stack.stack_name is None:
        made = next((each for each in _WITHOUT_STACK if each in beside), "")
    if made == "" and _held_by_none(stack):
        made = "terraform"
    if made == "cdk":
        return _CDK.get(deploys.get("cdk") or beside.get("cdk", ""), "cdk-typescript"), None
    if made in {"lift", "serverless"}:
        major = deploys.get("serverless", "")
        return ("lift" if made == "lift" else "serverless"), int(major) if major.isdigit() else None
    if made in {"sam", "cloudformation", "terraform", *_NAMED}:
        return made, None
    return "", None


def _said(stack: Stack, key: str) -> dict[str, str]:
    """Each tool that the files name, with its language or version."""
    words = [each.value.split() for each in stack.project if each.key == key]
    return {each[0]: each[-1] for each in words if each}


def _without_parts(stack: Stack) -> bool:
    return stack.stack_name is None or not stack.functions.items


def _held_by_none(stack: Stack) -> bool:
    """Whether the parts were looked at, and no stack and no project's files hold them."""
    return (
        stack.stack_name is None
        and bool(stack.region)
        and bool(stack.queues.items or stack.functions.items)
        and not any(each.key in {TOOL_KEY, BESIDE_KEY} for each in stack.project)
    )
