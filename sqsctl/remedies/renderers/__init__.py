"""The tools that deploy a stack, one file each: how they word a setting, and how they deploy.

A new tool is a new file here, a name in ``context.Tool`` and a line in ``of``.
"""

from __future__ import annotations

from sqsctl.remedies.context import Tool
from sqsctl.remedies.renderers.base import Renderer

TOOLS: tuple[Tool, ...] = (
    "lift",
    "serverless",
    "sam",
    "cdk-typescript",
    "cdk-python",
    "cloudformation",
    "terraform",
)


def of(tool: Tool) -> Renderer | None:
    """The renderer of a tool; None where nobody can say which it is."""
    from sqsctl.remedies.renderers.cdk_python import CdkPython
    from sqsctl.remedies.renderers.cdk_typescript import CdkTypeScript
    from sqsctl.remedies.renderers.cloudformation import CloudFormation
    from sqsctl.remedies.renderers.lift import Lift
    from sqsctl.remedies.renderers.sam import Sam
    from sqsctl.remedies.renderers.serverless import Serverless
    from sqsctl.remedies.renderers.terraform import Terraform

    made: dict[Tool, type[Renderer]] = {
        "lift": Lift,
        "serverless": Serverless,
        "sam": Sam,
        "cdk-typescript": CdkTypeScript,
        "cdk-python": CdkPython,
        "cloudformation": CloudFormation,
        "terraform": Terraform,
    }
    return made[tool]() if tool in made else None
