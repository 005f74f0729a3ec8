"""The program: the app, and the one place where errors become output and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sqsctl import __version__
from sqsctl.cli import commands
from sqsctl.cli.completion import by_name
from sqsctl.cli.run import completion, options
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.run.program import TutorialStack
from sqsctl.cli.screen import prompt
from sqsctl.cli.screen.hints import written_out
from sqsctl.cli.screen.output import Answer, Output, early_format, styled
from sqsctl.cli.screen.sigterm import Terminated, terminable
from sqsctl.errors import Exit, SqsctlError

EXAMPLES = options.examples(
    "sqsctl demo                    the whole story, on a local stack, in a minute",
    "sqsctl lab up                  start the local stack; no AWS account needed",
    "sqsctl doctor                  what is wrong, how one knows, what to type",
    "sqsctl produce --count 50      feed it",
    "sqsctl dlq redrive             bring dead letters back",
)


def make_app(words: Collection[str] | None = None) -> typer.Typer:
    """The app; with ``words``, only the commands among them are there in full."""
    app = typer.Typer(
        name="sqsctl",
        cls=commands.Root,
        help="Find out why an SQS + Lambda stack is stuck, and fix it.",
        add_completion=True,
        invoke_without_command=True,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(epilog=EXAMPLES)(root)
    commands.register(app, words)
    return app


def root(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
    output: options.OutputOption = None,
    no_color: options.NoColorOption = None,
    verbose: options.VerboseOption = None,
    quiet: options.QuietOption = None,
    yes: options.YesOption = None,
    profile: options.ProfileOption = None,
    region: options.RegionOption = None,
    endpoint_url: options.EndpointOption = None,
    stack: options.StackOption = None,
    stage: options.StageOption = None,
    queue: options.QueueOption = None,
    lab: options.LabOption = None,
) -> None:
    """Find out why an SQS + Lambda stack is stuck, and fix it."""
    run: Run = context.obj
    run.before(
        Globals(
            output=output,
            no_color=no_color,
            verbose=verbose or None,
            quiet=quiet,
            yes=yes,
            profile=profile,
            region=region,
            endpoint_url=endpoint_url,
            stack=stack,
            stage=stage,
            queue=queue,
            lab=lab,
        )
    )
    if version:
        run.begin(context, Globals())
        run.command = "version"
        run.finish(Answer({"version": __version__}, lambda console: console.print(__version__)))
        raise typer.Exit
    if context.invoked_subcommand is None:
        run.begin(context, Globals())
        if run.output.json:
            raise SqsctlError(
                "sqsctl needs a command", hint="`sqsctl --help`", exit=Exit.USAGE, code="usage"
            )
        if prompt.interactive() and sys.stdout.isatty():
            from sqsctl.cli.session.menu import menu

            menu(run)
        else:
            print(context.get_help())  # noqa: T201


def execute(arguments: Sequence[str], run: Run) -> Exit:
    """Run one command line in this process; the answer and its errors end up in ``run``."""
    run.words = tuple(arguments)
    try:
        app = make_app(frozenset(completion.line() if completion.asked() else arguments))
        code = app(args=list(arguments), prog_name="sqsctl", standalone_mode=False, obj=run)
    except SqsctlError as error:
        return _failed(run, _nearer(run, error))
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted(run, Exit.INTERRUPTED)
    except Terminated:
        return _interrupted(run, Exit.TERMINATED)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError" and not run.output.json:
            run.output.stdout.print(styled(str(error)), soft_wrap=True)
            return Exit.OK
        return _failed(run, _usage(run, error))
    except SystemExit as error:
        # Without standalone mode typer leaves this way for one reason: a closed pipe.
        raise BrokenPipeError from error
    except RecursionError:
        return _failed(run, SqsctlError("the input is nested too deeply", code="too_deep"))
    except OSError as error:
        if _nobody_reads(error):
            raise
        return _failed(run, _system(error))
    except Exception as error:  # noqa: BLE001 - the one place: nobody shall see a traceback
        return _failed(run, _defect(run, error))
    if code == Exit.INTERRUPTED and run.answer is None:  # typer made it of a Ctrl-C
        return _interrupted(run, Exit.INTERRUPTED)
    if run.answer is not None:
        return run.answer.exit
    return Exit(code) if isinstance(code, int) and code in set(Exit) else Exit.OK


class _Program:
    """The whole program, as runs are handed it."""

    def execute(self, arguments: Sequence[str], run: Run) -> Exit:
        return execute(arguments, run)

    def start_lab(self, run: Run) -> None:
        from sqsctl.cli.lab.local import bring_up

        bring_up(run, run.lab_name)

    def incidents(self) -> list[tuple[str, str]]:
        from sqsctl.cli.lab.local import incident_choices

        return incident_choices()

    def broken_on(self, lab_name: str) -> list[str]:
        from sqsctl.cli.lab.local import broken_on

        return broken_on(lab_name)

    def healing(self, lab_name: str, stack: str | None) -> dict[str, tuple[str, ...]]:
        from sqsctl.cli.lab.local import healing

        return healing(lab_name, stack)

    def tutorial_stack(self, runtime: str, stage: str | None) -> TutorialStack:
        from sqsctl.cli.lab.local import tutorial_stack

        return tutorial_stack(runtime, stage)


PROGRAM = _Program()


def main(arguments: Sequence[str] | None = None) -> int:
    """The program as a function: arguments in, exit code out."""
    given = by_name(list(sys.argv[1:] if arguments is None else arguments))
    _open_streams()
    run = Run(Output(early_format(given)), PROGRAM)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    try:
        with terminable():
            code = execute(given, run)
            code = _show(run, given, code)
            sys.stdout.flush()
    except OSError as error:
        _silence()
        if _nobody_reads(error):
            return Exit.OK
        run.output.complain(_system(error))
        return Exit.FAILED
    except (KeyboardInterrupt, Terminated) as signalled:
        _silence()
        return Exit.TERMINATED if isinstance(signalled, Terminated) else Exit.INTERRUPTED
    return int(code)


def _show(run: Run, arguments: list[str], code: Exit) -> Exit:
    if run.answer is None:
        return code
    for each in run.answer.errors:
        written_out(each, run)
    try:
        run.output.show(run.command or _words(arguments), run.answer, run.target)
    except Terminated:
        raise
    except SystemExit as error:  # rich leaves this way when nobody reads any more
        raise BrokenPipeError from error
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - the same as in execute
        defect = _defect(run, error)
        run.output.complain(written_out(defect, run))
        return defect.exit
    return code


def _nearer(run: Run, error: SqsctlError) -> SqsctlError:
    """The error with the names that may have been meant; a signal meanwhile changes nothing."""
    if error.exit is not Exit.NOT_FOUND:
        return error
    from sqsctl.cli.run.suggestions import nearer

    try:
        return nearer(run, error)
    except (typer.Abort, Terminated):
        return error


def _failed(run: Run, error: SqsctlError) -> Exit:
    if error.exit is not Exit.USAGE:
        run.announce()  # where it failed, if that was decided but nothing was read yet
    data: dict[str, Any] = dict(run.answer.data) if run.answer else {}
    run.answer = Answer(data, None, error.exit, (error,))
    return error.exit


def _usage(run: Run, error: typer.TyperException) -> SqsctlError:
    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "sqsctl"
    run.command = run.command or path.removeprefix("sqsctl").strip()
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the whole help text
        message = f"{path} needs a command"
    return SqsctlError(
        " ".join(message.replace("Value error, ", "").split()).rstrip("."),
        hint=f"`{path} --help`",
        exit=Exit.USAGE,
        code="usage",
    )


def _nobody_reads(error: OSError) -> bool:
    # Windows says EINVAL where others say EPIPE.
    return isinstance(error, BrokenPipeError) or error.errno in {errno.EPIPE, errno.EINVAL}


def _system(error: OSError) -> SqsctlError:
    """What the operating system refused: a folder that cannot be written, a full disk."""
    from sqsctl.aws.lab_state import state_home

    named = isinstance(error.filename, str)
    place, home = Path(error.filename if named else ""), state_home()
    own = named and (place.is_relative_to(home) or home.is_relative_to(place))
    return SqsctlError(
        f"{error.strerror or error}{f': {error.filename}' if named else ''}",
        hint="XDG_STATE_HOME says where sqsctl keeps its state" if own else None,
        code="system",
    )


def _defect(run: Run, error: Exception) -> SqsctlError:
    """An error that nobody foresaw. The traceback is for those who ask for it."""
    if run.output.verbose:
        import traceback

        run.output.stderr.print(styled("".join(traceback.format_exception(error))), soft_wrap=True)
    return SqsctlError(
        f"unexpected {type(error).__name__}: {error}",
        hint="`again -v` tells the details; please report them",
        code="internal",
    )


def _interrupted(run: Run, code: Exit) -> Exit:
    """A signal ends the command; one that only follows has nothing to say of that."""
    if run.following:
        run.answer = None
        return code
    return _failed(run, SqsctlError(code.meaning, exit=code, code=code.name.lower()))


def _words(arguments: list[str]) -> str:
    """The command words, where nothing was parsed."""
    words: list[str] = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        words.append(argument)
    return " ".join(words[:2])


def _open_streams() -> None:
    """Give closed streams (``>&-``) a place to go, so that nothing else has to think of them."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123


def _silence() -> None:
    """Nobody reads any more: let the interpreter's own flush at exit go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
