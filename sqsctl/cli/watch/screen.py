"""The screen of ``sqsctl watch``: drawn anew at each look, with keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.keys import keys
from sqsctl.cli.screen.output import styled
from sqsctl.cli.watch.view import rendered

if TYPE_CHECKING:
    from rich.console import Console, Group

    from sqsctl.cli.run.command_line import Done
    from sqsctl.operations.live.snapshot import Picture

KEYS = "q quit   d doctor   e last errors   p probe   r redrive"
COMMANDS = {
    "d": ["doctor"],
    "e": ["logs", "tail", "--no-follow", "--errors"],
    "p": ["probe"],
}
REDRIVE = ["dlq", "redrive"]


def live(run: Run, look: Callable[[], Picture], interval_s: float) -> None:
    """Show until q; other keys run a command and come back. Ctrl-C is a KeyboardInterrupt."""
    while (key := _shown(run.output.stdout, look, interval_s)) != "q":
        if key == "r":
            _redrive(run)
        else:
            _perform(run, COMMANDS[key])
        run.output.notice("any key: back to the screen, q: quit")
        if _one_key() == "q":
            return


def _redrive(run: Run) -> None:
    """What would be moved, and after a yes it is."""
    from sqsctl.errors import Exit

    planned = _perform(run, [*REDRIVE, "--dry-run"])
    if planned.code is not Exit.OK or not planned.data.get("selected"):
        return
    run.output.notice("y: move them back, any other key: leave them")
    if _one_key() == "y":
        _perform(run, REDRIVE)


def _perform(run: Run, words: list[str]) -> Done:
    from sqsctl.cli.run.command_line import perform

    return perform(run, words)


def _one_key() -> str:
    with keys() as pressed:
        return pressed(None)


def _shown(console: Console, look: Callable[[], Picture], interval_s: float) -> str:
    """Draw until a key that means something is pressed; returns it."""
    from rich.live import Live

    screen = Live(screen_of(look(), console), console=console, screen=True, auto_refresh=False)
    with keys() as pressed:
        try:
            # Not a with: Ctrl-C while it starts would leave the terminal on the other screen.
            screen.start(refresh=True)
            while True:
                due = time.monotonic() + interval_s
                while (left := due - time.monotonic()) > 0:
                    key = pressed(left)
                    if key in {"q", "r", *COMMANDS}:
                        return key
                screen.update(screen_of(look(), console), refresh=True)
        finally:
            screen.stop()


def screen_of(picture: Picture, console: Console) -> Group:
    """The picture cut to the terminal's size, the keys below."""
    from rich.console import Group

    width, height = console.size
    lines = rendered(picture, height=max(1, height - 2), width=width)
    lines.append(styled(KEYS, "reverse"))
    for each in lines:
        each.no_wrap = True
        each.truncate(max(1, width - 1), overflow="ellipsis")
    return Group(*lines)
