"""Editing messages in $EDITOR before they go back to work."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl import private_files
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import styled
from sqsctl.cli.screen.prompt import Choice, interactive
from sqsctl.errors import SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.model.message import Message, Outgoing


FALLBACKS = ("editor", "nano", "vim", "vi")  # as git does it, where nothing is set


def editor_command() -> list[str]:
    """The person's editor, else one that is there. Raises UsageError where none is."""
    for name in ("SQSCTL_EDITOR", "VISUAL", "EDITOR"):
        if os.environ.get(name):
            return _words(name, os.environ[name])
    found = next(filter(None, map(shutil.which, FALLBACKS)), None)
    if found is None or not interactive():
        raise UsageError("--edit needs an editor", hint="set EDITOR, for example EDITOR=vi")
    return [found]


def _words(name: str, value: str) -> list[str]:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise UsageError(f"{name} cannot be read: {error}", hint="EDITOR=vi") from error
    if not words:
        raise UsageError(f"{name} is empty", hint="EDITOR=vi")
    if shutil.which(words[0]) is None:
        raise UsageError(
            f"{name} names {words[0]}, which is no program that can be started", hint="EDITOR=vi"
        )
    return words


def editing(run: Run, *, fifo: bool, max_bytes: int) -> Callable[[Message, Outgoing], Outgoing]:
    """A function that lets a person edit a message, shows the difference, and asks.

    A message that was not changed, what is invalid, or declined, raises SqsctlError: the message
    then stays where it is. One editor at a time.
    """
    from sqsctl.operations.moving.editing import difference, editable, edited

    command = editor_command()
    lock = threading.Lock()

    def edit(message: Message, outgoing: Outgoing) -> Outgoing:
        with lock:
            changed = outgoing
            while changed is outgoing:
                text = _in_editor(command, editable(outgoing))
                changed = edited(text, outgoing, fifo=fifo, max_bytes=max_bytes)
                if changed is outgoing and not _again(run, message):
                    raise SqsctlError("left where it is: nothing was changed", code="declined")
            for line in difference(outgoing, changed):
                style = {"+": "green", "-": "red"}.get(line[:1], "dim")
                run.output.stderr.print(styled(line, style), soft_wrap=True)
            if run.yes:
                return changed
            if not run.prompter.confirm(f"Send {message.message_id} like this?", default=True):
                raise SqsctlError("left where it is: the answer was no", code="declined")
            return changed

    return edit


def _again(run: Run, message: Message) -> bool:
    """Whether to open the editor once more; to stop is what a first Ctrl-C is."""
    if run.yes or not interactive():
        return False
    chosen = run.prompter.select(
        f"Nothing was changed in {message.message_id}",
        [
            Choice("leave it in the queue", "skip"),
            Choice("edit it again", "again"),
            Choice("stop: leave all the others, too", "stop"),
        ],
    )
    if chosen == "stop":
        signal.raise_signal(signal.SIGINT)
    return chosen == "again"


def _in_editor(command: list[str], text: str) -> str:
    """What a person made of the text. The folder also takes the copies that editors leave."""
    with private_files.temporary_folder() as folder:
        path = folder / "message.json"
        private_files.write(path, text.encode("utf-8", errors="surrogatepass"), sync=False)
        try:
            ended = subprocess.run([*command, str(path)], check=False)
        except OSError as error:
            raise SqsctlError(f"cannot start {command[0]}: {error.strerror}") from error
        if ended.returncode:
            raise SqsctlError(
                f"the editor ended with {ended.returncode}: left as it was", code="declined"
            )
        return _written(path)


def _written(path: Path) -> str:
    """What the editor left, if it left text. Raises SqsctlError: the message stays as it was."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        why = f"the editor left no file that can be read ({error.strerror})"
    except UnicodeDecodeError as error:
        why = f"the editor left no UTF-8 text (byte {error.start})"
    raise SqsctlError(f"{why}: left as it was", code="declined")
