"""Whether a template that no tool's marks are in was written for SAM.

CloudFormation keeps what a template declares: a SAM template that ``aws cloudformation deploy``
deployed looks like a plain one by its resources.
"""

from __future__ import annotations

import re

from sqsctl.aws.stacks import StackClient
from sqsctl.model.stack import Fact, MadeBy
from sqsctl.operations.diagnosis.reading.observation import SharedReads

_SAM = re.compile(r"AWS::Serverless-\d{4}-\d{2}-\d{2}")
# What the resources of a SAM template look like where nothing else tells it.
_UNMARKED = frozenset({"", "cloudformation"})


class TransformsReader:
    """Asks once, beside everything else that is read; not where the tool is known already."""

    def __init__(self, shared: SharedReads) -> None:
        self._shared = shared
        self.made_by: MadeBy = shared.ref.made_by

    def start(self) -> None:
        """Start the call."""
        shared, name = self._shared, self._shared.ref.stack_name
        if name is None or self.made_by not in _UNMARKED or not shared.wanted.tool:
            return
        shared.work.start(
            f"the template of {name}",
            lambda: StackClient(shared.session).transforms(name),
            self._have,
            shared.gap(Fact.PROJECT),
            action="cloudformation:GetTemplateSummary",
        )

    def _have(self, transforms: tuple[str, ...]) -> None:
        if any(map(_SAM.fullmatch, transforms)):
            self.made_by = "sam"
