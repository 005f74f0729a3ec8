"""Tools whose own words are not known: what deploys is named, and that its source changes, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqsctl.model.intents import Intent, Tool
from sqsctl.model.remedy import Edit, Sentence, Step
from sqsctl.remedies.context import Context
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.settings import Setting

# What people call it, and what is typed to deploy; Amplify's depends on its generation.
_TOOLS: Mapping[Tool, tuple[str, tuple[str, ...]]] = {
    "pulumi": ("Pulumi", ("pulumi", "up")),
    "sst": ("SST", ("npx", "sst", "deploy")),
    "copilot": ("AWS Copilot", ("copilot", "svc", "deploy")),
    "amplify": ("Amplify", ()),
}


class Elsewhere(Renderer):
    file = "the project"
    language = "text"
    tool: ClassVar[Tool]

    def edits(self, intents: Sequence[Intent], context: Context) -> tuple[Edit, ...]:
        del intents, context
        return ()

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        del found, context
        return ()

    def kept(self, context: Context) -> Sequence[Step]:
        del context
        name, command = _TOOLS[self.tool]
        deploy = f" ({' '.join(command)})" if command else ""
        return (
            Sentence(
                f"{name} deploys this: make the same change in its source, too, or the next "
                f"deploy{deploy} takes it back"
            ),
        )

    def deploy(self, context: Context) -> tuple[Step, ...]:
        del context
        name, command = _TOOLS[self.tool]
        return (typed(*command),) if command else (Sentence(f"deploy the project with {name}"),)


def made_for(tool: Tool) -> type[Elsewhere]:
    """The renderer of one of these tools."""
    return type("Elsewhere", (Elsewhere,), {"tool": tool, "name": _TOOLS[tool][0]})
