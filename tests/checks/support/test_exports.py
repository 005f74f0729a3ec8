"""The handler that a setting was to name: from the package as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.packages.exports import exported, nearest_handler
from sqsctl.model.stack import Package, PackageMember
from tests.checks.build import WORKER, ago, function, invocation, of_events, stack
from tests.checks.zoo_logs import python_error

NODE = "nodejs24.x"


def package(**sources: str) -> Package:
    """``src__a_js`` is src/a.js."""
    named = {
        key.replace("__", "/")[::-1].replace("_", ".", 1)[::-1]: text
        for key, text in sources.items()
    }
    return Package(WORKER, members=tuple(PackageMember(path, 9) for path in named), sources=named)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("exports.handler = async () => 1; exports.other = 2", ("handler", "other")),
        ("module.exports.handle = h", ("handle",)),
        ("module.exports = { process, run: async () => 1 }", ("process", "run")),
        ("export const handler = 1\nexport async function work() {}", ("work", "handler")),
        ("export { a, b as handle }", ("a", "handle")),
        ("__export(index_exports, {\n  handler: () => handler\n});", ("handler",)),
        ("export default 1", ()),
        ("const a = 1", ()),
    ],
)
def test_exports_of_javascript(source: str, names: tuple[str, ...]) -> None:
    assert exported("a.js", source) == names


def test_functions_of_python() -> None:
    source = "import x\ndef main(e, c): ...\ndef _own(): ...\nhandler = wrap(main)\nNAME = 'a'\n"
    assert exported("a.py", source) == ("main", "handler")
    assert exported("a.py", "def (") == ()


@pytest.mark.parametrize(
    ("runtime", "handler", "sources", "meant"),
    [
        (
            "python3.13",
            "main.lambda_handler",
            {"main_py": "def handler(e, c): ..."},
            "main.handler",
        ),
        ("python3.13", "app.handler", {"src__app_py": "def handler(e, c): ..."}, "src/app.handler"),
        ("python3.13", "main.handler", {"worker_py": "def handler(e, c): ..."}, ""),
        (
            NODE,
            "src/consumers/invoice.handle",
            {"src__consumers__invoice_js": "exports.handler = 1; exports.util = 2"},
            "src/consumers/invoice.handler",
        ),
        (NODE, "index.handler", {"indx_mjs": "export const handler = 1"}, "indx.handler"),
        (NODE, "index.handler", {"index_js": "exports.a = 1; exports.b = 2"}, ""),
        (NODE, "index.handler", {"index_js": "exports.processAll = 1"}, "index.processAll"),
        (NODE, "index.handler", {"index_js": "exports.handler = 1"}, ""),
        (NODE, "index.handler", {}, ""),
    ],
)
def test_the_nearest_that_is_there(
    runtime: str, handler: str, sources: dict[str, str], meant: str
) -> None:
    named = function(runtime=runtime, handler=handler)
    assert nearest_handler(named, package(**sources)) == meant


def test_the_same_file_elsewhere_needs_no_source() -> None:
    unread = replace(package(dist__index_js="x"), sources={})
    assert nearest_handler(function(runtime=NODE, handler="index.run"), unread) == "dist/index.run"
    there = replace(package(index_js="x"), sources={})
    assert nearest_handler(function(runtime=NODE, handler="index.run"), there) == ""


def test_the_fix_names_it() -> None:
    error = "Runtime.HandlerNotFound: Handler 'lambda_handler' missing on module 'main'"
    where = stack(
        functions=(function(handler="main.lambda_handler"),),
        packages=(package(main_py="def handler(event, context): ..."),),
        logs=(of_events(invocation(1, python_error(error), at=ago(60))),),
    )
    (told,) = diagnose(where, only=("handler-not-found",)).findings
    assert told.title.endswith("(Handler 'lambda_handler' missing on module 'main')")
    assert "--handler main.handler" in told.fix.commands[0]
    assert told.fix.serverless_yml[-1].strip() == "handler: main.handler"
    assert "FILE.FUNCTION" not in told.fix.summary
