"""The options that every command takes, before its first word or after its last.

``command`` declares a function as a command of a group; ``Declared.in_full`` adds these
options. What stands behind the command wins over what stands before it.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.models import CommandInfo

from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Format, Globals
from sqsctl.cli.run.help import HelpCommand
from sqsctl.cli.screen.output import Answer
from sqsctl.errors import UsageError

_GENERAL = "Output"
_TARGET = "Target"

OutputOption = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        help="human, or json for one document.",
        rich_help_panel=_GENERAL,
        show_default=False,
    ),
]
NoColorOption = Annotated[
    bool | None,
    typer.Option("--no-color", help="No colours.", rich_help_panel=_GENERAL, show_default=False),
]
VerboseOption = Annotated[
    int | None,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Say more on stderr.",
        rich_help_panel=_GENERAL,
        show_default=False,
    ),
]
QuietOption = Annotated[
    bool | None,
    typer.Option(
        "--quiet",
        "-q",
        help="Only results and errors.",
        rich_help_panel=_GENERAL,
        show_default=False,
    ),
]
YesOption = Annotated[
    bool | None,
    typer.Option(
        "--yes", help="Go ahead without asking.", rich_help_panel=_GENERAL, show_default=False
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        autocompletion=completion.profiles,
        help="AWS profile.",
        metavar="NAME",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        help="AWS region.",
        metavar="REGION",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Another server that speaks AWS.",
        metavar="URL",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        autocompletion=completion.stacks,
        help="CloudFormation stack.",
        metavar="NAME",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
StageOption = Annotated[
    str | None,
    typer.Option(
        "--stage",
        help="Stage of the project's stack.",
        metavar="NAME",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
QueueOption = Annotated[
    str | None,
    typer.Option(
        "--queue",
        autocompletion=completion.queues,
        help="A queue by name, URL or ARN; needs no stack.",
        metavar="QUEUE",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]
LabOption = Annotated[
    bool | None,
    typer.Option(
        "--lab/--no-lab",
        help="Use, or do not use, the running lab.",
        rich_help_panel=_TARGET,
        show_default=False,
    ),
]

FunctionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--function",
        "-f",
        help="Start from this function; needs no stack. Repeatable.",
        metavar="NAME",
        autocompletion=completion.functions,
        show_default=False,
    ),
]
RawOption = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="Just the text, byte for byte: for a file or a program, not for a terminal.",
        rich_help_panel=_GENERAL,
    ),
]

_OUTPUT_OPTIONS: dict[str, Any] = {
    "output": OutputOption,
    "no_color": NoColorOption,
    "verbose": VerboseOption,
    "quiet": QuietOption,
    "yes": YesOption,
}
_TARGET_OPTIONS: dict[str, Any] = {
    "profile": ProfileOption,
    "region": RegionOption,
    "endpoint_url": EndpointOption,
    "stack": StackOption,
    "stage": StageOption,
    "queue": QueueOption,
    "lab": LabOption,
}


@dataclass(frozen=True, slots=True)
class OptionSet:
    """Options that several commands have in common, and what a command gets of them.

    A parameter that is annotated with one stands for its ``options`` (names of parameters and
    their annotations); its value is what ``made`` returns, given theirs by name.
    """

    options: Mapping[str, Any]
    made: Callable[..., object]


_MAY_BE_EMPTY = frozenset({"body", "poison_body"})  # an HTTP API may take an empty one


class Declared(CommandInfo):
    """A command as it was declared: ``in_full`` makes its options, which takes its time."""

    def __init__(self, name: str, function: Callable[..., Answer | None], **given: Any) -> None:
        self.target = bool(given.pop("target"))
        super().__init__(name, callback=function, cls=HelpCommand, **given)

    def in_full(self) -> CommandInfo:
        """With its own options and the common ones."""
        full = copy.copy(self)
        full.callback = _with_options(self.callback, target=self.target)  # type: ignore[arg-type]
        return full

    def in_name(self) -> CommandInfo:
        """What a list of commands shows of it."""
        return CommandInfo(
            self.name,
            callback=named_only,
            cls=HelpCommand,
            help=inspect.getdoc(self.callback),
            hidden=self.hidden,
            rich_help_panel=self.rich_help_panel,
        )


def named_only() -> None:
    """Stands in a list of commands for one that this run does not need."""


def command(
    group: typer.Typer,
    name: str,
    *,
    target: bool = True,
    epilog: str | None = None,
    hidden: bool = False,
    panel: str | None = None,
    pass_through: bool = False,
) -> Callable[[Callable[..., Answer | None]], Callable[..., Answer | None]]:
    """Declare a command whose first parameter is the Run.

    ``target`` adds the options that choose an AWS. An option that the command declares
    itself under the same name replaces the common one. ``pass_through``: from its first argument
    on, every word is the command's own, options too.
    """

    def decorate(function: Callable[..., Answer | None]) -> Callable[..., Answer | None]:
        group.registered_commands.append(
            Declared(
                name,
                function,
                target=target,
                epilog=epilog,
                hidden=hidden,
                rich_help_panel=panel,
                context_settings={"allow_interspersed_args": False} if pass_through else None,
            )
        )
        return function

    return decorate


def _with_options(function: Callable[..., Answer | None], *, target: bool) -> Callable[..., None]:
    """What typer calls: the common options become the run's, the others go on."""
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())
    sets = {each.name: found for each in own if (found := _set_of(hints[each.name]))}
    common = {**_OUTPUT_OPTIONS, **(_TARGET_OPTIONS if target else {})}
    taken = {parameter.name for parameter in own}
    added = {key: hint for key, hint in common.items() if key not in taken}

    @functools.wraps(function)
    def wrapper(**values: Any) -> None:
        context: typer.Context = values.pop("_context")
        given = Globals(**{key: values.pop(key) for key in added})
        if given.verbose == 0:
            given = replace(given, verbose=None)
        run: Run = context.obj
        run.begin(context, given)
        _refuse_empty(context)
        for name, each in sets.items():
            values[name] = each.made(**{key: values.pop(key) for key in each.options})
        answer = function(run, **values)
        if answer is not None:
            run.finish(answer)

    parameters = [
        inspect.Parameter("_context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    ]
    for each in own[1:]:
        if each.name in sets:
            parameters += _parameters(sets[each.name].options)
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(each.replace(kind=kind, annotation=hints[each.name]))
    parameters += _parameters(added)
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {each.name: each.annotation for each in parameters}
    del wrapper.__wrapped__  # typer must see the new signature, not the function's
    return wrapper


def _parameters(options: Mapping[str, Any]) -> list[inspect.Parameter]:
    """Options that are None where they are not typed."""
    return [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for key, hint in options.items()
    ]


def _set_of(hint: object) -> OptionSet | None:
    return next((each for each in get_args(hint) if isinstance(each, OptionSet)), None)


def _refuse_empty(context: typer.Context) -> None:
    """An unset shell variable is no value: it would select everything, or pass for "not given"."""
    for each in context.command.params:
        name = each.name or ""
        value = context.params.get(name)
        if each.param_type_name != "option" or name in _MAY_BE_EMPTY:
            continue
        if value == each.default or (value != "" and not _holds_empty(value)):
            continue
        raise UsageError(f"{each.opts[0]} is empty", code="empty_option")


def _holds_empty(value: object) -> bool:
    return isinstance(value, list | tuple) and "" in value


def examples(*lines: str) -> str:
    """The epilog of a command: what to type."""
    # \b keeps the lines as they are: commands are to be copied.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
