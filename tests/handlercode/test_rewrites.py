"""Lines of a handler that are written anew: the whole file is right with them."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.handlercode.consumer import consumer
from sqsctl.handlercode.frames import Fault
from sqsctl.handlercode.rewrites import Rewrite, go_on, own_body
from sqsctl.lab.template import source


def applied(text: str, made: Rewrite) -> str:
    lines = text.splitlines()
    first = made.line - 1
    assert tuple(lines[first : first + len(made.replaces)]) == made.replaces
    lines[first : first + len(made.replaces)] = made.lines
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("language", "suffix"), [("python", "py"), ("nodejs", "js")])
def test_a_return_in_the_loop_becomes_continue(language: str, suffix: str) -> None:
    path, text = f"worker.{suffix}", source("incidents/batch_silent_loss", language)
    for _ in range(2):  # there are two of them
        found = consumer("worker.handler", [(path, text)]).first(Fault.EARLY)
        assert found
        made = go_on(path, text, found.line)
        assert made, found
        text = applied(text, made)
    assert not consumer("worker.handler", [(path, text)]).first(Fault.EARLY)


@pytest.mark.parametrize(("language", "suffix"), [("python", "py"), ("nodejs", "js")])
def test_the_body_is_read_from_the_record_of_the_loop(language: str, suffix: str) -> None:
    path, text = f"worker.{suffix}", source("incidents/event_shape", language)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "body = " in each)
    made = own_body(path, text, line)
    assert made
    assert made.lines[0].endswith(
        'body = json.loads(record["body"])' if suffix == "py" else "body = JSON.parse(record.body)"
    )
    assert not consumer("worker.handler", [(path, applied(text, made))]).first(Fault.SHAPE)


UNSURE = {
    "no loop": 'def handler(event, c):\n    x = json.loads(event["body"])\n',
    "a loop over something else": (
        "def handler(event, c):\n    for r in other['Records']:\n        x = event['body']\n"
    ),
    "a function in the loop": (
        "def handler(event, c):\n    for r in event['Records']:\n"
        "        def f():\n            return event['body']\n"
    ),
    "no Python": "def handler(event, c)\n    return event['body']\n",
    "one line": "for r in event['Records']: return 1\n",
}


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE)
def test_what_is_not_sure_is_left_to_a_person(text: str) -> None:
    for line in range(1, 6):
        assert own_body("app.py", text, line) is None


def test_a_return_of_a_function_in_the_loop_is_its_own() -> None:
    text = (
        "def handler(e, c):\n    for r in e['Records']:\n        def f():\n            return 1\n"
    )
    assert go_on("app.py", text, 4) is None


def test_columns_count_as_python_counts_them() -> None:
    text = "def h(e, c):\n    for 기록 in e['Records']:\n        값 = e['body'] + '값'  # 끝\n"
    made = own_body("app.py", text, 3)
    assert made
    assert made.lines == ("        값 = 기록[\"body\"] + '값'  # 끝",)


@pytest.mark.parametrize("rewrite", [go_on, own_body])
@given(text=st.text(max_size=200), line=st.integers(-2, 20))
def test_no_text_makes_it_fail(
    rewrite: Callable[[str, str, int], Rewrite | None], text: str, line: int
) -> None:
    for path in ("a.py", "a.js", "a.rb", ""):
        made = rewrite(path, text, line)
        if made and path == "a.py":
            ast.parse(applied(text, made))
