"""Dead-letter messages on a screen of their own: a list, the message under the cursor, keys.

Drawn with prompt_toolkit, which questionary brings: it works in any terminal that can move its
cursor, over SSH as well. ``Browser`` is what is seen and ticked, without a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqsctl.cli.screen.cell_width import fit
from sqsctl.cli.screen.output import safe, safe_line
from sqsctl.cli.screen.sigterm import ends_on_sigterm
from sqsctl.cli.screen.views import duration

Line = tuple[str, str]  # a style of prompt_toolkit, and the text
ACTIONS = {
    "r": ("redrive", "redrive"),
    "e": ("edit", "edit"),
    "x": ("export", "export"),
    "d": ("purge", "delete"),
    "l": ("explain", "log"),
}
MOVES = {"spc": "tick", "a": "all", "enter": "open", "/": "find", "q": "back"}
LEAST_LIST = 5


@dataclass(frozen=True)
class Picked:
    """What is to be done with which messages."""

    action: str
    ids: list[str]


@dataclass
class Browser:
    """The messages, which are ticked, where the cursor is, what is searched for.

    ``messages`` are those of ``dlq peek`` (its JSON).
    """

    title: str
    messages: Sequence[Mapping[str, Any]]
    cursor: int = 0
    top: int = 0
    ticked: set[str] = field(default_factory=set)
    needle: str = ""
    searching: bool = False
    opened: bool = False

    def found(self) -> list[Mapping[str, Any]]:
        """The messages that hold the needle (body, cause, attributes), or whose id begins so."""
        wanted = self.needle.lower()
        return [
            each
            for each in self.messages
            if wanted in _text(each).lower() or str(each["message_id"]).startswith(wanted)
        ]

    def current(self) -> Mapping[str, Any] | None:
        """The message under the cursor."""
        found = self.found()
        return found[self.cursor] if found else None

    def move(self, by: int) -> None:
        """Up or down, as far as there are messages."""
        self.cursor = max(0, min(self.cursor + by, len(self.found()) - 1))

    def tick(self) -> None:
        """Tick the message under the cursor, or take the tick away; go on to the next."""
        current = self.current()
        if current is not None:
            self.ticked ^= {str(current["message_id"])}
            self.move(1)

    def tick_all(self) -> None:
        """Tick all that are found; none where all are ticked."""
        ids = {str(each["message_id"]) for each in self.found()}
        self.ticked = self.ticked - ids if ids <= self.ticked else self.ticked | ids

    def search(self, needle: str) -> None:
        """Only what holds the needle from here on."""
        self.needle, self.cursor, self.top = needle, 0, 0

    def type(self, text: str) -> None:
        """One more character of the needle."""
        if text.isprintable():
            self.search(self.needle + text)

    def stop_searching(self) -> None:
        """All messages again."""
        self.searching = False
        self.search("")

    def meant(self) -> list[str]:
        """The ticked messages, in their order; without one the message under the cursor."""
        ids = [str(each["message_id"]) for each in self.messages]
        ticked = [each for each in ids if each in self.ticked]
        current = self.current()
        return ticked or ([str(current["message_id"])] if current else [])

    def lines(self, width: int, height: int, now: datetime) -> list[Line]:
        """The whole screen, at most ``height`` lines of ``width`` cells."""
        room = max(LEAST_LIST, 0 if self.opened else (height - 4) // 2)
        if self.opened:
            room = min(LEAST_LIST, height - 4)
        found = self.found()
        self.top = max(min(self.top, self.cursor), self.cursor - room + 1, 0)
        said = f" ☠ {self.title} · {len(found)} of {len(self.messages)}"
        said += f" · {len(self.ticked)} ticked" if self.ticked else ""
        lines: list[Line] = [("bold", said)]
        lines.append(("class:dim", "   age       recv  cause                  body"))
        for place, each in enumerate(found[self.top : self.top + room], self.top):
            style = "reverse" if place == self.cursor else ""
            lines.append((style, self._row(each, place, now)))
        lines.append(("class:dim", " " + "-" * (width - 2)))
        current = self.current()
        rest = height - len(lines) - 1
        detail = _detail(current) if current else ["nothing here holds that"]
        lines += [("", f" {line}") for line in detail[:rest]]
        lines += [("", "")] * (height - len(lines) - 1)
        lines.append(("reverse", self._foot()))
        return [(style, fit(text, width)) for style, text in lines]

    def _row(self, message: Mapping[str, Any], place: int, now: datetime) -> str:
        mark = "▸" if place == self.cursor else " "
        tick = "✓" if message["message_id"] in self.ticked else " "
        sent = message["sent_at"]
        age = duration(round((now - datetime.fromisoformat(sent)).total_seconds())) if sent else "?"
        cause = (message["cause"] or {}).get("id") or "unknown"
        body = safe_line(_inside(message), 200)
        return f"{mark}{tick} {age:<9} {message['receive_count']:>4}  {cause:<22} {body}"

    def _foot(self) -> str:
        if self.searching:
            return f" search: {self.needle}_   enter: keep, Esc: all again"
        keys = [*MOVES.items(), *((key, told) for key, (_, told) in ACTIONS.items())]
        return " ".join(f"{key}:{told}" for key, told in keys)


def _text(message: Mapping[str, Any]) -> str:
    cause = (message["cause"] or {}).get("id") or ""
    known = {key: message.get(key) for key in ("body", "attributes", "decoded")}
    return f"{cause} {json.dumps(known, ensure_ascii=False, default=str)}"


def _detail(message: Mapping[str, Any]) -> list[str]:
    """The message: when, what it died of, its body as a person reads it."""
    head = f"{message['message_id']} · sent {_clock(message['sent_at'])}"
    if message.get("group_id"):
        head += f" · group {safe_line(message['group_id'], 40)}"
    lines = [head]
    cause = message["cause"] or {}
    if cause.get("id"):
        lines.append(f"died of {cause['id']}: {safe_line(cause.get('evidence') or '', 400)}")
    layers = (message.get("decoded") or {}).get("layers") or ()
    if layers:
        lines.append(f"body without {safe_line(' > '.join(layers), 100)}:")
    lines += safe(_laid_out(_value(message))).split("\n")
    for name, attribute in (message.get("attributes") or {}).items():
        shown = attribute.get("value") if isinstance(attribute, dict) else attribute
        lines.append(f"{safe_line(name)}: {safe_line(shown, 200)}")
    return lines


def _value(message: Mapping[str, Any]) -> Any:
    """The body without its wrappings; the body itself where it has none."""
    value = (message.get("decoded") or {}).get("value")
    return message["body"] if value is None else value


def _inside(message: Mapping[str, Any]) -> str:
    """The same on one line."""
    value = _value(message)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _clock(at: str | None) -> str:
    return at[:19].replace("T", " ") if at else "at an unknown time"


def _laid_out(body: Any) -> str:
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return str(body)
    return json.dumps(body, ensure_ascii=False, indent=2) if body is not None else ""


def browse(browser: Browser) -> Picked | None:
    """Let a person look, tick and say what is to be done; None is a step back."""
    from prompt_toolkit.application import Application
    from prompt_toolkit.layout import Layout, Window
    from prompt_toolkit.layout.controls import FormattedTextControl
    from prompt_toolkit.output import create_output
    from prompt_toolkit.styles import Style

    output = create_output(stdout=sys.stderr)

    def drawn() -> Any:
        size = output.get_size()
        lines = browser.lines(size.columns, size.rows, datetime.now(UTC))
        ends = [*("\n" for _ in lines[1:]), ""]
        return [(style, text + end) for (style, text), end in zip(lines, ends, strict=True)]

    application: Application[Picked | None] = Application(
        layout=Layout(Window(FormattedTextControl(drawn, show_cursor=False), wrap_lines=False)),
        key_bindings=_bindings(browser),
        full_screen=True,
        output=output,
        style=Style([("dim", "fg:ansibrightblack")]),
    )
    try:
        with ends_on_sigterm(application):
            return application.run()
    except (KeyboardInterrupt, EOFError):
        return None


def _bindings(browser: Browser) -> Any:
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys

    bindings = KeyBindings()
    typing, choosing = (
        Condition(lambda: browser.searching),
        Condition(lambda: not browser.searching),
    )

    def on(*keys: str, where: Any = choosing) -> Any:
        def add(act: Any) -> Any:
            for key in keys:
                bindings.add(key, filter=where, eager=key == "escape")(act)
            return act

        return add

    on("up", "k")(lambda _: browser.move(-1))
    on("down", "j")(lambda _: browser.move(1))
    on("pageup")(lambda _: browser.move(-10))
    on("pagedown")(lambda _: browser.move(10))
    on("home")(lambda _: browser.move(-len(browser.messages)))
    on("end")(lambda _: browser.move(len(browser.messages)))
    on("space")(lambda _: browser.tick())
    on("a")(lambda _: browser.tick_all())
    on("enter")(lambda _: setattr(browser, "opened", not browser.opened))
    on("/")(lambda _: setattr(browser, "searching", True))
    on("q", "escape", "c-c", "c-d")(lambda event: event.app.exit(result=None))
    for key, (action, _) in ACTIONS.items():
        on(key)(lambda event, action=action: _leave(event, browser, action))

    on("enter", where=typing)(lambda _: setattr(browser, "searching", False))
    on("backspace", where=typing)(lambda _: browser.search(browser.needle[:-1]))

    on("escape", "c-c", where=typing)(lambda _: browser.stop_searching())
    on(Keys.Any, where=typing)(lambda event: browser.type(event.data))
    return bindings


def _leave(event: Any, browser: Browser, action: str) -> None:
    ids = browser.meant()
    if ids:
        event.app.exit(result=Picked(action, ids))
