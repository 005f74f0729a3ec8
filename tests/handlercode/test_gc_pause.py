"""The collector never meets a node of the parser: none is left when it goes on."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from tree_sitter import Node, Tree

from sqsctl.handlercode import consumer as module
from sqsctl.handlercode.consumer import consumer
from tests.handlercode.cases import RIGHT, WRONG

BUNDLE = """
var app = __commonJS({"app.js"(exports) {
  exports.f = async (event) => { for (const r of event.Records) { try { await s(r) } catch {} } };
  function unused() {}
  const never = () => 1;
}});
class Unused { method() { return 1 } }
exports.handler = (event) => app().f(event);
"""
SOURCES = [
    BUNDLE,
    "exports.handler = " + "[" * 20_000,
    "exports.handler = async (e) => {" + "{" * 3_000 + "}" * 3_000 + "}",
    *(text for case in (*RIGHT, *WRONG) for path, text in case.files if path.endswith("js")),
]


@pytest.fixture
def _resting() -> Iterator[None]:
    """Only what nobody refers to goes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def holders() -> list[object]:
    """What the collector would walk and come to a node from."""
    return [
        each
        for each in gc.get_objects()
        if any(isinstance(held, Node | Tree) for held in gc.get_referents(each))
    ]


@pytest.mark.usefixtures("_resting")
def test_no_node_outlives_the_reading() -> None:
    module._read.cache_clear()
    for source in SOURCES:
        consumer("index.handler", (("index.js", source),))
    assert holders() == []


def test_the_collector_goes_on_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def fails(*_: object) -> None:
        seen.append(gc.isenabled())
        raise KeyError

    monkeypatch.setattr(module, "_follow", fails)
    module._read.cache_clear()
    with pytest.raises(KeyError):
        consumer("index.handler", (("index.js", BUNDLE),))
    assert (seen, gc.isenabled()) == ([False], True)
