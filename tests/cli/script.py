"""A person at the session, scripted: answers given in advance, every question foreseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen.output import Output
from sqsctl.cli.screen.prompt import AGAIN, Choice, Top
from sqsctl.cli.session.menu import menu


@dataclass(frozen=True)
class Asked:
    """A question that was asked: its kind and text, what was offered, what was ticked."""

    kind: str
    question: str
    choices: tuple[Choice, ...] = ()
    suggestions: tuple[str, ...] = ()
    top: Top | None = None

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.choices]

    @property
    def values(self) -> list[str]:
        return [each.value for each in self.choices]

    @property
    def checked(self) -> list[str]:
        return [each.value for each in self.choices if each.checked]


@dataclass(frozen=True)
class Do:
    """Do something at the moment of the question, then answer it."""

    act: Callable[[], object]
    answer: object


@dataclass
class Script:
    """Answers by value, or by the beginning of a title. None is Esc; ints are ticked places."""

    answers: list[object]
    asked: list[Asked] = field(default_factory=list)

    def select(
        self, question: str, choices: Sequence[Choice], *, top: Top | None = None
    ) -> str | None:
        asked = Asked("select", question, tuple(choices), top=top)
        answer = self._next(asked)
        if top is not None and answer == AGAIN:
            return AGAIN
        return None if answer is None else self._offered(asked, str(answer))

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str] | None:
        asked = Asked("checkbox", question, tuple(choices))
        answer = self._next(asked)
        if answer is None:
            return None
        assert isinstance(answer, list)
        return [asked.values[place] for place in answer]

    def confirm(self, question: str, *, default: bool = False) -> bool | None:
        answer = self._next(Asked("confirm", question))
        assert answer is None or isinstance(answer, bool), f"{question} is no {answer!r}"
        return answer

    def text(
        self, question: str, *, default: str = "", suggestions: Sequence[str] = ()
    ) -> str | None:
        answer = self._next(Asked("text", question, suggestions=tuple(suggestions)))
        assert answer is None or isinstance(answer, str), f"{question} is no {answer!r}"
        return answer

    def typed(self, lines: Sequence[str]) -> str | None:
        return self.text(lines[-1])

    def _next(self, asked: Asked) -> object:
        self.asked.append(asked)
        assert self.answers, f"nobody foresaw {asked.question}: {asked.titles}"
        answer = self.answers.pop(0)
        if isinstance(answer, Do):
            answer.act()
            answer = answer.answer
        return answer

    @staticmethod
    def _offered(asked: Asked, answer: str) -> str:
        if answer in asked.values:
            return answer
        found = [each.value for each in asked.choices if each.title.startswith(answer)]
        assert len(found) == 1, f"{answer} is not offered at {asked.question}: {asked.titles}"
        return found[0]

    def question(self, text: str) -> Asked:
        """The last question that begins like this."""
        return next(each for each in reversed(self.asked) if each.question.startswith(text))


def play(*answers: object, given: Globals | None = None) -> Script:
    """Go through the session with these answers; all have to be asked for."""
    script = Script(list(answers))
    run = Run(Output(color=False), PROGRAM)
    run.prompter = script
    run.adopt(given or Globals())
    menu(run)
    assert not script.answers, f"not asked for: {script.answers}"
    return script
