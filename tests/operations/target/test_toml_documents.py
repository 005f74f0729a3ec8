"""TOML of others is bounded before it is parsed, and honest TOML is read."""

from __future__ import annotations

import time
import tomllib

import pytest

from sqsctl.operations.target.toml_documents import MAX_CHARACTERS, MAX_DEPTH, load_toml


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000 + "a = 1\n",
        "[" + "a." * 100_000 + "a]\n",
        '"a" . ' * 40_000 + "a = 1\n",
        "x = { " + "a." * 100_000 + "a = 1 }\n",
        "a = " + "[" * 200_000,
        "a = " + "{a = " * 50_000,
        f"a = {'9' * 200_000}\n",
        "#" * (MAX_CHARACTERS + 1),
        ".".join("a" * (MAX_DEPTH + 1)) + " = 1\n",
    ],
)
def test_a_bomb_is_an_error_and_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises(tomllib.TOMLDecodeError):
        load_toml(text)
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a = '" + "A" * 200_000 + "'\n",
        "a = '''" + '"' * 200_000 + "'''\n",
        "a = '" + "so. much. text. " * 5 + "'\n",
        '[tool.sqsctl]\nregion = "eu-west-1"\n[tool.ruff.lint.per-file-ignores]\n"x/**" = ["A"]\n',
        ".".join("a" * MAX_DEPTH) + " = 1\n",
        "".join(f"key-{n} = 1\n" for n in range(10_000)),
    ],
)
def test_honest_toml_is_read_as_it_is(text: str) -> None:
    assert load_toml(text) == tomllib.loads(text)
