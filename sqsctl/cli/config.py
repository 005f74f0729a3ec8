"""sqsctl config: defaults, and where each effective value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.run.help import HelpGroup
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.hints import completed
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.cli.screen.views import row, show_table, table
from sqsctl.errors import NotFoundError, SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.operations.target.settings import Settings
    from sqsctl.operations.target.targeting import Resolved

group = typer.Typer(
    cls=HelpGroup,
    help="Show and set defaults, and where each value came from.",
    no_args_is_help=True,
)
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be written, write nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="config")


@command(group, "show", epilog=examples("sqsctl config show", "sqsctl config show -o json"))
def show(run: Run) -> Answer:
    """Show every value, where it came from, and the target."""
    from sqsctl.operations.target.settings import KEYS
    from sqsctl.operations.target.targeting import resolve
    from sqsctl.operations.target.trust import trusts

    settings = run.settings
    values: dict[str, Any] = {
        key: {
            "value": settings.values[key].value if key in settings.values else None,
            "source": settings.values[key].source if key in settings.values else None,
        }
        for key in KEYS
    }
    values["credentials"] = {"value": None, "source": settings.credentials_from}
    trouble: SqsctlError | None = None
    try:
        resolved = resolve(settings, lab_name=run.lab_name)
        run.target = resolved.target
        _fill_in(values, resolved, settings)
    except SqsctlError as error:
        trouble = error
    data = {
        "file": str(settings.file) if settings.file else None,
        "trusted": trusts(settings.file, settings.sha256) if settings.file else None,
        "values": values,
        "target_error": trouble.message if trouble else None,
        "target_hint": completed(trouble.hint, run) if trouble and trouble.hint else None,
    }

    def human(console: Console) -> None:
        grid = table("setting", "value", "from")
        for key, entry in values.items():
            row(
                grid, key, "–" if entry["value"] is None else entry["value"], entry["source"] or "–"
            )
        show_table(console, grid)
        if run.target:
            from sqsctl.cli.screen.output import target_line

            lines(console, [f"target: {target_line(run.target)}"])
        elif trouble:
            lines(console, [f"target: none: {trouble.message}"])
            lines(console, [f"  → {completed(trouble.hint, run)}"] if trouble.hint else [])

    return Answer(data, human)


def _fill_in(values: dict[str, Any], resolved: Resolved, settings: Settings) -> None:
    """What nothing sets, but the target, the project or AWS's own configuration gives."""
    from sqsctl.aws.session import credentials_from
    from sqsctl.operations.target import project_files

    lab = resolved.lab
    profile = settings.text("profile")
    if lab is not None:
        values["credentials"] = {"value": None, "source": "the lab's own"}
    elif values["credentials"]["source"] is None:
        how = credentials_from(profile)
        named = f", profile {profile}" if profile else ""
        values["credentials"]["source"] = f"{how}{named}" if how else None
    if values["region"]["value"] != resolved.target.region:
        # A lab has a region of its own, whatever AWS_REGION says.
        queue = settings.text("queue") or ""
        source = "the queue" if resolved.target.region in queue else "the AWS configuration"
        values["region"] = {
            "value": resolved.target.region,
            "source": "the lab" if lab is not None else source,
        }
    if values["stack"]["value"] is None:
        declared = project_files.stack_name(
            working_folder(),
            stage=settings.text("stage"),
            environment=settings.names_from(os.environ),
        )
        if declared:
            values["stack"] = {"value": declared, "source": "the project in this folder"}
        elif lab is not None:
            values["stack"] = {"value": lab.stack, "source": "the lab"}


@command(
    group,
    "set",
    target=False,
    epilog=examples(
        "sqsctl config set region ap-northeast-2",
        "sqsctl config set stack tutorial-step-2-dev",
    ),
)
def set_(
    run: Run,
    key: Annotated[
        str,
        typer.Argument(
            help="For example region, profile, stack, stage, lab.",
            metavar="KEY",
            autocompletion=completion.settings_keys,
        ),
    ],
    value: Annotated[str, typer.Argument(help="Its value.", metavar="VALUE")],
    dry_run: DryRunOption = False,
) -> Answer:
    """Write a default into the nearest sqsctl.toml or pyproject.toml."""
    del run
    return _write(key, value, dry_run=dry_run)


@command(group, "unset", target=False, epilog=examples("sqsctl config unset stack"))
def unset(
    run: Run,
    key: Annotated[
        str,
        typer.Argument(
            help="The setting to remove.", metavar="KEY", autocompletion=completion.settings_keys
        ),
    ],
    dry_run: DryRunOption = False,
) -> Answer:
    """Remove a default from the file."""
    del run
    return _write(key, None, dry_run=dry_run)


@command(
    group,
    "trust",
    target=False,
    epilog=examples(
        "sqsctl config trust", "sqsctl config trust --list", "sqsctl config trust --remove"
    ),
)
def trust_(
    run: Run,
    file: Annotated[
        Path | None,
        typer.Argument(help="The settings file.", metavar="FILE", show_default="the nearest one"),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show what is trusted.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Trust the file no more.")] = False,
    dry_run: DryRunOption = False,
) -> Answer:
    """Let a settings file choose endpoint and profile, as it is now.

    Such a file comes with a project and may be anybody's: read it first. When it changes, you
    are asked again.
    """
    from sqsctl.operations.target import settings, trust

    del run
    if listed:
        return _trusted()
    found = None if file else settings.settings_file(working_folder())
    path = file or (found.path if found else None)
    if path is None:
        raise NotFoundError("there is no sqsctl.toml here, and no [tool.sqsctl]")
    if remove:
        if not dry_run and not trust.take_back(path):
            raise NotFoundError(f"{path} is not trusted", hint="`sqsctl config trust --list`")
        return _changed_trust(path, "trust no more", dry_run=dry_run)
    table, sha256 = settings.read_settings(path)
    if not dry_run:
        trust.trust(path, sha256)
    chosen = [f"{key} = {table[key]}" for key in settings.GUARDED if key in table]
    said = f" ({', '.join(chosen)})" if chosen else ", which chooses neither endpoint nor profile"
    return _changed_trust(path, "trust", dry_run=dry_run, detail=said)


def _changed_trust(path: Path, what: str, *, dry_run: bool, detail: str = "") -> Answer:
    said = f"{'would ' if dry_run else ''}{what}: {path}{detail}"
    return Answer(
        {"file": str(path), "done": what, "dry_run": dry_run},
        lambda console: lines(console, [said]),
    )


def _trusted() -> Answer:
    from sqsctl.operations.target import trust

    found = trust.trusted()

    def human(console: Console) -> None:
        if not found:
            lines(console, ["no settings file is trusted"])
            return
        grid = table("file", "trusted at", "sha256")
        for each in found:
            row(grid, each.file, each.at, each.sha256[:12])
        show_table(console, grid)

    shapes = [{"file": each.file, "sha256": each.sha256, "at": each.at} for each in found]
    return Answer({"trusted": shapes}, human)


def _write(key: str, value: str | None, *, dry_run: bool) -> Answer:
    from sqsctl.operations.target import settings

    said = f"unset {key}" if value is None else f"set {key} = {value}"
    if dry_run:
        settings.planned(working_folder(), key, value)
        return Answer(
            {"dry_run": True, "would": said}, lambda console: lines(console, [f"would {said}"])
        )
    path = settings.write(working_folder(), key, value)
    return Answer(
        {"key": key, "value": value, "file": str(path)},
        lambda console: lines(console, [f"{said} in {path}"]),
    )
