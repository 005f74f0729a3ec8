"""A command that is shown over several lines is still the command."""

from __future__ import annotations

import shlex
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from sqsctl.cli.screen.shell_lines import shell_lines

# Python's shlex does not join lines as a shell does: the lines are joined here.
WORDS = st.text(st.characters(exclude_characters="\0\n", codec="utf-8"), max_size=30)


def test_what_fits_is_one_line_and_so_is_all_in_a_pipe() -> None:
    argv = ("aws", "sqs", "purge-queue", "--queue-url", "http://127.0.0.1:4566/0/jobs")
    assert shell_lines(argv, 80) == [shlex.join(argv)]
    assert shell_lines(argv, None) == [shlex.join(argv)]


def test_an_option_stands_beside_its_value() -> None:
    argv = ("aws", "lambda", "invoke", "--function-name", "worker", "--no-cli-pager", "out.json")
    assert shell_lines(argv, 40) == [
        "aws lambda invoke \\",
        "  --function-name worker \\",
        "  --no-cli-pager out.json",
    ]


@given(st.lists(WORDS, min_size=1), st.integers(1, 100))
def test_the_shell_reads_back_what_was_meant(argv: list[str], width: int) -> None:
    *more, last = shell_lines(argv, width)
    assert all(line.endswith(" \\") for line in more)
    assert shlex.split("".join([*(line[:-1] for line in more), last])) == argv


def test_a_real_shell_does_so_too() -> None:
    argv = ["--a b", "it's", "--c", '{"k": "v\\"w"}', "", "--d", "$HOME `id` \\"]
    shown = "\n".join(shell_lines(["printf", "%s\\n", *argv], 10))
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == argv
