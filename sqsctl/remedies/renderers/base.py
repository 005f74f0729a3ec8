"""What every tool that deploys a stack can say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from sqsctl.model.intents import Bundle, Grant, Intent, Package, Set, SetVariable, call
from sqsctl.model.queues import Queue
from sqsctl.model.remedy import Call, Command, Edit, Sentence, Step
from sqsctl.remedies.calls import calls_of
from sqsctl.remedies.cli import FUNCTION
from sqsctl.remedies.context import Context
from sqsctl.remedies.environment import VALUE, VARIABLE
from sqsctl.remedies.notation import Reference
from sqsctl.remedies.settings import Setting, settings

PROJECT = "the project's folder"


class Renderer(ABC):
    """One tool. ``name`` stands in sentences, ``file`` holds its lines, or ``sure_file`` does."""

    name: ClassVar[str]
    file: ClassVar[str]
    sure_file: ClassVar[str] = ""
    language: ClassVar[str]

    def edits(self, intents: Sequence[Intent], context: Context) -> tuple[Edit, ...]:
        """The lines of the tool's own file that say what the intents want."""
        made = [
            (each, intent.resource if isinstance(intent, Set) else "")
            for intent in intents
            for each in self._calls(intent, context)
        ]
        found = tuple(settings(made, context.stack, unnamed=context.text_alone))
        lines = [*self.properties(found, context)]
        for each in intents:
            match each:
                case Grant() if each.by == "identity" and each.principal.kind in {
                    "role",
                    "unknown",
                }:
                    lines += self.grant(each, context)
                case Package():
                    lines += self.packaging(each, context)
                case Bundle():
                    lines += self.bundle(each, context)
                case _:
                    pass
        lines += self.alarms([each for each, _ in made])
        return (Edit(self.file, self.language, tuple(lines)),) if lines else ()

    def _calls(self, intent: Intent, context: Context) -> tuple[Call, ...]:
        if not isinstance(intent, SetVariable):
            return calls_of(intent)
        queue = context.stack.queue(intent.queue) if intent.queue else None
        value = self.queue_url(queue) if queue else intent.value or VALUE
        variables = {"Variables": {intent.variable or VARIABLE: value}}
        name = intent.function or FUNCTION
        return (
            call(
                "lambda", "update_function_configuration", FunctionName=name, Environment=variables
            ),
        )

    def queue_url(self, queue: Queue) -> object:
        """A queue's URL, by its resource where the template holds it."""
        return Reference(queue.logical_id) if queue.logical_id else queue.url

    def kept(self, context: Context) -> Sequence[Step]:
        """What is to be done in the source, where a command has changed what is deployed."""
        del context
        return ()

    @abstractmethod
    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        """Lines that set these properties; none for what the tool has no words for."""

    @abstractmethod
    def deploy(self, context: Context) -> tuple[Step, ...]:
        """What is typed to deploy the project."""

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        """Lines that allow a function's role something."""
        del grant, context
        return ()

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        """Lines that make the alarms, and the topics for them, that are among the calls."""
        del calls
        return ()

    def packaging(self, package: Package, context: Context) -> Sequence[str]:
        """Lines that say how the code is packaged, where the tool has to be told."""
        del package, context
        return ()

    def bundle(self, bundle: Bundle, context: Context) -> Sequence[str]:
        """Lines that let the tool bundle the code."""
        del bundle, context
        return ()


def typed(*words: str) -> Command:
    """A command that is typed in the project's folder, to deploy it."""
    return Command(words, changes=True, where=PROJECT, deploys=True)


def said(text: str) -> Sentence:
    return Sentence(text)
