"""Where a command starts: a queue, functions, or a stack; what is around them comes along."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqsctl.cli.run.folder import working_folder
from sqsctl.cli.run.suggestions import nearest
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.aws.session import Session
    from sqsctl.model.deployed import StackRef
    from sqsctl.operations.target.settings import Settings
    from sqsctl.operations.target.targeting import Resolved

MAX_LISTED = 500
MAX_NAMED = 8

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}|arn:[\w-]+:cloudformation:[\w:/.-]{1,400}")
_FUNCTION = re.compile(
    r"(?:arn:[\w-]+:lambda:[\w-]+:\d{12}:function:|\d{12}:function:)?"
    r"[A-Za-z0-9_-]{1,140}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


def checked(functions: Iterable[str] | None) -> tuple[str, ...]:
    """The functions as given. Raises UsageError for what cannot be one."""
    given = tuple(functions or ())
    for each in given:
        if not each:
            # An unset shell variable: taking it for "not given" would look at another thing.
            raise UsageError("--function is empty", code="empty_option")
        if not _FUNCTION.fullmatch(each):
            raise UsageError(
                f"{each[:200]!r} cannot be a function: it is a name or an ARN, with or without "
                "an alias (worker, worker:live)",
                hint="`sqsctl stack show` lists them",
                code="not_a_function",
            )
    return given


@dataclass(frozen=True)
class Start:
    """Finds what a command works on, within the target that was decided.

    ``ask`` chooses one of several names; it answers None where nobody is there to ask.
    """

    resolved: Resolved
    settings: Settings
    ask: Callable[[str, Sequence[str]], str | None]
    notice: Callable[[str], None]

    def reference(self, functions: Sequence[str]) -> StackRef:
        """The parts to work on.

        A queue that was named comes first, then the stack that was named, with these functions
        in it. Functions of no stack stand for themselves.
        """
        from sqsctl.operations.stacks import discover

        session = self.resolved.session
        queue = named_queue(self.settings)
        if queue:
            found = discover.from_queue(session, queue, around=True)
            missing = _missing(found, functions)
            return discover.joined(session, found, missing) if missing else found
        if not functions:
            name = self.stack_name()
            try:
                found = discover.from_stack(session, name)
            except NotFoundError as error:
                raise self._elsewhere(name, error) from error
            return self._with_queue(found)
        if self.settings.text("stack"):
            found = discover.from_stack(session, self.stack_name())
            missing = _missing(found, functions)
            if missing:
                raise no_function(found, missing[0])
            return self._with_queue(found)
        return self._of_functions(functions)

    def stack_name(self) -> str:
        """The name of the stack: --stack, the project's file, the only one, or a question."""
        from sqsctl.operations.stacks import discover

        named = self.settings.text("stack")
        if named:
            if not _STACK.fullmatch(named):
                raise UsageError(
                    f"{named!r} cannot be a stack: letters, digits and - make up its name",
                    hint="`sqsctl stack ls` lists them",
                )
            return named
        likely = self._likely()
        if likely:
            return likely
        stage = self.settings.text("stage")
        found = [each.name for each in discover.stacks(self.resolved.session)]
        if stage:
            found = [name for name in found if name.endswith(f"-{stage}")]
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(
                "no stack with an SQS queue and a function was found",
                hint="`again --stack NAME` or `again --queue NAME` names one; is the region right?",
                code="stack_not_found",
            )
        chosen = self.ask("Which stack?", found)
        if chosen is not None:
            return chosen
        raise SqsctlError(
            f"there are {len(found)} stacks: {', '.join(sorted(found))}",
            hint=f"choose one: `again --stack {min(found)}`",
            exit=Exit.USAGE,
            code="stack_ambiguous",
        )

    def _names(self) -> Mapping[str, str]:
        return self.settings.names_from(os.environ)

    def _likely(self) -> str | None:
        """The stack of the working folder's project, else the lab's own; None without both."""
        from sqsctl.operations.target import project_files

        stage = self.settings.text("stage")
        try:
            told = project_files.stack(working_folder(), stage=stage, environment=self._names())
        except UsageError as error:
            hint = error.hint or "correct the file, or name the stack: `again --stack NAME`"
            raise UsageError(error.message, hint=hint, code=error.code) from error
        if told.name:
            return told.name
        if told.problem:
            self.notice(told.problem)
        lab = self.resolved.lab
        return lab.stack if lab and not stage else None

    def _with_queue(self, found: StackRef) -> StackRef:
        """The stack. Raises NotFoundError where a queue was named that it does not hold."""
        from sqsctl.operations.stacks import meant_queue

        queue = self.settings.text("queue")
        if queue and self.settings.kind("queue") == "flag":
            meant_queue.main_queue(found, queue)
        return found

    def _elsewhere(self, name: str, error: NotFoundError) -> NotFoundError:
        """The error for a stack that is not there; the project may say where it is."""
        from sqsctl.operations.target import project_files

        target = self.resolved.target
        stage = self.settings.text("stage")
        told = project_files.stack(working_folder(), stage=stage, environment=self._names())
        if target.kind != "aws" or told.name != name or told.region in {None, target.region}:
            return error
        return NotFoundError(
            error.message,
            hint=f"{told.source} deploys it to {told.region}: `again --region {told.region}`",
            code=error.code,
        )  # no name: others that are near are not meant

    def _of_functions(self, functions: Sequence[str]) -> StackRef:
        """Functions without a named stack: the folder's or the lab's, else by themselves."""
        from sqsctl.operations.stacks import discover

        session = self.resolved.session
        likely = None
        try:
            name = self._likely()
        except UsageError as error:  # a broken file in the folder is no reason not to look
            self.notice(error.message)
            name = None
        if name:
            try:
                likely = discover.from_stack(session, name)
            except SqsctlError as error:
                if error.exit not in {Exit.NOT_FOUND, Exit.DENIED}:
                    raise
        if likely is not None and not _missing(likely, functions):
            return likely
        try:
            return discover.from_functions(session, functions)
        except NotFoundError as error:
            if error.code != "function_not_found":
                raise
            found = _stack_with(session, functions)
            if found is not None:
                return found
            raise _absent(session, functions, error, likely) from error


def named_queue(settings: Settings) -> str | None:
    """The queue that was named to be taken as it is, without a stack.

    With ``--stack`` beside it, a queue is one of that stack.
    """
    return None if settings.kind("stack") == "flag" else settings.text("queue")


def _stack_with(session: Session, functions: Sequence[str]) -> StackRef | None:
    """The only stack that holds functions with these short names; None where there is none."""
    from sqsctl.operations.stacks import discover

    try:
        stacks = list(discover.stacks(session))
    except SqsctlError as error:
        if error.exit is not Exit.DENIED:
            raise
        return None
    holding = [
        each
        for each in stacks
        if all(any(_is(name, own) for own in each.functions) for name in functions)
    ]
    if not holding:
        return None
    if len(holding) == 1:
        return discover.from_stack(session, holding[0].name)
    full = sorted(own for each in holding for own in each.functions if _is(functions[0], own))
    raise UsageError(
        f"{len(holding)} stacks have a function {functions[0]}: {', '.join(full)}",
        hint=f"give the whole name: `again --function {full[0]}`",
        code="function_ambiguous",
    )


def _is(name: str, function: str) -> bool:
    return name == function or function.endswith(f"-{name}")


def _absent(
    session: Session, functions: Sequence[str], error: NotFoundError, likely: StackRef | None
) -> NotFoundError:
    """The error for a function that is not there, with the names of those that are.

    Where none is near, those of the stack that was likely meant come first.
    """
    from difflib import get_close_matches
    from itertools import islice

    from sqsctl.aws.functions import FunctionClient

    try:
        listed = islice(FunctionClient(session).every(), MAX_LISTED + 1)
        every = sorted(each.name for each in listed)
    except SqsctlError:  # they may not be listed: that this one is missing stays true
        return no_function(likely, _missing(likely, functions)[0]) if likely else error
    own = [each.name for each in likely.functions] if likely else []
    every = [*own, *(each for each in every if each not in own)]
    name = next((each for each in functions if each not in every), functions[0])
    near = get_close_matches(name, every, MAX_NAMED, 0.5)
    shown = near or every[:MAX_NAMED]
    there = f"{'near to it' if near else 'there are'}: {', '.join(shown)}"
    if not near and len(every) > len(shown):
        left = "many" if len(every) > MAX_LISTED else len(every) - len(shown)
        there += f", and {left} more"
    return NotFoundError(
        f"there is no function {name} in {session.target.region}",
        hint=f"{there if every else 'the region has none'}; `sqsctl stack ls` lists stacks",
        code="function_not_found",
    )


def no_function(found: StackRef, name: str) -> NotFoundError:
    """The error for a function that these parts do not hold."""
    names = [each.name for each in found.functions]
    near = nearest(name, names)
    known = ", ".join([*near, *(each for each in names if each not in near)]) or "none"
    return NotFoundError(
        f"{found.title} has no function {name}",
        hint=f"it has {known}; `sqsctl stack show` draws it",
        code="function_not_found",
    )


def _missing(found: StackRef, functions: Iterable[str]) -> list[str]:
    return [each for each in functions if found.function(each) is None]
