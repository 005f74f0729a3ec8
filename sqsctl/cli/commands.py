"""The command tree: which file speaks for which word.

A run loads only the files of the words on its command line; of the others the list of
commands needs no more than the line below. A test holds these lines against the files.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection

import typer

from sqsctl.cli.run.help import HelpCommand, HelpGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("lab.demo", "Play the whole story on the lab, in a minute."),
    "lab": ("lab.group", "A local AWS for the tutorial's stack or yours: deploy, break, heal."),
    "stack": ("stack", "Find stacks, draw one, deploy one."),
    "send": ("send", "Send one message, through the API or into the queue."),
    "produce": ("produce.command", "Send many messages, and measure how that went."),
    "probe": ("probe", "Send one message through the pipeline, and time each hop."),
    "queue": ("queue.group", "List queues, see their figures."),
    "dlq": ("dlq.group", "Look at dead-letter messages, and bring them back."),
    "logs": ("logs.group", "Follow the functions' logs, or have log text explained."),
    "metrics": ("metrics", "Draw CloudWatch's figures of queues, functions and APIs."),
    "watch": ("watch.command", "Show the whole stack live: picture, rates, last failures."),
    "doctor": ("doctor.command", "Say what is wrong, with the evidence, and what to type."),
    "iam": ("iam", "Print the least IAM policy that commands need."),
    "completion": ("completion", "Make the shell complete commands, options and names."),
    "config": ("config", "Show and set defaults, and where each value came from."),
}


class Root(HelpGroup):
    """The program's own help: its commands by what a person wants to do."""

    sections = (
        ("Start here", ("demo", "doctor", "lab")),
        ("Messages", ("send", "produce", "probe")),
        ("Dead-letter messages", ("dlq",)),
        ("Look", ("queue", "stack", "logs", "metrics", "watch")),
        ("Set up", ("iam", "config", "completion")),
    )


def register(app: typer.Typer, words: Collection[str] | None = None) -> None:
    """Add the commands; those in ``words`` (all, without it) with everything they have."""
    for word, (file, text) in COMMANDS.items():
        if words is None or word in words:
            importlib.import_module(f"sqsctl.cli.{file}").register(app)
        else:
            app.command(word, help=text, cls=HelpCommand)(_named_only)


def _named_only() -> None:
    """Stands in the list of commands for one that this run does not load."""
