"""Questions to a person, behind an interface that a script can answer too."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqsctl.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a menu: what is shown, and what choosing it means."""

    title: str
    value: str
    disabled: str | None = None


class Prompter(Protocol):
    """Asks. None as an answer is Esc or Ctrl-C: one step back."""

    def select(self, question: str, choices: Sequence[Choice]) -> str | None: ...

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None: ...

    def confirm(self, question: str, *, default: bool = False) -> bool | None: ...

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None: ...


class QuestionaryPrompter:
    """Asks on the terminal; prompts go to stderr, so that stdout stays the result's."""

    def select(self, question: str, choices: Sequence[Choice]) -> str | None:
        import questionary

        answer = questionary.select(
            question,
            choices=[self._choice(each) for each in choices],
            use_shortcuts=False,
            **self._terminal(),
        )
        return cast("str | None", _asked(answer))

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        import questionary

        answer = questionary.checkbox(
            question, choices=[self._choice(each) for each in choices], **self._terminal()
        )
        return cast("list[str] | None", _asked(answer))

    def confirm(self, question: str, *, default: bool = False) -> bool | None:
        import questionary

        answer = questionary.confirm(question, default=default, **self._terminal())
        return cast("bool | None", _asked(answer))

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None:
        import questionary

        if suggestions:
            answer = questionary.autocomplete(
                question, choices=list(suggestions), default=default, **self._terminal()
            )
        else:
            answer = questionary.text(question, default=default, **self._terminal())
        return cast("str | None", _asked(answer))

    @staticmethod
    def _choice(choice: Choice) -> Any:
        import questionary

        return questionary.Choice(choice.title, value=choice.value, disabled=choice.disabled)

    @staticmethod
    def _terminal() -> dict[str, Any]:
        from prompt_toolkit.output import create_output

        return {"output": create_output(stdout=sys.stderr)}


class NoPrompter:
    """Nobody is there to ask: every question is a refusal."""

    def select(self, question: str, choices: Sequence[Choice]) -> str | None:
        names = ", ".join(each.value for each in choices)
        raise RefusedError(f"cannot ask without a terminal: {question} ({names})")

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        names = ", ".join(each.value for each in choices)
        raise RefusedError(f"cannot ask without a terminal: {question} ({names})")

    def confirm(self, question: str, *, default: bool = False) -> bool | None:  # noqa: ARG002
        raise RefusedError(
            f"needs a yes: {question}", hint="repeat with --yes to go ahead without a question"
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
            hint="repeat with --yes to go ahead without a question",
        )


def interactive() -> bool:
    """Whether a person sits at both ends: stdin and stderr are terminals."""
    # A closed stream is None: nobody sits there.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def prompter() -> Prompter:
    """The prompter for this process."""
    return QuestionaryPrompter() if interactive() else NoPrompter()


def _asked(question: Any) -> Any:
    # unsafe_ask raises KeyboardInterrupt; ask() would print "Cancelled by user" to stdout.
    with_escape(question)
    try:
        return question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        return None


def with_escape(question: Any) -> None:
    """Let Esc step back, as Ctrl-C does."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
    from prompt_toolkit.keys import Keys

    bindings = KeyBindings()

    @bindings.add(Keys.Escape, eager=True)
    def _(event: Any) -> None:
        event.app.exit(exception=KeyboardInterrupt())

    application = question.application
    current = application.key_bindings
    application.key_bindings = merge_key_bindings([current, bindings]) if current else bindings
