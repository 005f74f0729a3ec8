"""SIGTERM ends a prompt from within, and the program behind it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sqsctl.cli.screen.sigterm import Terminated, ends_on_sigterm, terminable


class Loop:
    """Calls at once what is to be called soon, and a later time by hand."""

    def __init__(self) -> None:
        self.later: list[Any] = []

    def call_soon_threadsafe(self, call: Any) -> None:
        call()

    def call_later(self, _seconds: float, call: Any) -> None:
        self.later.append(call)


class Application(SimpleNamespace):
    def __init__(self, *, running: bool, done: bool = False) -> None:
        future = SimpleNamespace(done=lambda: done)
        super().__init__(future=future if running else None, loop=Loop(), ended=[])

    def exit(self, *, exception: BaseException) -> None:
        self.ended.append(exception)


@pytest.fixture(autouse=True)
def _as_the_program() -> Iterator[None]:
    with terminable():
        yield


def asked(
    application: Application,
    then: Callable[[], object] = lambda: None,
    number: signal.Signals = signal.SIGTERM,
) -> None:
    """A prompt that a signal meets."""
    with ends_on_sigterm(application):
        signal.raise_signal(number)
        then()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_running_prompt_is_asked_to_end_and_then_the_program_ends(
    number: signal.Signals,
) -> None:
    application = Application(running=True)
    with pytest.raises(Terminated):
        asked(application, number=number)
    assert [type(each) for each in application.ended] == [EOFError]


def test_one_that_is_about_to_begin_is_asked_again() -> None:
    application = Application(running=False)

    def begin() -> None:
        (again,) = application.loop.later
        application.future = SimpleNamespace(done=lambda: False)
        again()

    with pytest.raises(Terminated):
        asked(application, begin)
    assert len(application.ended) == 1


def test_without_a_loop_it_takes_effect_at_once() -> None:
    application = Application(running=False)
    application.loop = None
    reached: list[bool] = []
    with pytest.raises(Terminated):
        asked(application, lambda: reached.append(True))
    assert reached == []


def test_afterwards_it_means_what_it_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ends_on_sigterm(Application(running=True)):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_real_prompt_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    questionary = pytest.importorskip("questionary")
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    with create_pipe_input() as keys:
        question = questionary.confirm("Sure?", input=keys, output=DummyOutput())
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        with pytest.raises(Terminated), ends_on_sigterm(question.application):
            question.unsafe_ask()
        timer.join()
