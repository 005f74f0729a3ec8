"""How ``--help`` looks: what the command does, its own options, examples; no types of Python.

The options that every command takes are one block of names: ``sqsctl --help`` explains them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from typer.core import TyperCommand, TyperGroup

from sqsctl.cli.run.globals import COMMON

_TYPE = re.compile(r" <([^<>]*)>")
_RANGE = re.compile(r"\[(?:(?P<least>[\d.]+)<=)?x(?:>=(?P<from>[\d.]+)|<=(?P<most>[\d.]+))?\]")
_METAVARS = {"int": "N", "int range": "N", "float": "NUMBER", "float range": "NUMBER"}
_MARGIN = 2
_NAMES = 28  # wider names have their text on the next line


class HelpCommand(TyperCommand):
    """A command whose help is laid out here."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help."""
        formatter.write(_page(self, ctx, formatter.width, ()))


class HelpGroup(TyperGroup):
    """A group whose help is laid out here; ``sections`` are titles over its commands."""

    sections: Sequence[tuple[str, Sequence[str]]] = ()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help."""
        formatter.write(_page(self, ctx, formatter.width, self.sections))


def _page(command: Any, ctx: Any, width: int, sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    own = [each for each in command.get_params(ctx) if each.name not in COMMON or _root(ctx)]
    arguments = [each for each in own if each.param_type_name == "argument"]
    lines = [" ".join(_usage(command, ctx, arguments))]
    lines += _text(command.help or "", width)
    options = [each for each in own if each.param_type_name != "argument"]
    if hasattr(command, "commands"):
        lines += _commands(command, ctx, width, sections)
    texts = [text for _, text in _records(arguments, ctx)]
    lines += _section("Arguments", list(zip(map(_place, arguments), texts, strict=True)), width)
    lines += _section("Options", _records(options, ctx), width)
    if not _root(ctx):
        lines += _common(command, ctx, width)
    if command.epilog:
        lines += ["", *command.epilog.replace("\b\n", "").split("\n")]
    return "\n".join(lines) + "\n"


def _usage(command: Any, ctx: Any, arguments: Sequence[Any]) -> Iterator[str]:
    yield f"Usage: {ctx.command_path}"
    if hasattr(command, "commands"):
        yield from filter(None, command.collect_usage_pieces(ctx))
        return
    yield "[OPTIONS]"
    for each in arguments:
        yield _place(each) if each.required else f"[{_place(each)}]"


def _place(argument: Any) -> str:
    """An argument's place on the command line: ``FILE``, or ``ID...`` where it takes several."""
    name = argument.metavar or argument.name.upper()
    return f"{name}..." if argument.nargs == -1 else name


def _root(ctx: Any) -> bool:
    return ctx.parent is None


def _text(text: str, width: int) -> Iterator[str]:
    """Paragraphs, wrapped."""
    for paragraph in text.strip().split("\n\n"):
        yield ""
        words = " ".join(paragraph.split())
        yield from (f"  {line}" for line in _wrapped(words, width - _MARGIN))


def _commands(
    group: Any, ctx: Any, width: int, sections: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    names = list(group.list_commands(ctx))
    named = [each for _, members in sections for each in members]
    rest = [each for each in names if each not in named]
    for title, members in (*sections, *([("Commands", rest)] if rest else [])):
        rows = [
            (name, first_line(group.get_command(ctx, name).help or ""))
            for name in members
            if name in names
        ]
        yield from _section(title, rows, width, column=12)


def first_line(text: str) -> str:
    """What a list of commands says of one: its first sentence, without the full stop."""
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=[^.])\.(?: |$)|: (?=\S+ \S+ \S+ \S+ \S+ \S+)", paragraph)[0]


def _records(params: Sequence[Any], ctx: Any) -> list[tuple[str, str]]:
    records = [each.get_help_record(ctx) for each in params]
    return [(_plain(name), _readable(text)) for name, text in filter(None, records)]


def _plain(name: str) -> str:
    """A name and its value, as a person writes them: no ``<int range>``."""
    name = _TYPE.sub(lambda match: f" {_METAVARS.get(match[1], match[1])}", name)
    return re.sub(r" str$", " TEXT", name)


def _readable(text: str) -> str:
    """The text of an option or argument, its bounds in words."""
    text = text.removesuffix("  [required]")
    text = text.replace("[default: (all); ", "[default: all; ").replace("default: (", "default: ")
    text = re.sub(r"(default: [^()\[\]]*)\)([\];])", r"\1\2", text)
    text = re.sub(r"; (x[<>]=|[\d.]+<=x)", r"] [\1", text)
    return _RANGE.sub(_bounds, text).strip()


def _bounds(match: re.Match[str]) -> str:
    least, most = match["least"] or match["from"], match["most"]
    if least and most:
        return f"[{least} to {most}]"
    return f"[{least} or more]" if least else f"[{most} at most]"


def _section(
    title: str, rows: Sequence[tuple[str, str]], width: int, *, column: int | None = None
) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title}:"
    wide = column or min(_NAMES, max(len(name) for name, _ in rows) + 2)
    room = max(20, width - wide - _MARGIN)
    for name, text in rows:
        first, *more = _wrapped(text, room)
        if len(name) + 2 > wide:
            yield f"  {name}"
            more = [first, *more]
        else:
            yield f"  {name:<{wide}}{first}".rstrip()
        yield from (f"{' ' * (_MARGIN + wide)}{line}" for line in more)


def _wrapped(text: str, room: int) -> list[str]:
    return wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _common(command: Any, ctx: Any, width: int) -> Iterator[str]:
    """The options that are the same everywhere, as one block of names."""
    common = [each for each in command.get_params(ctx) if each.name in COMMON]
    names = [_plain(record[0]) for each in common if (record := each.get_help_record(ctx))]
    if not names:
        return
    yield ""
    yield "As everywhere (sqsctl --help explains them):"
    line = " "
    for name in names:
        if len(line) + 1 + len(name) > width - 1:
            yield line.rstrip()
            line = " "
        line += f" {name} "
    yield line.rstrip()
