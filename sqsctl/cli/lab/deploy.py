"""sqsctl lab deploy: a packaged service onto the lab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.template_parameters import ParameterOption
from sqsctl.cli.lab.local import lab_session, started, warming
from sqsctl.cli.lab.options import DryRunOption, NameOption
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.lab_state import LabState
    from sqsctl.aws.session import Session
    from sqsctl.model.deployed import Endpoints
    from sqsctl.operations.packaged.onto_lab import Ready
    from sqsctl.operations.packaged.packaged_stack import PackagedStack


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "deploy",
        target=False,
        epilog=examples(
            "sqsctl lab deploy                       what the folder's tool has packaged",
            "sqsctl lab deploy --package             call the tool first",
            "sqsctl lab deploy template.yaml --parameter Stage=dev",
        ),
    )(deploy)


def deploy(
    run: Run,
    place: Annotated[
        Path,
        typer.Argument(
            help="A project's folder, a template, or a Terraform plan as JSON.",
            metavar="DIR|TEMPLATE",
        ),
    ] = Path(),
    package: Annotated[
        bool, typer.Option("--package", help="Call the project's tool first, to package it.")
    ] = False,
    leave_out: Annotated[
        bool,
        typer.Option("--leave-out", help="Deploy without what the lab lacks; else it asks."),
    ] = False,
    parameter: ParameterOption = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="The stage to package, or that was packaged.")
    ] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Which stack, where there are several.")
    ] = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Deploy a packaged service onto the lab; start it if none runs.

    Takes what Serverless, SAM and CDK packaged, a Terraform plan as JSON, and templates with
    code beside them. From then on it is the stack that commands on the lab work on. Its
    functions run on this machine as you do, not in a sandbox: deploy only what you would run.
    """
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.operations.packaged import find, parameters, run_tool
    from sqsctl.operations.packaged.order import in_order

    packaged_by = None
    if package and not dry_run:
        run.output.notice(f"calling the tool of {place}: it runs the project's own code as you do")
        packaged_by = run_tool.package(place if place.is_dir() else place.parent, stage)
    stacks = in_order(find.packaged_stacks(place, stage=stage, stack=stack))
    given = parameters.chosen(parameter or (), stacks, stage)
    chosen = name or run.lab_name
    state = running_lab(chosen) if dry_run else started(run, chosen)
    if state is None:
        return _would(stacks, [], chosen)
    session = lab_session(state)
    from sqsctl.lab import server

    known = server.resource_types(state)
    ready = [_prepared(each, known, state.region, given) for each in stacks]
    left_out = [
        {"stack": each.stack.name, **_shape(lack)} for each in ready for lack in each.lacking
    ]
    if dry_run:
        return _would(stacks, left_out, chosen)
    if left_out and not leave_out:
        said = "; ".join(
            f"{each['logical_id']} ({each['type']}): {each['reason']}" for each in left_out
        )
        run.confirm("deploy without them?", consequence=f"the lab lacks: {said}")
    run.output.notice("the functions run on this machine as you do, not in a sandbox")
    with server.deploying(chosen):
        deployed = [_deployed(run, session, each, known, given) for each in ready]
    state = server.adopt(state, _main(ready))
    functions = [each.name for stack in deployed for each in stack.functions]
    with warming(run, state, functions):
        pass
    return _answer(state, deployed, left_out, packaged_by, stacks)


def _prepared(
    stack: PackagedStack, known: frozenset[str], region: str, given: dict[str, str]
) -> Ready:
    from sqsctl.operations.packaged import onto_lab, parameters

    missing = parameters.undecided(stack, given)
    if missing:
        raise UsageError(
            f"stack {stack.name}: no value for {', '.join(missing)}",
            hint=f"`again {' '.join(f'--parameter {each}=VALUE' for each in missing)}`",
            code="parameter_missing",
        )
    return onto_lab.prepared(stack, known, region)


def _deployed(
    run: Run,
    session: Session,
    ready: Ready,
    known: frozenset[str],
    given: dict[str, str],
) -> Endpoints:
    from sqsctl.operations.packaged import onto_lab, parameters
    from sqsctl.operations.stacks import deploy as onto_cloudformation

    name = ready.stack.name
    with run.progress(f"deploying {name}") as bar:
        text, url = onto_lab.upload(session, ready, known, given)
        declared = parameters.declared(ready.stack)
        fitting = {key: value for key, value in given.items() if key in declared}
        edited = parameters.edited_defaults(ready.stack, _defaults_there(session, name))
        for event in onto_cloudformation.deploy(
            session, name, text, {**edited, **fitting}, template_url=url, yes=True
        ):
            bar.update(note=f"{event.logical_id} {event.status}")
        return onto_cloudformation.endpoints(session, name)


def _defaults_there(session: Session, name: str) -> dict[str, str]:
    """The parameters' defaults of the stack of that name; empty where there is none yet."""
    from sqsctl.aws.stacks import StackClient

    client = StackClient(session)
    return client.defaults(name) if client.find(name) else {}


def _main(ready: Sequence[Ready]) -> str:
    """The stack of several that a person means: the one whose functions consume."""
    kinds = ("AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue", "AWS::Lambda::Function")
    for kind in kinds:
        for each in ready:
            if any(resource.get("Type") == kind for resource in each.stack.resources.values()):
                return each.stack.name
    return ready[0].stack.name


def _shape(lack: Any) -> dict[str, str]:
    return {"logical_id": lack.logical_id, "type": lack.type, "reason": lack.reason}


def _would(stacks: Sequence[PackagedStack], left_out: list[dict[str, str]], lab: str) -> Answer:
    names = [each.name for each in stacks]
    said = f"deploy {', '.join(names)} onto lab {lab}"
    if left_out:
        said += f", without {', '.join(each['logical_id'] for each in left_out)}"
    return Answer(
        {"dry_run": True, "would": said, "stacks": names, "left_out": left_out},
        lambda console: lines(console, [f"would {said}"]),
    )


def _answer(
    state: LabState,
    deployed: Sequence[Endpoints],
    left_out: list[dict[str, str]],
    packaged_by: str | None,
    stacks: Sequence[PackagedStack],
) -> Answer:
    from sqsctl.cli.screen.endpoints import endpoints_shape, show_endpoints

    without = [said for each in stacks for said in each.without]
    data = {
        "name": state.name,
        "endpoint": state.endpoint,
        "stack": state.stack,
        "tool": stacks[0].tool,
        "packaged_by": packaged_by,
        "stacks": [endpoints_shape(each) for each in deployed],
        "left_out": left_out,
        "notices": without,
    }

    def human(console: Console) -> None:
        for each in deployed:
            show_endpoints(console, each)
        for lack in left_out:
            said = f"left out: {lack['logical_id']} ({lack['type']}): {lack['reason']}"
            console.print(styled(said, "yellow"), soft_wrap=True)
        for said in without:
            console.print(styled(said, "yellow"), soft_wrap=True)
        done = f"✓ deployed onto lab {state.name}; commands now work on {state.stack}"
        console.print(styled(done, "green"), soft_wrap=True)

    return Answer(data, human)
