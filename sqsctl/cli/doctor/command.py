"""sqsctl doctor: what is wrong, how one knows, what to type."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.common.remedy_options import AllWaysOption
from sqsctl.cli.common.template_parameters import ParameterOption
from sqsctl.cli.doctor.answer import Wanted, answer
from sqsctl.cli.doctor.fixing import apply_fixes
from sqsctl.cli.doctor.listing import listed
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.run.times import beginning, moment
from sqsctl.cli.screen.command_lines import as_typed
from sqsctl.cli.screen.output import Answer, iso, styled
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.model.deployed import StackRef
    from sqsctl.operations.diagnosis.doctor import Checkup
    from sqsctl.operations.diagnosis.ignores import Ignore

FAIL_ON = ("info", "warning", "error")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "doctor",
        epilog=examples(
            "sqsctl doctor",
            "sqsctl doctor function-timeout visibility-below-timeout",
            "sqsctl doctor --queue jobs --since 6h",
            "sqsctl doctor --function worker:live",
            "sqsctl doctor --all-ways",
            "sqsctl doctor --fix",
            "sqsctl doctor --report findings.md",
            "sqsctl doctor --template .           a packaged project, before its deploy",
            "sqsctl doctor --list-checks",
        ),
    )(doctor)


def doctor(
    run: Run,
    checks: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only these checks.",
            metavar="CHECK",
            autocompletion=completion.checks,
            show_default="all",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Only this check. Repeatable.",
            metavar="CHECK",
            autocompletion=completion.checks,
        ),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(
            "--skip",
            help="Not this check. Repeatable.",
            metavar="CHECK",
            autocompletion=completion.checks,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="How far back to read logs and metrics: 10m, 2h, 1d, or a time.",
            metavar="TIME",
            show_default="3h",
        ),
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(
            "--function",
            "-f",
            help="This function, in a stack or in none; read only its log and package. Repeatable.",
            metavar="NAME",
            autocompletion=completion.functions,
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on", help="Exit 10 from this severity on.", metavar="info|warning|error"
        ),
    ] = "warning",
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply safe fixes, one by one, after a question.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write the findings as Markdown, too.", metavar="FILE.md"),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")
    ] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=1, help="Seconds between two looks of --watch.")
    ] = 15.0,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            help="A packaged project or a template, before it is deployed: no AWS is asked.",
            metavar="FILE|DIR",
        ),
    ] = None,
    parameter: ParameterOption = None,
    list_checks: Annotated[
        bool, typer.Option("--list-checks", help="List the checks and end.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --fix: show what would be applied.")
    ] = False,
    all_ways: AllWaysOption = False,
    insights: InsightsOption = True,
) -> Answer | None:
    """Say what is wrong, with the evidence, and what to type.

    Causes come first, each with the symptoms that it explains. Reads only, unless --fix is
    given. Exit 0 when healthy, 10 when something is wrong, 3 when something that could hide a
    failure was not seen.
    """
    run.insights = insights
    from sqsctl.model.finding import Severity
    from sqsctl.operations.diagnosis.doctor import checkup, chosen_checks
    from sqsctl.operations.diagnosis.ignores import apply

    if list_checks:
        return listed()
    if fail_on not in FAIL_ON:
        raise UsageError(f"--fail-on is info, warning or error, not {fail_on!r}")
    if template is not None:
        return _before_deploy(
            run,
            template,
            Wanted(
                Severity[fail_on.upper()],
                _ignores(),
                [*(checks or []), *(only or [])],
                deployed=False,
                all_ways=all_ways,
            ),
            skip or [],
            parameter or (),
            running=fix or watch,
        )
    if parameter:
        raise UsageError("--parameter is for --template: a deployed stack has its values")
    if watch and (fix or report is not None):
        raise UsageError(
            f"--watch only looks: it does not go with {'--fix' if fix else '--report'}",
        )
    if report is not None:
        from sqsctl.cli.screen.report import refuse_path

        refuse_path(report)
    if since:
        beginning(since, datetime.now(UTC))
    wanted = [*(checks or []), *(only or [])]
    chosen_checks(wanted, skip or [])  # a typing error shows before anything is asked of AWS
    reference = run.stack(changing=fix and not dry_run, functions=function)
    deploys, stage = _project(run, reference)
    folder = working_folder()

    def look() -> Checkup:
        with run.progress("looking") as bar:
            seen = checkup(
                run.session(),
                reference,
                only=wanted,
                skip=skip or [],
                since=moment(since, datetime.now(UTC)) if since else None,
                functions=function or None,
                project_folder=folder if deploys else None,
                beside=folder,
                stage=stage,
                progress=lambda text: bar.update(title=text),
            )
        return replace(seen, diagnosis=as_typed(seen.diagnosis, run))

    asked = Wanted(Severity[fail_on.upper()], _ignores(), wanted, function or (), all_ways=all_ways)
    if watch:
        _watch(run, look, asked, interval)
        return None
    seen = look()
    applied: list[dict[str, Any]] = []
    if fix:
        applied = apply_fixes(run, _kept(seen, asked.ignores).diagnosis, dry_run=dry_run)
        if applied and not dry_run:
            seen = look()
    if report is not None:
        from sqsctl.cli.screen.report import write_report

        kept, ignored, _ = apply(seen.diagnosis, asked.ignores, datetime.now(UTC).date())
        write_report(report, replace(seen, diagnosis=kept), run.target, ignored)
        run.output.notice(f"the report is in {report}")
    return answer(run, seen, asked, applied)


def _before_deploy(
    run: Run, place: Path, asked: Wanted, skip: list[str], said: Sequence[str], *, running: bool
) -> Answer:
    from sqsctl.cli.doctor.template import forecast

    if running:
        raise UsageError("--template looks at what is not deployed yet: no --fix, no --watch")
    return forecast(run, place, asked, skip, said)


def _kept(seen: Checkup, ignores: Sequence[Ignore]) -> Checkup:
    """The checkup without what the team has decided to live with."""
    from sqsctl.operations.diagnosis.ignores import apply

    diagnosis, _, _ = apply(seen.diagnosis, ignores, datetime.now(UTC).date())
    return replace(seen, diagnosis=diagnosis)


def _watch(
    run: Run,
    look: Callable[[], Checkup],
    asked: Wanted,
    interval: float,
) -> None:
    """Look again and again; a person sees each look, a machine a line each.

    What may pass, such as a network that is gone for a while, is told and waited out, unless
    the very first look meets it.
    """
    from sqsctl.cli.screen.closed_pipe import watchful_sleep
    from sqsctl.operations.diagnosis.ignores import apply

    looked = False
    run.following = True
    while True:
        try:
            seen = look()
        except SqsctlError as error:
            if not looked or error.exit is not Exit.UNAVAILABLE:
                raise
            when = datetime.now(UTC).strftime("%H:%M:%S")
            run.output.notice(f"{when}  {error.message}", style="yellow")
            watchful_sleep(interval)
            continue
        looked = True
        told = answer(run, seen, asked)
        if run.output.json:
            run.output.line({"timestamp": iso(seen.stack.observed_at), **told.data})
        else:
            kept, _, _ = apply(seen.diagnosis, asked.ignores, datetime.now(UTC).date())
            names = [each.id for each in kept.findings if each.severity >= asked.threshold]
            said = ", ".join(dict.fromkeys(names)) or kept.verdict
            when = datetime.now(UTC).strftime("%H:%M:%S")
            fine = "green" if kept.verdict == "healthy" else "yellow"
            style = "bold red" if names else fine
            run.output.stdout.print(styled(f"{when}  {said}", style), soft_wrap=True)
            run.output.stdout.file.flush()
        watchful_sleep(interval)


def _ignores() -> tuple[Ignore, ...]:
    """The team's decisions, from the settings file."""
    from sqsctl.checks.registry import all_checks
    from sqsctl.operations.diagnosis.ignores import parse
    from sqsctl.operations.target.settings import read_file

    _, table = read_file(working_folder())
    return parse(table, [each.meta.id for each in all_checks()])


def _project(run: Run, reference: StackRef) -> tuple[bool, str | None]:
    """Whether the working folder's project deploys to this very stack, and its stage."""
    from sqsctl.operations.target import project_files

    stage = run.settings.text("stage")
    if reference.stack_name is None:
        return False, stage
    try:
        return project_files.stage_of(
            working_folder(),
            reference.stack_name,
            stage=stage,
            environment=run.settings.names_from(os.environ),
        )
    except SqsctlError:
        return False, stage
