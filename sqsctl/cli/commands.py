"""The command tree: which file speaks for which word.

A run loads only the files of the words on its command line; of the others the list of
commands needs no more than the line below. A test holds these lines against the files. Within
a group, too, only the commands among the words are made in full.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Collection

import typer

from sqsctl.cli.run.help import HelpCommand, HelpGroup
from sqsctl.cli.run.options import Declared, named_only

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("lab.demo", "Play the whole story on the lab, in a minute."),
    "lab": ("lab.group", "A local AWS for the tutorial's stack or yours: deploy, break, heal."),
    "stack": ("stack", "Find stacks, draw one, deploy one."),
    "send": ("send", "Send one message, through the API or into the queue."),
    "produce": ("produce.command", "Send many messages, and measure how that went."),
    "probe": ("probe", "Send one message through the pipeline, and time each hop."),
    "queue": ("queue.group", "List queues, see their figures, empty them, hide messages."),
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
            app.command(word, help=text, cls=HelpCommand)(named_only)
    _made(app, None)  # what is declared there was among the words
    for info in app.registered_groups:
        # A copy: a group may be its module's own, and the next run has other words.
        group = copy.copy(info.typer_instance)
        assert group is not None  # noqa: S101 - add_typer was given it
        _made(group, words)
        info.typer_instance = group


def _made(group: typer.Typer, words: Collection[str] | None) -> None:
    """Of what is declared, make what is among the words; of the rest, what a list shows."""
    group.registered_commands = [
        (each.in_full() if words is None or each.name in words else each.in_name())
        if isinstance(each, Declared)
        else each
        for each in group.registered_commands
    ]
