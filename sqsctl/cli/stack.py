"""sqsctl stack: find stacks, draw one, deploy one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.regions import AllRegionsOption
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.help import HelpGroup
from sqsctl.cli.run.options import FunctionOption, command, examples
from sqsctl.cli.screen.endpoints import endpoints_shape, show_endpoints
from sqsctl.cli.screen.json_shapes import stack_shape
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.cli.screen.picture import hop_shape, show_picture
from sqsctl.cli.screen.views import row, show_table, table
from sqsctl.errors import Exit, UsageError
from sqsctl.model.stack import Fact

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.operations.stacks.discover import StackSummary

group = typer.Typer(cls=HelpGroup, help="Find stacks, draw one, deploy one.", no_args_is_help=True)
_DRAWN = (Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS, Fact.DEAD_LETTER_FEEDS)
MAX_TEMPLATE_BYTES = 51_200  # what CloudFormation takes inline


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="stack")


@command(
    group,
    "ls",
    epilog=examples(
        "sqsctl stack ls", "sqsctl stack ls --region us-east-1", "sqsctl stack ls --all-regions"
    ),
)
def ls(run: Run, all_regions: AllRegionsOption = False) -> Answer:
    """List the stacks that have an SQS queue and a Lambda function."""
    if all_regions:
        return _everywhere(run)
    from sqsctl.operations.stacks import discover

    session = run.session()
    run.announce()
    with run.progress("looking for stacks"):
        found = list(discover.stacks(session))
    data = {"stacks": [_summary(each) for each in found]}

    def human(console: Console) -> None:
        if not found:
            lines(console, ["no stack with a queue and a function in this region"])
            return
        grid = table("stack", "status", "queues", "functions")
        for each in found:
            row(grid, each.name, each.status, ", ".join(each.queues), len(each.functions))
        show_table(console, grid)

    return Answer(data, human)


def _everywhere(run: Run) -> Answer:
    """The stacks of every region."""
    from sqsctl.cli.common.regions import all_read, tell_unread, unread_regions
    from sqsctl.errors import Exit
    from sqsctl.operations.stacks import discover
    from sqsctl.operations.stacks.all_regions import everywhere

    session = run.session()
    run.announce()
    with run.progress("looking for stacks in all regions"):
        answers = everywhere(session, lambda here: list(discover.stacks(here)))
    found = [(each.region, stack) for each in answers for stack in each.answer or ()]
    data = {
        "stacks": [{**_summary(stack), "region": region} for region, stack in found],
        "regions_unread": unread_regions(answers),
    }

    def human(console: Console) -> None:
        if not found:
            lines(console, ["no stack with a queue and a function in any region"])
        else:
            grid = table("region", "stack", "status", "queues", "functions")
            for region, each in found:
                queues = ", ".join(each.queues)
                row(grid, region, each.name, each.status, queues, len(each.functions))
            show_table(console, grid)
        tell_unread(run, answers)

    return Answer(data, human, Exit.OK if all_read(answers) else Exit.PARTIAL)


def _summary(stack: StackSummary) -> dict[str, Any]:
    from sqsctl.cli.screen.output import iso

    return {
        "name": stack.name,
        "status": stack.status,
        "description": stack.description,
        "queues": list(stack.queues),
        "functions": list(stack.functions),
        "updated_at": iso(stack.updated_at),
    }


@command(
    group,
    "show",
    epilog=examples(
        "sqsctl stack show",
        "sqsctl stack show -o json",
        "sqsctl stack show --queue jobs            what no stack holds, from a queue",
        "sqsctl stack show --function worker:live  or from a function",
    ),
)
def show(run: Run, function: FunctionOption = None) -> Answer:
    """Draw the stack: ways in, queues, consumers, dead-letter queues."""
    from sqsctl.cli.screen.unread import gaps_errors, gaps_shape
    from sqsctl.operations.diagnosis.health import hops
    from sqsctl.operations.diagnosis.observe import observe

    reference = run.stack(functions=function)
    with run.progress("reading the stack"):
        stack = observe(
            run.session(),
            reference,
            needs=_DRAWN,
        )
    unread = list(dict.fromkeys(gap for fact in _DRAWN for gap in stack.gaps(fact)))
    states = hops(stack)
    data = {
        "stack": stack_shape(stack),
        "hops": [hop_shape(each) for each in states],
        "unread": gaps_shape(unread),
    }

    def human(console: Console) -> None:
        console.print(styled(stack.name, "bold"), soft_wrap=True)
        show_picture(console, stack, states)
        grid = table("function", "runtime", "timeout→", "memory→", "log group")
        for each in stack.functions:
            row(
                grid,
                each.name,
                each.runtime or each.package_type,
                f"{each.timeout_s} s",
                f"{each.memory_mb} MB",
                each.log_group,
            )
        console.print()
        show_table(console, grid)

    return Answer(data, human, Exit.PARTIAL if unread else Exit.OK, gaps_errors(unread))


@command(
    group,
    "deploy",
    epilog=examples(
        "sqsctl stack deploy --stage dev",
        "sqsctl stack deploy --template stack.yaml --stack jobs-dev",
        "sqsctl stack deploy --dry-run",
    ),
)
def deploy(
    run: Run,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            help="A CloudFormation template.",
            metavar="FILE",
            show_default="the tutorial's stack",
        ),
    ] = None,
    runtime: Annotated[
        str, typer.Option("--runtime", help="Language of the functions: python or nodejs.")
    ] = "python",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="A parameter.", metavar="KEY=VALUE")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes, and make none.")
    ] = False,
) -> Answer:
    """Deploy a stack, or update it, through a CloudFormation change set."""
    from sqsctl.cli.screen.output import iso
    from sqsctl.operations.stacks import deploy as deployment

    given = _parameters(parameter or [])
    tutorial = run.program.tutorial_stack(runtime, run.settings.text("stage"))
    text = tutorial.text if template is None else _read(template)
    if template is None:
        given = {**tutorial.parameters, **given}
    resolved = run.resolved(changing=True)
    name = run.settings.text("stack") or (tutorial.name if template is None else "")
    if not name:
        raise UsageError(
            "which stack? a template of your own needs a name", hint="`again --stack NAME`"
        )
    from dataclasses import replace

    run.announce(replace(resolved.target, stack=name))
    if not dry_run and resolved.target.kind == "aws":
        run.confirm(
            f"Deploy {name} to {resolved.target.region}?",
            consequence="this creates or changes resources in your AWS account",
        )
    events: list[dict[str, Any]] = []
    with run.progress(f"deploying {name}") as bar:
        for event in deployment.deploy(
            resolved.session, name, text, given, yes=run.yes, dry_run=dry_run
        ):
            bar.update(note=f"{event.logical_id} {event.status}")
            events.append(
                {
                    "resource": event.logical_id,
                    "type": event.type,
                    "status": event.status,
                    "reason": event.reason or None,
                    "at": iso(event.at),
                }
            )
            if run.output.verbose and not run.output.json:
                run.output.notice(f"{event.status:24} {event.logical_id} {event.reason}")
    if dry_run:
        return Answer(
            {"stack": name, "dry_run": True, "changes": events},
            lambda console: lines(
                console,
                [
                    f"would {each['status'].lower()} {each['resource']} ({each['type']})"
                    for each in events
                ]
                or ["nothing would change"],
            ),
        )
    endpoints = deployment.endpoints(resolved.session, name)
    return Answer(
        {**endpoints_shape(endpoints), "events": events},
        lambda console: show_endpoints(console, endpoints),
    )


def _parameters(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key:
            raise UsageError(f"--parameter {each!r} is not KEY=VALUE")
        pairs[key] = value
    return pairs


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    if len(text.encode()) > MAX_TEMPLATE_BYTES:
        raise UsageError(f"{path} is larger than CloudFormation takes inline (51,200 bytes)")
    from sqsctl.operations.target.yaml_documents import load_yaml

    document = load_yaml(text, str(path))
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise UsageError(f"{path} is no CloudFormation template: it has no Resources")
    return text
