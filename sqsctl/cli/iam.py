"""sqsctl iam: the least policy that a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, to_json
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from sqsctl.model.deployed import StackRef


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "iam",
        epilog=examples(
            "sqsctl iam doctor > policy.json",
            "sqsctl iam dlq peek dlq redrive --stack tutorial-step-2-dev",
            "sqsctl iam 'dlq redrive --method native'  what just this way needs",
            "sqsctl iam doctor --generic               without looking at a stack",
        ),
    )(iam)


def iam(
    run: Run,
    commands: Annotated[
        list[str],
        typer.Argument(
            help="Commands; in quotes with their options: 'send --via sqs'.",
            metavar="COMMAND",
            autocompletion=completion.policies,
        ),
    ],
    generic: Annotated[
        bool, typer.Option("--generic", help="Patterns instead of this stack's own ARNs.")
    ] = False,
    required_only: Annotated[
        bool, typer.Option("--required-only", help="Without what a command can do without.")
    ] = False,
) -> Answer:
    """Print the least IAM policy that commands need."""
    from sqsctl.operations.access.iam import MANAGED_LIMIT, On, as_typed, needs, policy, size
    from sqsctl.operations.diagnosis.queue_keys import keys_of

    commands = list(as_typed(commands))
    nothing = [each for each in commands if not needs(each)]
    said = f"needs no permission: {', '.join(nothing)} (it asks nothing of AWS)"
    if len(nothing) == len(commands):
        # A policy without statements is none: IAM refuses it.
        document = policy(commands)
        return Answer(
            {"commands": commands, "policy": document, "need_nothing": nothing},
            lambda console: lines(console, [said]),
        )
    if nothing:
        run.output.notice(said)
    reference = None if generic else _stack(run)
    keys: tuple[str, ...] | None = None
    if reference and any(need.on is On.KEYS for each in commands for need in needs(each)):
        keys = keys_of(run.session(), reference)
    document = policy(commands, reference, without_optional=required_only, keys=keys)
    characters = size(document)
    if characters > MANAGED_LIMIT:
        run.output.notice(
            f"{characters} characters: AWS takes {MANAGED_LIMIT} in a managed policy. "
            "Ask for fewer commands at a time, or for patterns with --generic",
            style="yellow",
        )
    return Answer(
        {
            "commands": commands,
            "policy": document,
            "need_nothing": nothing,
            "characters": characters,
        },
        lambda console: lines(console, [to_json(document, indent=2)]),
    )


def _stack(run: Run) -> StackRef | None:
    """The stack, if there is one to be seen: the policy may be needed to see it."""
    try:
        return run.stack()
    except SqsctlError as error:
        if error.exit not in {Exit.DENIED, Exit.NOT_FOUND}:
            raise
        run.output.notice(f"patterns instead of ARNs: {error.message}")
        return None
