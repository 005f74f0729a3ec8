"""Draw the pictures of docs/images: python docs/capture.py

Runs the real program on a lab of its own, in a pseudo-terminal, and draws what it showed. A
test runs the same sessions and looks at what they show.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.terminal import Terminal  # noqa: E402 - the root has to be there first

IMAGES = ROOT / "docs" / "images"
COLUMNS = 104
TITLE = "a function's package lacks a module: seen, explained, healed, redriven"
# What is typed; the lines without a mark prepare the stage and are not shown.
DIAGNOSIS = (
    "  lab up",
    "  lab break import-module-missing",
    "  produce --count 10",
    "  wait for 10 dead letters",
    "$ sqsctl dlq groups",
    "$ sqsctl doctor",
    "$ sqsctl lab heal",
    "$ sqsctl dlq redrive",
)
SESSIONS = {"doctor.svg": (TITLE, DIAGNOSIS)}
PATIENCE_S = 90.0
THEME = TerminalTheme(
    (30, 33, 39),
    (204, 208, 214),
    [
        (60, 65, 74), (240, 113, 120), (152, 195, 121), (229, 192, 123),
        (97, 175, 239), (198, 120, 221), (86, 182, 194), (204, 208, 214),
    ],
    [
        (127, 134, 145), (255, 139, 146), (180, 220, 150), (245, 210, 145),
        (130, 195, 250), (215, 150, 235), (115, 205, 215), (255, 255, 255),
    ],
)  # fmt: skip
FONT = (
    "ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono', 'Liberation Mono', Menlo, Consolas, "
    "monospace"
)
# Rich's own format without the fonts that it would fetch from elsewhere.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<!-- A session of the real program: python docs/capture.py -->
<style>
.{unique_id}-matrix {{ font-family: FONT; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; white-space: pre; }}
.{unique_id}-title {{ font-size: 18px; font-family: FONT; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONT", FONT)


@contextmanager
def stage() -> Iterator[dict[str, str]]:
    """An environment in which nothing of the user's is seen; its lab is down afterwards."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "HOME": home,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": f"{home}/state",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        try:
            yield environment
        finally:
            subprocess.run(sqsctl("lab", "down"), env=environment, check=True, capture_output=True)


def sqsctl(*arguments: str) -> list[str]:
    """The program that this checkout has."""
    return [sys.executable, "-m", "sqsctl", *arguments]


def play(session: tuple[str, ...], environment: dict[str, str]) -> Terminal:
    """Run a session; the screen at its end."""
    screen = Terminal(COLUMNS, environment)
    for number, line in enumerate(session):
        if line.startswith("  wait for "):
            _wait(int(line.split()[2]), environment)
        elif line.startswith("  "):
            arguments = sqsctl(*line.split())
            subprocess.run(arguments, env=environment, check=True, capture_output=True)
        else:
            first = session[number - 1].startswith("  ")
            screen.show(("" if first else "\n") + f"\x1b[32m$\x1b[0m \x1b[1m{line[2:]}\x1b[0m\n")
            screen.run(sqsctl(*line.split()[2:]))
    return screen


def _wait(count: int, environment: dict[str, str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        told = subprocess.run(
            sqsctl("queue", "inspect", "-o", "json"),
            env=environment,
            check=True,
            capture_output=True,
        )
        if json.loads(told.stdout)["data"]["queue"]["dlq"]["visible"] >= count:
            return
        time.sleep(0.5)
    raise TimeoutError(f"there are no {count} dead letters")


def svg(screen: Terminal, title: str) -> str:
    """A picture of what the screen shows."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=COLUMNS, file=nowhere, force_terminal=True, highlight=False
        )
        for row in range(len(screen.text) + 1):  # an empty one, for the frame
            console.print(screen.styled(row), no_wrap=True, overflow="ignore", crop=False)
    return console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id="session")


def main() -> None:
    """Draw every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, (title, session) in SESSIONS.items():
        with stage() as environment:
            picture = svg(play(session, environment), title)
        (IMAGES / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
