"""How everything is printed: the one sanitiser, human text and the JSON envelope.

Results go to stdout; the target line, progress, notices and prompts to stderr. What
comes from a message, a log or AWS is hostile until ``safe`` has seen it, and is printed
as ``Text``, never as markup. The consoles are the last gate: whatever reaches a terminal through
them (results, the target line, notices, progress, tracebacks) passes ``safe`` once more.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from sqsctl.cli.screen.hints import unmarked
from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.target import Target

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SCHEMA = 1
OutputFormat = Literal["human", "json"]
LEAST_WIDTH = 20  # less is no room to wrap anything in
PIPED_WIDTH = 1000  # a pipe has no width: let nothing wrap

# What a terminal could take for an order or the eye for something else: C0 (tab and line
# feed apart), DEL, C1, bidi controls, invisible separators and tags, runs of joiners,
# lone surrogates and noncharacters.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\uffff\ufdd0-\ufdef\ud800-\udfff"
    "\U000e0000-\U000e0fff\U0001fffe\U0001ffff]|[\u200c\u200d]{2,}"
)
_JSON_HOSTILE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\ufdd0-\ufdef\ud800-\udfff\U000e0000-\U000e0fff]"
)


def safe(text: object) -> str:
    """Foreign text with every dangerous code point as a visible escape. Idempotent."""
    return _HOSTILE.sub(lambda match: "".join(map(_escaped, match[0])), str(text))


def safe_line(text: object, limit: int | None = None) -> str:
    """Foreign text on one line: line feeds and tabs escaped too, cut at ``limit`` characters."""
    line = safe(text).replace("\n", "\\n").replace("\t", " ")
    if limit is not None and len(line) > limit:
        return line[: max(0, limit - 1)] + "…"
    return line


def _escaped(character: str) -> str:
    point = ord(character)
    if character == "\r":
        return "\\r"
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def to_json(document: object, *, indent: int | None = None) -> str:
    """JSON that a terminal can show: the value is unchanged, dangerous characters escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=_plain, allow_nan=False)
    return _JSON_HOSTILE.sub(
        lambda match: (
            json.dumps(match[0], ensure_ascii=True)[1:-1] if ord(match[0]) > 0x7F else "\\u007f"
        ),
        text,
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"not a JSON shape: {type(value).__name__}")


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds: ``2026-11-23T04:51:00.000Z``."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def target_shape(target: Target | None) -> dict[str, str | None] | None:
    """The envelope's ``target``."""
    if target is None:
        return None
    return {
        "kind": target.kind,
        "account": target.account,
        "region": target.region,
        "stack": target.stack,
        "endpoint": target.endpoint,
    }


def target_line(target: Target) -> str:
    """``lab · ap-northeast-2 · tutorial-step-2-dev``; an AWS account is shortened."""
    account = target.account or ""
    if len(account) > 8:
        account = f"{account[:4]}…{account[-4:]}"
    place = {"lab": "lab", "aws": f"aws {account}".strip(), "endpoint": f"{target.endpoint}"}
    parts = [place[target.kind], target.region, target.stack or ""]
    return " · ".join(safe_line(part) for part in parts if part)


@dataclass(frozen=True)
class Answer:
    """What a command has to say: ``data`` for machines, ``human`` for people.

    ``human`` is called with the stdout console, only where a person reads.
    """

    data: Mapping[str, Any]
    human: Callable[[Console], None] | None = None
    exit: Exit = Exit.OK
    errors: tuple[SqsctlError, ...] = ()

    @property
    def status(self) -> str:
        if self.exit in {Exit.OK, Exit.AMBIGUOUS}:
            return "ok"
        if self.exit in {Exit.PARTIAL, Exit.INTERRUPTED, Exit.TERMINATED}:
            return "partial"
        return "findings" if self.exit is Exit.NEGATIVE else "error"


@dataclass
class Output:
    """Where and how to print, for one run of the program."""

    format: OutputFormat = "human"
    color: bool = True
    quiet: bool = False
    verbose: int = 0
    _stdout: Console | None = field(default=None, repr=False)
    _stderr: Console | None = field(default=None, repr=False)

    @property
    def json(self) -> bool:
        return self.format == "json"

    @property
    def stdout(self) -> Console:
        """The console for results."""
        if self._stdout is None:
            self._stdout = _console(stderr=False, color=self.color)
        return self._stdout

    @property
    def stderr(self) -> Console:
        """The console for everything that is not a result."""
        if self._stderr is None:
            self._stderr = _console(stderr=True, color=self.color)
        return self._stderr

    def envelope(
        self,
        command: str,
        answer: Answer,
        target: Target | None,
    ) -> str:
        """The one JSON document of a command."""
        return to_json(
            {
                "schema": SCHEMA,
                "command": command,
                "status": answer.status,
                "exit_code": int(answer.exit),
                "target": target_shape(target),
                "data": dict(answer.data),
                "errors": [error_shape(error) for error in answer.errors],
            },
            indent=2 if sys.stdout.isatty() else None,
        )

    def show(self, command: str, answer: Answer, target: Target | None) -> None:
        """Print a command's answer in the chosen format."""
        if self.json:
            write(self.envelope(command, answer, target))
            return
        if answer.human is not None:
            answer.human(self.stdout)
        for error in answer.errors:
            self.complain(error)

    def line(self, document: Mapping[str, Any]) -> None:
        """One JSON object on a line, for streams."""
        write(to_json(document))

    def notice(self, text: str, *, style: str = "dim") -> None:
        """Something a person should know, on stderr; silenced by --quiet."""
        if not self.quiet:
            prose(self.stderr, styled(text, style))

    def complain(self, error: SqsctlError) -> None:
        """An error and what to do about it, on stderr."""
        from rich.text import Text

        prose(self.stderr, Text.assemble(("error: ", "bold red"), safe(error.message)))
        if error.hint:
            prose(self.stderr, Text.assemble(("  → ", "dim"), safe(unmarked(error.hint))))


def error_shape(error: SqsctlError) -> dict[str, str | None]:
    """An entry of the envelope's ``errors``."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def write(text: str) -> None:
    """One line to stdout, at once: a reader of a stream waits for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def check_raw(output: Output) -> None:
    """Raises UsageError where ``--raw`` makes no sense, or would write onto a terminal."""
    if output.json:
        raise UsageError(
            "--raw and -o json contradict: JSON holds every character as it is",
            hint="leave --raw away",
            code="raw_json",
        )
    if sys.stdout.isatty():
        raise UsageError(
            "--raw is refused on a terminal: foreign text could take it over",
            hint="send it into a file or a program: --raw > FILE, --raw | PROGRAM",
            code="raw_terminal",
        )


def write_raw(text: str) -> None:
    """Foreign text and a line feed, byte for byte, to a stdout that is no terminal."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", errors="surrogatepass") + b"\n")


def styled(text: object, style: str = "") -> Text:
    """Foreign text, made safe, as a Text of one style."""
    from rich.text import Text

    return Text(safe(text), style=style)


def prose(console: Console, text: Text) -> None:
    """Print made-safe text: on a terminal wrapped at words, indented like its beginning.

    No word is ever cut or changed, so that URLs and ids in it can be copied. Commands
    (``$ …``) and texts of several lines are printed as they are, and so is all in a pipe.
    """
    plain = text.plain
    indent = len(plain) - len(plain.lstrip(" "))
    room = console.width - indent
    whole = not console.is_terminal or "\n" in plain or plain.startswith("$ ", indent)
    if whole or room < LEAST_WIDTH or text.cell_len <= console.width:
        console.print(text, soft_wrap=True)
        return
    for line in wrapped(text[indent:], room):
        console.print(styled(" " * indent) + line, soft_wrap=True)


def hanging(console: Console, text: Text, indent: int = 2) -> None:
    """Print made-safe text; on a terminal its further lines stand below its words."""
    if not console.is_terminal or text.cell_len <= console.width:
        console.print(text, soft_wrap=True)
        return
    first, *_ = wrapped(text, console.width)
    console.print(first, soft_wrap=True)
    rest = text[len(first.plain) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip(" ")) :]
    for line in wrapped(rest, max(LEAST_WIDTH, console.width - indent)):
        console.print(styled(" " * indent) + line, soft_wrap=True)


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of a text, broken at spaces only: a word that is too long stays whole."""
    from rich.cells import cell_len

    breaks: list[int] = []
    used = 0
    for match in re.finditer(r"\S+\s*", text.plain):
        if used and used + cell_len(match[0].rstrip()) > width:
            breaks.append(match.start())
            used = 0
        used += cell_len(match[0])
    found = list(text.divide(breaks))
    for line in found:
        line.rstrip()
    return found


def lines(console: Console, texts: Iterable[object]) -> None:
    """Print each on a line; what is too long for a terminal wraps at words, see ``prose``."""
    for text in texts:
        prose(console, styled(text))


@cache
def _gated() -> type[Console]:
    """rich's console, whose own orders reach the terminal, and of all text only what is safe."""
    from rich.console import Console
    from rich.segment import Segment

    class Gated(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
            for each in super().render(renderable, options):
                # Idempotent: what is rendered inside another passes more than once.
                if each.control is None and _HOSTILE.search(each.text):
                    yield Segment(safe(each.text), each.style)
                else:
                    yield each

    return Gated


def _console(*, stderr: bool, color: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    # rich takes every digit of Unicode for one that int() reads.
    odd = {key for key in ("COLUMNS", "LINES") if not _number(os.environ.get(key, ""))}
    environment = {key: value for key, value in os.environ.items() if key not in odd}
    width = None if terminal else int(environment.get("COLUMNS", PIPED_WIDTH))
    return _gated()(
        stderr=stderr,
        no_color=None if color else True,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        _environ=environment,
    )


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0


def early_format(arguments: list[str]) -> OutputFormat:
    """The output format before anything is parsed, so that a usage error speaks JSON too."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        if argument in {"-o", "--output"} and following in {"json", "human"}:
            return "json" if following == "json" else "human"
        if argument in {"-ojson", "-o=json", "--output=json"}:
            return "json"
        if argument in {"-ohuman", "-o=human", "--output=human"}:
            return "human"
    return "json" if os.environ.get("SQSCTL_OUTPUT") == "json" else "human"
