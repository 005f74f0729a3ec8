"""Every text of every model object is hostile, and every view prints it as text.

What there is to fill and what prints it is found in the program itself: the dataclasses of the
model and of the operations, and the functions of cli that take them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import importlib
import inspect
import io
import pkgutil
import sys
import types
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from sqsctl.cli.screen import output
from sqsctl.cli.screen.output import Answer, Output, target_line
from sqsctl.errors import SqsctlError
from sqsctl.model.target import Target
from tests.cli.hostile_aws import TEXT
from tests.cli.screen.test_output import dangerous

HOSTILE = f"{TEXT.encode('utf-8', 'replace').decode()}\nline two\x85\x1b[31m"
DEPTH = 12
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def modules(*rooms: str) -> Iterator[types.ModuleType]:
    for room in rooms:
        package = importlib.import_module(room)
        yield package
        for each in pkgutil.walk_packages(package.__path__, f"{room}."):
            yield importlib.import_module(each.name)


def names_of_types() -> dict[str, Any]:
    """Every type by its name, for annotations that are resolved while types are checked only."""
    found: dict[str, Any] = {"Console": Console, "Text": Text, "Any": Any}
    for module in modules("sqsctl.model", "sqsctl.operations", "sqsctl.checks"):
        for name, value in vars(module).items():
            if inspect.isclass(value) and value.__module__.startswith("sqsctl."):
                found.setdefault(name, value)
    return found


class CannotError(Exception):
    """There is no value of such a type to be had without running something."""


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return names_of_types()


def hints(thing: Any, known: dict[str, Any]) -> dict[str, Any]:
    space = {**vars(typing), **vars(sys.modules["collections.abc"]), **known}
    scope = {**space, **getattr(sys.modules.get(thing.__module__), "__dict__", {})}
    try:
        return typing.get_type_hints(thing, scope, space)
    except Exception as error:
        raise CannotError(str(error)) from error


def filled(kind: Any, known: dict[str, Any], depth: int = DEPTH) -> Any:
    """A value of a type: every text in it hostile, every container with one thing in it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in {str, Any, object} or isinstance(kind, typing.TypeVar):
        return HOSTILE
    if kind is type(None) or kind is None:
        return None
    plain = {int: 3, float: 2.5, bool: True, bytes: HOSTILE.encode(), datetime: AT}
    if kind in plain:
        return plain[kind]
    if kind is timedelta:
        return timedelta(seconds=3)
    if kind is Path:
        return Path(HOSTILE.replace("/", "").replace("\0", ""))
    if origin in {typing.Union, types.UnionType}:
        wanted = [each for each in arguments if each is not type(None)]
        return filled(wanted[0], known, depth)
    if origin is typing.Literal:
        return arguments[0]
    if origin in {tuple, list, set, frozenset} or getattr(origin, "__name__", "") in {
        "Sequence", "Iterable", "Collection", "Iterator", "Set", "Mapping", "dict",
    }:  # fmt: skip
        return _container(origin, arguments, known, depth)
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if kind is Text:
        return output.styled(HOSTILE)
    made = origin or kind
    if inspect.isclass(made) and dataclasses.is_dataclass(made) and depth:
        given = hints(made, known)
        values = {
            each.name: filled(_concrete(given[each.name], arguments), known, depth - 1)
            for each in dataclasses.fields(made)
            if each.init and not each.name.startswith("_")
        }
        return made(**values)
    if inspect.isclass(kind) and issubclass(kind, SqsctlError):
        return SqsctlError(HOSTILE, hint=HOSTILE)
    raise CannotError(str(kind))


def _concrete(kind: Any, arguments: tuple[Any, ...]) -> Any:
    """A field's type in a generic class: ``tuple[T, ...]`` of Group[Queue] holds queues."""
    if isinstance(kind, typing.TypeVar):
        return arguments[0] if arguments else str
    return kind[arguments] if arguments and getattr(kind, "__parameters__", ()) else kind


def _container(origin: Any, arguments: Any, known: dict[str, Any], depth: int) -> Any:
    name = getattr(origin, "__name__", "")
    if name in {"Mapping", "dict"}:
        key, value = arguments
        return {filled(key, known, depth - 1): filled(value, known, depth - 1)}
    if depth < 6:
        return origin() if origin in {tuple, list, set, frozenset} else ()
    if origin is tuple and Ellipsis not in arguments:
        return tuple(filled(each, known, depth - 1) for each in arguments)
    item = filled(arguments[0], known, depth - 1)
    if origin in {set, frozenset}:
        return origin([item])
    return [item] if origin is list else (item,)


def views(known: dict[str, Any]) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Functions of cli whose every argument can be had, with these arguments."""
    seen = set()
    for module in modules("sqsctl.cli"):
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__:
                continue
            label = f"{module.__name__}.{name}"
            parameters = inspect.signature(function).parameters
            if label in seen or not parameters:
                continue
            seen.add(label)
            try:
                given = hints(function, known)
                arguments = {
                    each: _console() if given[each] is Console else filled(given[each], known)
                    for each in parameters
                    if each in given
                }
            except Exception:  # noqa: BLE001, S112 - it wants a run, a session, a prompter …
                continue
            if _draws(given, arguments):
                yield label, function, arguments


def _draws(given: dict[str, Any], arguments: dict[str, Any]) -> bool:
    """Whether it prints or makes what is printed, of something of the model."""
    about = any(
        dataclasses.is_dataclass(each)
        or (isinstance(each, tuple | list) and any(map(dataclasses.is_dataclass, each)))
        for each in arguments.values()
    )
    ends = given.get("return")
    return about and (ends in {Answer, Text} or any(each is Console for each in given.values()))


def _console() -> Console:
    return Output().stdout


def printed(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    answer = function(**arguments)
    if isinstance(answer, Text):
        Output().stdout.print(answer)
    if isinstance(answer, Answer):
        Output().show("x", answer, None)


def test_every_view_prints_text(
    known: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    drawn = []
    for label, function, arguments in views(known):
        capsys.readouterr()
        # A view may say no to what no AWS answers; what it printed until then counts.
        with contextlib.suppress(SqsctlError, ValueError, KeyError, TypeError, AttributeError):
            printed(function, arguments)
        shown = capsys.readouterr()
        for stream in (shown.out, shown.err):
            found = sorted({hex(ord(each)) for each in stream if dangerous(each)})
            assert not found, (label, found)
        if "over\\rwrite" in shown.out + shown.err or "overwrite" in shown.out:
            drawn.append(label)
    assert len(drawn) >= 15, drawn


def test_every_object_of_the_model_can_be_filled_and_printed(
    known: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Output()
    done = 0
    for kind in {each for each in known.values() if dataclasses.is_dataclass(each)}:
        if not kind.__module__.startswith("sqsctl.model."):
            continue
        value = filled(kind, known)
        done += 1
        stream.stdout.print(repr(value), str(value))
        stream.stdout.print(Text(f"{dataclasses.astuple(value)!r} {HOSTILE}"))
        for each in dataclasses.fields(value):
            stream.stdout.print(getattr(value, each.name, ""))
        stream.notice(f"{value}{HOSTILE}")
    shown = capsys.readouterr()
    assert not {hex(ord(each)) for each in shown.out + shown.err if dangerous(each)}
    assert done >= 80


def test_the_console_is_the_last_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever forgot to be careful: text, tables, titles, tracebacks."""
    from rich.panel import Panel
    from rich.table import Table

    grid = Table(HOSTILE, title=HOSTILE, caption=HOSTILE)
    grid.add_row(HOSTILE)
    for console in (Output().stdout, Output().stderr):
        console.print(HOSTILE, style="bold")
        console.print(Text(HOSTILE), grid, Panel(HOSTILE, title=Text(HOSTILE)))
        console.rule(Text(HOSTILE))
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            console.print_exception()
    Output().complain(SqsctlError(HOSTILE, hint=HOSTILE))
    shown = capsys.readouterr()
    assert not {hex(ord(each)) for each in shown.out + shown.err if dangerous(each)}
    assert "\\x1b[2J" in shown.out


def test_orders_of_its_own_still_reach_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    console = Output().stdout
    console.print(Text("red \x1b[2J", style="red"))
    console.show_cursor(False)
    said = screen.getvalue()
    assert "\x1b[31m" in said
    assert "\x1b[?25l" in said
    assert "\x1b[2J" not in said


def test_progress_is_gated_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sqsctl.cli.run.context import Run

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    from sqsctl.cli.main import PROGRAM

    with Run(Output(), PROGRAM).progress(HOSTILE) as bar:
        bar.update(1, note=HOSTILE, title=HOSTILE, total=2)
    said = screen.getvalue()
    assert "\x1b[2J" not in said
    assert "\x1b]0;" not in said
    assert "\x1bP" not in said
    assert "\u202e" not in said


def test_the_target_line_is_one_line() -> None:
    line = target_line(Target("endpoint", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    assert "\n" not in line
    assert not any(dangerous(each) for each in line)
