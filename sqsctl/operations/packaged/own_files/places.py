"""The file and line where a project's own files declare a resource of a package.

Nothing is run. A line is told only where it is sure: of a property that is found, else of
the resource; nothing where the file cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.own_files import (
    cdk_lines,
    serverless_lines,
    template_lines,
    terraform_lines,
)
from sqsctl.operations.packaged.packaged_stack import PackagedStack, Tool

Line = tuple[Path, int]

_FINDERS: Mapping[Tool, Callable[[PackagedStack, str, Sequence[str]], Line | None]] = {
    "serverless": serverless_lines.find,
    "sam": template_lines.find,
    "cdk": cdk_lines.find,
    "cloudformation": template_lines.find,
    "terraform": terraform_lines.find,
}
_PARTS = re.compile(r"[. ]")


def place(packaged: PackagedStack, logical_id: str, facts: Sequence[str]) -> Line | None:
    """Where a resource is declared; the line of the first of the facts that stands there.

    ``facts`` are properties as CloudFormation and the Lambda API call them, a nested one
    behind a dot (``RedrivePolicy.maxReceiveCount``).
    """
    names = [part for fact in facts for part in reversed(_PARTS.split(fact)) if part]
    try:
        return _FINDERS[packaged.tool](packaged, logical_id, names) if logical_id else None
    except UsageError:
        return None  # a file beside the package that cannot be read tells nothing
