"""One run of the program: options in, target and sessions out, an answer at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen import prompt
from sqsctl.cli.screen.output import Answer, Output, target_line
from sqsctl.errors import RefusedError
from sqsctl.model.plurals import counted
from sqsctl.model.target import Target

if TYPE_CHECKING:
    import typer

    from sqsctl.aws.session import Session
    from sqsctl.cli.run.program import Program
    from sqsctl.cli.run.start import Start
    from sqsctl.operations.stacks.discover import StackRef
    from sqsctl.operations.target.settings import Settings
    from sqsctl.operations.target.targeting import Resolved
    from sqsctl.operations.target.trust import UntrustedFileError


class Run:
    """What a command function is given.

    Commands ask it for a session, a stack or a confirmation; it decides the target once,
    prints it once, and keeps the answer for ``cli.main`` to show.
    """

    def __init__(self, output: Output, program: Program, *, lab_name: str | None = None) -> None:
        self.output = output
        self.program = program
        self.command = ""
        self.words: tuple[str, ...] = ()  # the command line as it was typed
        self.answer: Answer | None = None
        self.target: Target | None = None
        self.lab_name = lab_name or os.environ.get("SQSCTL_LAB_NAME") or "default"
        self.following = False  # until somebody stops it: that is its ordinary end
        self.offers_lab = True  # where there is nothing to work on; the session has a list
        # Whether logs may be read by queries that cost; None where a command does not ask.
        self.insights: bool | None = None
        self._prompter: prompt.Prompter | None = None
        self._before: Globals | None = None
        self._globals: Globals | None = None
        self._settings: Settings | None = None
        self._resolved: Resolved | None = None
        self._announced = False
        self._functions: tuple[str, ...] = ()

    # -- wiring, called by cli.options and cli.main ---------------------------------

    def before(self, given: Globals) -> None:
        """Options that stood before the first command word."""
        self._before = given

    def begin(self, context: typer.Context, given: Globals) -> None:
        """Options that stood behind the command; the command is about to start."""
        names = [
            each.info_name
            for each in _lineage(context)
            if each.info_name and each.parent is not None
        ]
        self.command = " ".join(names)
        merged = given.over(self._before) if self._before else given
        self._globals = merged
        settings = self.settings
        self.output.quiet = bool(merged.quiet)
        self.output.verbose = merged.verbose or 0
        self.output.color = not settings.flag("no_color")
        if settings.text("output") in {"human", "json"}:
            self.output.format = "json" if settings.text("output") == "json" else "human"

    def adopt(self, given: Globals) -> None:
        """Use these options without a command line: for parts of a larger command."""
        self._globals = given
        self._settings = None

    def retarget(self, given: Globals) -> None:
        """Work on another target from here on: everything that was decided is open again."""
        self.adopt(given)
        self._resolved = None
        self.target = None
        self._announced = False

    def finish(self, answer: Answer) -> None:
        """The command is done, and this is its answer."""
        self.answer = answer
        queries = self._resolved.session.log_queries if self._resolved else None
        if queries is not None and queries.count:
            self.output.notice(
                f"Logs Insights: {counted(queries.count, 'query', 'queries')} scanned "
                f"{queries.scanned_bytes / 1_000_000:.1f} MB"
            )

    # -- what commands use ------------------------------------------------------------

    @property
    def prompter(self) -> prompt.Prompter:
        """Who asks the person."""
        if self._prompter is None:
            self._prompter = prompt.prompter(color=self.output.color)
        return self._prompter

    @prompter.setter
    def prompter(self, prompter: prompt.Prompter) -> None:
        self._prompter = prompter

    @property
    def globals(self) -> Globals:
        """The common options as given."""
        return self._globals or Globals()

    @property
    def yes(self) -> bool:
        return bool(self.globals.yes)

    @property
    def settings(self) -> Settings:
        """Flags, environment and file brought together."""
        if self._settings is None:
            from sqsctl.operations.target.settings import load

            given = self.globals
            flags: dict[str, Any] = {
                key: getattr(given, key)
                for key in (
                    "profile",
                    "region",
                    "endpoint_url",
                    "stack",
                    "stage",
                    "queue",
                    "lab",
                    "no_color",
                )
            }
            flags["output"] = given.output.value if given.output else None
            self._settings = load(flags, os.environ, working_folder())
        return self._settings

    def name_queue(self, reference: str | None) -> None:
        """A queue given as an argument is the same as one given with --queue."""
        if reference is not None:
            self._globals = replace(self.globals, queue=reference)
            self._settings = None

    @property
    def own_queue(self) -> str | None:
        """The queue that was named to be taken as it is, without a stack."""
        from sqsctl.cli.run.start import named_queue

        return named_queue(self.settings)

    def resolved(self, *, changing: bool = False) -> Resolved:
        """The target, decided once. ``changing`` commands need it to be unambiguous."""
        from sqsctl.operations.target.targeting import NothingFoundError, resolve
        from sqsctl.operations.target.trust import UntrustedFileError

        if self._resolved is None:
            try:
                self._resolved = resolve(
                    self.settings, lab_name=self.lab_name, functions=self._functions
                )
            except NothingFoundError:
                self._resolved = self._offer_lab()
            except UntrustedFileError as error:
                self.ask_trust(error)
                return self.resolved(changing=changing)
            self.target = self._resolved.target
            queries = self._resolved.session.log_queries
            queries.allowed = self.insights is not False
            decline = "" if self.insights is None else " (--no-insights leaves it unread)"
            queries.notify = lambda text: self.output.notice(f"{text}{decline}", style="yellow")
            self._resolved.session.sign_in()
            if self._resolved.ambiguous and not changing:
                self.output.notice(
                    f"a lab is running too; using AWS, because {self._resolved.ambiguous} names it"
                )
        if self._resolved.ambiguous and changing:
            self._resolved = self._decide(self._resolved)
            self.target = self._resolved.target
        return self._resolved

    def session(self, *, changing: bool = False) -> Session:
        """The AWS session for the target."""
        return self.resolved(changing=changing).session

    def announce(self, target: Target | None = None) -> None:
        """Print the target, once, before the first thing that is read or changed."""
        if target is not None:
            self.target = target
        if self._announced or self.target is None:
            return
        self._announced = True
        if not self.output.quiet:
            self.output.stderr.print(target_line(self.target), style="dim", soft_wrap=True)
        if self._resolved is not None and self.command != "dlq redrive":
            from sqsctl.cli.run import paused_consumers

            if paused_consumers.any_note():
                paused_consumers.offer(self)

    def stack(self, *, changing: bool = False, functions: Sequence[str] | None = None) -> StackRef:
        """The stack to work on: discovered, and announced as the target.

        ``functions`` that are in no stack are a start, as a queue is. See ``cli.run.start``.
        """
        from sqsctl.cli.run.start import checked

        self._functions = checked(functions)
        start = self._start(changing=changing)
        found = start.reference(self._functions)
        target = start.resolved.target
        account = found.account or target.account
        self.announce(replace(target, stack=found.stack_name, account=account))
        return found

    def stack_name(self, *, changing: bool = False) -> str:
        """The name of the stack: --stack, the project's file, the only one, or a question."""
        return self._start(changing=changing).stack_name()

    def _start(self, *, changing: bool) -> Start:
        from sqsctl.cli.run.start import Start

        resolved = self.resolved(changing=changing)
        return Start(resolved, self.settings, self._ask_which, self.output.notice)

    def _ask_which(self, question: str, names: Sequence[str]) -> str | None:
        """One of several names; None where nobody is there to ask."""
        if self.yes or not prompt.interactive():
            return None
        chosen = self.prompter.select(question, [prompt.Choice(name, name) for name in names])
        if chosen is None:
            raise KeyboardInterrupt
        return chosen

    def confirm(self, question: str, *, consequence: str = "") -> None:
        """Ask before something changes. Returns on yes, raises RefusedError otherwise."""
        if self.yes:
            return
        if consequence:
            self.output.notice(consequence, style="yellow")
        if not self.prompter.confirm(question):
            raise RefusedError("nothing was changed: the answer was no", code="declined")

    # -- deciding -----------------------------------------------------------------------

    def _decide(self, resolved: Resolved) -> Resolved:
        """A lab runs and the environment names AWS: which of the two is to be changed?"""
        from sqsctl.operations.target.targeting import resolve

        if not prompt.interactive():
            raise RefusedError(
                f"a lab is running, and {resolved.ambiguous} names AWS: "
                "which of the two is to be changed?",
                hint="`again --lab` or `again --no-lab`",
                code="target_ambiguous",
            )
        chosen = self.prompter.select(
            f"A lab is running, and {resolved.ambiguous} names AWS. Which is to be changed?",
            [prompt.Choice("the lab", "lab"), prompt.Choice("AWS", "aws")],
        )
        if chosen is None:
            raise KeyboardInterrupt
        if chosen == "aws":
            return replace(resolved, ambiguous=None)
        self._globals = replace(self.globals, lab=True)
        self._settings = None
        return resolve(self.settings, lab_name=self.lab_name)

    def _offer_lab(self) -> Resolved:
        """Nothing is there: on a terminal, offer to start the lab."""
        from sqsctl.operations.target.targeting import NothingFoundError, resolve

        if not prompt.interactive() or self.output.json or not self.offers_lab:
            raise NothingFoundError
        if not self.prompter.confirm(
            "No AWS credentials, and no lab is running. Start the lab?", default=True
        ):
            raise NothingFoundError
        self.program.start_lab(self)
        return resolve(self.settings, lab_name=self.lab_name)

    def ask_trust(self, error: UntrustedFileError) -> None:
        """A settings file chooses where credentials go: may it? Asked once for its content.

        Raises the error where nobody can be asked, or the answer is no.
        """
        from sqsctl.operations.target import trust

        if not prompt.interactive() or self.output.json:
            raise error
        self.output.notice(error.message, style="yellow")
        if not self.prompter.confirm("Trust this file as it is now?"):
            raise error
        trust.trust(error.file, error.sha256)

    @contextmanager
    def progress(
        self, title: str, total: float | None = None, *, shown: bool = True
    ) -> Iterator[Progress]:
        """A progress bar on stderr, where a person sits; nothing elsewhere.

        ``shown`` False: an editor has the terminal.
        """
        if self.output.quiet or not shown or not sys.stderr.isatty():
            yield Progress(None, None)
            return
        from rich import progress as bars

        bar = bars.Progress(
            bars.SpinnerColumn(),
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.TextColumn("{task.fields[note]}", markup=False),
            bars.TimeElapsedColumn(),
            console=self.output.stderr,
            transient=True,
        )
        with bar:
            yield Progress(bar, bar.add_task(title, total=total, note=""))


class Progress:
    """A bar, or nothing."""

    def __init__(self, bar: Any, task: Any) -> None:
        self._bar = bar
        self._task = task

    def update(
        self,
        completed: float | None = None,
        *,
        note: str | None = None,
        title: str | None = None,
        total: float | None = None,
    ) -> None:
        """Say how far it is. ``note`` stands behind the bar."""
        if self._bar is None:
            return
        from sqsctl.cli.screen.output import safe_line

        changes: dict[str, Any] = {}
        if completed is not None:
            changes["completed"] = completed
        if total is not None:
            changes["total"] = total
        if note is not None:
            changes["note"] = safe_line(note, 60)
        if title is not None:
            changes["description"] = safe_line(title, 60)
        self._bar.update(self._task, **changes)


def _lineage(context: typer.Context) -> list[Any]:
    found: list[Any] = []
    each: Any = context
    while each is not None:
        found.insert(0, each)
        each = each.parent
    return found
