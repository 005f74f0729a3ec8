"""sqsctl lab aws and lab env: the AWS CLI, and any other program, on the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.lab.local import lab_session
from sqsctl.cli.lab.options import NameOption
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from sqsctl.aws.lab_state import LabState

# What would send the AWS CLI elsewhere.
_ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_")


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "aws",
        target=False,
        pass_through=True,
        epilog=examples(
            "sqsctl lab aws sqs list-queues",
            "sqsctl lab aws lambda get-function-configuration --function-name NAME --query Timeout",
        ),
    )(aws)
    command(
        group,
        "env",
        target=False,
        epilog=examples('eval "$(sqsctl lab env)"', "sqsctl lab env -o json"),
    )(env)


def aws(
    run: Run,
    words: Annotated[
        list[str],
        typer.Argument(help="What stands behind aws, as the AWS CLI takes it.", metavar="WORD"),
    ],
    name: NameOption = None,
) -> Answer | None:
    """Make a call on the lab as the AWS CLI does, installed or not."""
    import shutil

    state = _state(name or run.lab_name)
    program = shutil.which("aws")
    if program:
        import os
        import subprocess

        kept = {key: each for key, each in os.environ.items() if not key.startswith(_ELSEWHERE)}
        with_keys = {**kept, **environment(state)}
        # Versions before 2.13 and 1.29 do not know AWS_ENDPOINT_URL.
        aimed = () if "--endpoint-url" in words else ("--endpoint-url", state.endpoint)
        ended = subprocess.run([program, *aimed, *words], env=with_keys, check=False)
        raise typer.Exit(ended.returncode)
    from sqsctl.aws.cli_line import carry_out, read

    said = carry_out(lab_session(state), read(words))

    def human(console: Console) -> None:
        if said:
            console.file.write(f"{said}\n")

    return Answer({"answer": said}, human)


def env(run: Run, name: NameOption = None) -> Answer:
    """Print what to eval so that a shell's other programs use the lab."""
    import shlex

    given = environment(_state(name or run.lab_name))

    def human(console: Console) -> None:
        for key, value in given.items():
            console.file.write(f"export {key}={shlex.quote(value)}\n")
        console.file.write("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN\n")

    return Answer({"environment": dict(given)}, human)


def environment(state: LabState) -> Mapping[str, str]:
    """The variables by which the SDKs and the AWS CLI find the lab."""
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_ACCESS_KEY_ID": state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": state.secret_access_key,
    }


def _state(name: str) -> LabState:
    from sqsctl.aws.lab_state import running_lab

    state = running_lab(name)
    if state is None:
        raise SqsctlError(
            f"lab {name} does not run",
            hint="`sqsctl lab up`",
            exit=Exit.NOT_FOUND,
            code="lab_stopped",
        )
    return state
