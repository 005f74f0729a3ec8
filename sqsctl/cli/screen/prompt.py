"""Questions to a person, behind an interface that a script can answer too.

Titles and suggestions may hold foreign text: whoever draws them makes them safe and cuts
them to the terminal's width, so that no caller has to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqsctl.cli.screen.cell_width import columns, dumb, fit
from sqsctl.cli.screen.output import safe_line
from sqsctl.cli.screen.sigterm import ends_on_sigterm
from sqsctl.errors import RefusedError

AGAIN = "again"  # the answer of a top menu that means r
MANY = 12  # from here on a list can be narrowed by typing
_MARGIN = 8  # pointer, box, and a cell that stays free


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a menu: what is shown, and what choosing it means."""

    title: str
    value: str
    disabled: str | None = None
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Top:
    """The first menu, which is asked again and again: Esc leaves, and ``r`` looks again.

    ``last`` is what was chosen before, where the cursor stands again.
    """

    last: str | None = None


class Prompter(Protocol):
    """Asks. None as an answer is Esc or Ctrl-C: one step back."""

    def select(
        self, question: str, choices: Sequence[Choice], *, top: Top | None = None
    ) -> str | None:
        """One of the choices; at the top of a menu the cursor begins where ``top`` says."""
        ...

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None: ...

    def confirm(self, question: str, *, default: bool = False) -> bool | None: ...

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None: ...

    def typed(self, lines: Sequence[str]) -> str | None:
        """Show lines whole, also where all else is quiet, and read what is typed below them."""
        ...


class QuestionaryPrompter:
    """Asks on the terminal; prompts go to stderr, so that stdout stays the result's."""

    def __init__(self, *, color: bool = True) -> None:
        self._color = color

    def select(
        self, question: str, choices: Sequence[Choice], *, top: Top | None = None
    ) -> str | None:
        import questionary

        many = len(choices) > MANY and top is None
        keys = "type to filter, Esc: back" if many else "arrows, Enter; Esc: back"
        if top is not None:
            keys = "arrows, Enter; r: read again, Esc: leave"
        values = {each.value for each in choices if not each.disabled}
        answer = questionary.select(
            self._question(question, 50 if top else 36),
            choices=[self._choice(each) for each in choices],
            default=top.last if top is not None and top.last in values else None,
            use_jk_keys=False,
            use_search_filter=many,
            instruction=f"({keys})",
            **self._terminal(),
        )
        if top is not None:
            _bind(answer.application, "r", lambda event: event.app.exit(result=AGAIN))
        return cast("str | None", _asked(answer))

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        import questionary

        answer = questionary.checkbox(
            self._question(question, 46),
            choices=[self._choice(each) for each in choices],
            use_jk_keys=False,
            instruction="(space: tick, a: all, Enter: go on)",
            **self._terminal(),
        )
        return cast("list[str] | None", _asked(answer))

    def confirm(self, question: str, *, default: bool = False) -> bool | None:
        import questionary

        answer = questionary.confirm(
            self._question(question, 10), default=default, auto_enter=False, **self._terminal()
        )
        return cast("bool | None", _asked(answer))

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None:
        import questionary

        asked = self._question(question, 10)
        if suggestions:
            # Under a name that had to be made safe nothing could be found.
            names = [each for each in suggestions if fit(each, len(each) + 1) == each]
            answer = questionary.autocomplete(
                asked, choices=names or [""], default=default, **self._terminal()
            )
        else:
            answer = questionary.text(asked, default=default, **self._terminal())
        return cast("str | None", _asked(answer, typed=True))

    def typed(self, lines: Sequence[str]) -> str | None:
        import questionary

        tell(lines)
        answer = questionary.text("", qmark=">", **self._terminal())
        return cast("str | None", _asked(answer, typed=True))

    @staticmethod
    def _question(question: str, beside: int) -> str:
        return fit(question, max(columns() - beside, 30))

    @staticmethod
    def _choice(choice: Choice) -> Any:
        import questionary

        return questionary.Choice(
            fit(choice.title, columns() - _MARGIN) or " ",
            value=choice.value,
            disabled=choice.disabled,
            checked=choice.checked,
        )

    def _terminal(self) -> dict[str, Any]:
        from prompt_toolkit.output import ColorDepth, create_output

        options: dict[str, Any] = {"output": create_output(stdout=sys.stderr)}
        if not self._color:
            options["color_depth"] = ColorDepth.DEPTH_1_BIT
        return options


class LinePrompter:
    """Asks line by line: for terminals that cannot move their cursor (TERM=dumb)."""

    def select(
        self, question: str, choices: Sequence[Choice], *, top: Top | None = None
    ) -> str | None:
        self._list(question, choices)
        keys = "r: read again; empty: leave" if top is not None else "empty: back"
        while True:
            line = self._read(f"number, 1 to {len(choices)}; {keys} > ")
            if not line:
                return None
            if top is not None and line == "r":
                return AGAIN
            picked = self._number(line, choices)
            if picked is not None:
                return picked

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        self._list(question, choices)
        while True:
            line = self._read("numbers, as 1 3 5, or all; empty: back > ")
            if not line:
                return None
            if line == "all":
                return [each.value for each in choices if not each.disabled]
            picked = [self._number(word, choices) for word in line.replace(",", " ").split()]
            if None not in picked:
                return [each for each in picked if each is not None]

    def confirm(self, question: str, *, default: bool = False) -> bool | None:
        while True:
            line = self._read(f"{question} ({'Y/n' if default else 'y/N'}) > ")
            if line is None:
                return None
            if not line:
                return default
            if line.lower() in {"y", "yes", "n", "no"}:
                return line.lower().startswith("y")

    def text(
        self,
        question: str,
        *,
        default: str = "",
        suggestions: Sequence[str] = (),
    ) -> str | None:
        for each in suggestions:
            self._say(f"  {fit(each, columns() - 4)}")
        line = self._read(f"{question}{f' [{default}]' if default else ''} > ")
        return default if line == "" else line

    def typed(self, lines: Sequence[str]) -> str | None:
        tell(lines)
        return self._read("> ")

    def _list(self, question: str, choices: Sequence[Choice]) -> None:
        self._say(question)
        for number, each in enumerate(choices, 1):
            mark = "*" if each.checked else " "
            self._say(f" {mark}{number:>3}  {fit(each.title, columns() - _MARGIN)}")

    def _number(self, word: str, choices: Sequence[Choice]) -> str | None:
        if word.isascii() and word.isdigit() and 1 <= int(word) <= len(choices):
            choice = choices[int(word) - 1]
            if not choice.disabled:
                return choice.value
        self._say(f"  {fit(word, 20)} is not one of them")
        return None

    @staticmethod
    def _say(text: str) -> None:
        sys.stderr.write(fit(text, columns() * 3) + "\n")

    @staticmethod
    def _read(question: str) -> str | None:
        sys.stderr.write(fit(question, columns() * 3))
        sys.stderr.flush()
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            line = ""
        if not line:  # Ctrl-C or Ctrl-D, which leave the cursor behind the question
            sys.stderr.write("\n")
            return None
        return line.strip()


class NoPrompter:
    """Nobody is there to ask: every question is a refusal."""

    def select(
        self,
        question: str,
        choices: Sequence[Choice],
        *,
        top: Top | None = None,  # noqa: ARG002
    ) -> str | None:
        names = ", ".join(each.value for each in choices)
        raise RefusedError(f"cannot ask without a terminal: {question} ({names})")

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        names = ", ".join(each.value for each in choices)
        raise RefusedError(f"cannot ask without a terminal: {question} ({names})")

    def confirm(self, question: str, *, default: bool = False) -> bool | None:  # noqa: ARG002
        raise RefusedError(
            f"needs a yes: {question}", hint="`again --yes` goes ahead without a question"
        )

    def text(
        self,
        question: str,
        *,
        default: str = "",  # noqa: ARG002
        suggestions: Sequence[str] = (),  # noqa: ARG002
    ) -> str | None:
        raise RefusedError(
            f"cannot ask without a terminal: {question}",
            hint="`again --yes` goes ahead without a question",
        )

    def typed(self, lines: Sequence[str]) -> str | None:
        return self.text(" ".join(" ".join(lines).split()))


def pick(prompter: Prompter, question: str, names: Sequence[str]) -> str | None:
    """One of several names: from a list, or where they are many by typing with completion."""
    if len(names) <= MANY:
        return prompter.select(question, [Choice(each, each) for each in names])
    while True:
        typed = prompter.text(f"{question} (Tab lists them)", suggestions=names)
        if typed is None or typed in names:
            return typed
        near = [each for each in names if typed and typed.lower() in each.lower()]
        if len(near) == 1:
            return near[0]


def draws(prompter: Prompter) -> bool:
    """Whether it has a terminal that a whole screen can be drawn on."""
    return isinstance(prompter, QuestionaryPrompter)


def interactive() -> bool:
    """Whether a person sits at both ends: stdin and stderr are terminals."""
    # A closed stream is None: nobody sits there.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def prompter(*, color: bool = True) -> Prompter:
    """The prompter for this process."""
    if not interactive():
        return NoPrompter()
    return LinePrompter() if dumb() else QuestionaryPrompter(color=color)


def tell(lines: Sequence[str]) -> None:
    """Lines on stderr, made safe and never cut: what has to be typed can be read."""
    for line in lines:
        sys.stderr.write(safe_line(line) + "\n")
    sys.stderr.flush()


def _asked(question: Any, *, typed: bool = False) -> Any:
    # unsafe_ask raises KeyboardInterrupt; ask() would print "Cancelled by user" to stdout.
    with_escape(question, end_of_input=not typed)
    try:
        with ends_on_sigterm(question.application):
            return question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        return None


def with_escape(question: Any, *, end_of_input: bool = False) -> None:
    """Let Esc step back, as Ctrl-C does; Ctrl-D, too, where no line of text has it already."""
    from prompt_toolkit.keys import Keys

    def step_back(event: Any) -> None:
        event.app.exit(exception=KeyboardInterrupt())

    _bind(question.application, Keys.Escape, step_back)
    if end_of_input:
        _bind(question.application, Keys.ControlD, step_back)


def _bind(application: Any, key: str, act: Callable[[Any], None]) -> None:
    """One more key for a prompt, which goes before those that it has."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    bindings = KeyBindings()
    bindings.add(key, eager=True)(act)
    current = application.key_bindings
    application.key_bindings = merge_key_bindings([current, bindings]) if current else bindings
