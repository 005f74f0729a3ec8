"""The tools that deploy a stack, one file each: how they word a setting, and how they deploy.

A new tool is a new file here, a name in ``intents.Tool`` and a line in ``of``.
"""

from __future__ import annotations

from functools import cache

from sqsctl.model.intents import Tool
from sqsctl.remedies.renderers.base import Renderer


def of(tool: Tool) -> Renderer | None:
    """A renderer for a tool; None where nobody can say which it is."""
    kind = _kinds().get(tool)
    return kind() if kind else None


@cache
def files() -> frozenset[str]:
    """What the tools' files are called, and the file that is there for sure."""
    made = [kind() for kind in _kinds().values()]
    return frozenset(file for each in made for file in (each.file, each.sure_file))


@cache
def _kinds() -> dict[Tool, type[Renderer]]:
    from sqsctl.remedies.renderers.cdk_csharp import CdkCSharp
    from sqsctl.remedies.renderers.cdk_go import CdkGo
    from sqsctl.remedies.renderers.cdk_java import CdkJava
    from sqsctl.remedies.renderers.cdk_python import CdkPython
    from sqsctl.remedies.renderers.cdk_typescript import CdkTypeScript
    from sqsctl.remedies.renderers.cloudformation import CloudFormation
    from sqsctl.remedies.renderers.elsewhere import made_for
    from sqsctl.remedies.renderers.lift import Lift
    from sqsctl.remedies.renderers.refused_command import RefusedCommand
    from sqsctl.remedies.renderers.sam import Sam
    from sqsctl.remedies.renderers.serverless import Serverless
    from sqsctl.remedies.renderers.terraform import Terraform

    return {
        "lift": Lift,
        "serverless": Serverless,
        "sam": Sam,
        "cdk-typescript": CdkTypeScript,
        "cdk-python": CdkPython,
        "cdk-java": CdkJava,
        "cdk-csharp": CdkCSharp,
        "cdk-go": CdkGo,
        "cloudformation": CloudFormation,
        "terraform": Terraform,
        "pulumi": made_for("pulumi"),
        "sst": made_for("sst"),
        "copilot": made_for("copilot"),
        "amplify": made_for("amplify"),
        "command": RefusedCommand,
    }
