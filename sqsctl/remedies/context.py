"""What is known of the place where a remedy is carried out. What is unknown is empty."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sqsctl.model.finding import Finding
from sqsctl.model.functions import Function
from sqsctl.model.intents import Phase, Remedy, Tool
from sqsctl.model.stack import Fact, Stack
from sqsctl.remedies.tools import tool_of

# What is read of the stack to word a remedy, whichever check it is of.
FACTS = frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.DEAD_LETTERS, Fact.PROJECT})
_LANGUAGES = {
    "nodejs": "node",
    "python": "python",
    "ruby": "ruby",
    "java": "java",
    "dotnet": "dotnet",
    "go": "go",
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where a remedy is carried out.

    ``framework`` is the Serverless Framework's major version, None where no file tells it.
    ``package`` is how the function's code is deployed. ``dead_letters`` are the names of the
    dead-letter queues behind the function's queues that hold messages now.
    """

    stack: Stack
    check: str = ""
    tool: Tool = ""
    framework: int | None = None
    function: str = ""
    language: str = ""
    runtime: str = ""
    package: Literal["zip", "image", ""] = ""
    architecture: str = ""
    phase: Phase = ""
    role: str = ""
    dead_letters: tuple[str, ...] = ()
    subject: str = ""
    severity_is_error: bool = field(default=True, compare=False)

    @property
    def region(self) -> str:
        return self.stack.region

    @property
    def text_alone(self) -> bool:
        """Whether pasted text is all there is: nothing was read of AWS."""
        return not self.stack.region


def context_of(stack: Stack, finding: Finding) -> Context:
    """The context of a finding's remedy. Reads FUNCTIONS, MAPPINGS, QUEUES and DEAD_LETTERS."""
    asked = finding.remedy or Remedy("")
    name = asked.function or (finding.subject if stack.function(finding.subject) else "")
    function = stack.function(name) if stack.region else None
    told = stack.function(name)
    runtime = (told.runtime if told else None) or asked.runtime
    tool, framework = tool_of(stack)
    if asked.tool and (not tool or asked.phase == "deploy"):
        tool = asked.tool
    image = function.package_type == "Image" if function else asked.image
    return Context(
        stack=stack,
        check=finding.id,
        tool=tool,
        framework=framework,
        function=name,
        language=asked.language or language_of(runtime),
        runtime=runtime,
        package="" if image is None else "image" if image else "zip",
        architecture=(function.architectures or ("",))[0]
        if function and image is not None
        else asked.architecture,
        phase=asked.phase,
        role=role_of(function),
        dead_letters=tuple(_dead_letters(stack, name)),
        subject=finding.subject,
    )


def language_of(runtime: str | None) -> str:
    """``nodejs22.x`` is node; empty for a runtime that names no language (``provided.al2023``)."""
    match = re.match(r"[a-z]+", runtime or "")
    return _LANGUAGES.get(match.group(), "") if match else ""


def role_of(function: Function | None) -> str:
    """The name of the function's role; empty where it is not known."""
    return ((function.role_arn if function else None) or "").rpartition("/")[2]


def consumed_by(stack: Stack, function: str) -> tuple[str, ...]:
    """Names of the queues that a function consumes. Reads MAPPINGS."""
    arns = [each.queue_arn for each in stack.mappings if each.function_name == function]
    return tuple(dict.fromkeys(arn.rpartition(":")[2] for arn in arns if ":sqs:" in arn))


def _dead_letters(stack: Stack, function: str) -> Iterable[str]:
    """Dead-letter queues behind the function's queues that hold messages, in their order."""
    holding = [each.queue_name for each in stack.dead_letters if each.count > 0]
    if not function:
        return holding
    consumed = consumed_by(stack, function)
    behind = {
        each.dead_letter_target_arn.rpartition(":")[2]
        for each in stack.queues
        if each.name in consumed and each.dead_letter_target_arn
    }
    return [each for each in holding if each in behind]
