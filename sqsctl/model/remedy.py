"""What is done about a finding: calls, steps to type, ways, and the fix that holds them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

Disposition = Literal["safe", "unsafe", "manual"]


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS API call: what ``--fix`` makes, and what a command spells out.

    ``service`` and ``operation`` are boto3's client and method names, ``parameters`` the
    call's keyword arguments.
    """

    service: str
    operation: str
    parameters: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, as argv: no shell is needed to run it.

    ``changes`` is False for one that only looks. ``where`` is the folder to be in, in words
    (``the project's folder``), empty where it does not matter. ``deploys`` the project, or is a
    part of that.
    """

    argv: tuple[str, ...]
    changes: bool = True
    where: str = ""
    deploys: bool = False

    @property
    def line(self) -> str:
        """The command as it is typed in a POSIX shell."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines to put into a file. ``language`` is the file's: yaml, typescript, python, hcl…

    Where ``replaces`` is known, they take the place of these lines, the first of which has the
    number ``at_line``.
    """

    file: str
    language: str
    lines: tuple[str, ...]
    at_line: int | None = None
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """What no command does: a decision, or what to look for."""

    text: str


Step = Command | Edit | Sentence


@dataclass(frozen=True, slots=True)
class Way:
    """One complete way to mend it. ``when`` says when to take this one, and by what means."""

    when: str
    steps: tuple[Step, ...]

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(each for each in self.steps if isinstance(each, Command))

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(each for each in self.steps if isinstance(each, Edit))


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do.

    ``disposition``: ``safe`` may be applied by ``doctor --fix`` after a question,
    ``unsafe`` has an exact command but can lose or duplicate work, ``manual`` needs
    a person (code, packaging). ``ways`` are alternatives, the best first; ``verify`` tells
    how to see that it worked, ``afterwards`` what is left to do then, ``undo`` how to take
    it back. ``calls`` are what ``--fix`` makes.

    The other fields tell the first way in the words of older versions: ``commands`` are its
    command lines, ``serverless_yml`` its lines for serverless.yml, ``template`` those for
    another tool, and ``template_of`` says which (``the CDK app``).
    """

    summary: str
    disposition: Disposition = "manual"
    commands: tuple[str, ...] = ()
    serverless_yml: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    template: tuple[str, ...] = ()
    template_of: str = ""
    keeps: tuple[Call, ...] = ()
    ways: tuple[Way, ...] = ()
    verify: tuple[Step, ...] = ()
    afterwards: tuple[Step, ...] = ()
    undo: tuple[Step, ...] = ()
