"""Consumers of queues as they are written: what is found in each, and nothing in right ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.handlercode.batch_answers import Mistake
from sqsctl.handlercode.consumer import Consumer, consumer
from sqsctl.handlercode.frames import Fault
from tests.handlercode.cases import RIGHT, WRONG, Case


def _names(case: Case) -> str:
    return case.name


def found(code: Consumer) -> set[str]:
    return {each.fault.value for each in code.faults} | {
        each.mistake.value for each in code.problems
    }


@pytest.mark.parametrize("case", RIGHT, ids=_names)
def test_nothing_is_found_in_a_right_consumer(case: Case) -> None:
    alone = {Fault.FIRST.value} if case.batch == 1 else set()
    assert found(consumer(case.handler, case.files)) - alone == set()


@pytest.mark.parametrize("case", WRONG, ids=_names)
def test_what_is_wrong_is_found(case: Case) -> None:
    assert case.expect in found(consumer(case.handler, case.files))


def test_there_are_enough_of_them() -> None:
    assert len(RIGHT) >= 40
    assert len(WRONG) >= 40
    known = {each.value for each in (*Fault, *Mistake)} - {Fault.ORDER.value}
    assert {case.expect for case in WRONG} == known


def _one(source: str, handler: str = "index.handler", path: str = "index.js") -> Consumer:
    return consumer(handler, ((path, source),))


def test_a_fault_says_where_it_is() -> None:
    code = _one(
        "exports.handler = async (event) => {\n"
        "  for (const record of event.Records) {\n"
        "    try {\n"
        "      await save(record);\n"
        "    } catch (error) {\n"
        "      console.error(error);\n"
        "    }\n"
        "  }\n"
        "};\n"
    )
    (fault,) = code.faults
    assert (fault.path, fault.line, fault.detail, fault.loop_line) == ("index.js", 5, "catch", 2)
    assert code.followed


def test_a_report_says_where_it_is() -> None:
    code = _one("exports.handler = async () => {\n  return { batchItemFailures: [] };\n};")
    assert code.reports == (("index.js", 2),)
    assert code.problems == ()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("for r in event['Records']:\n        return 1", 3),
        ("for r in event['Records']:\n        if r:\n            return {'statusCode': 400}", 4),
        ("records = event['Records']\n    for r in records:\n        return", 4),
        ("for n, r in enumerate(event['Records']):\n        return", 3),
        ("for r in event['Records']:\n        f = lambda: 1\n    return 1", 0),
        ("for r in event['Records']:\n        def g():\n            return 1\n        g()", 0),
        ("for r in other:\n        return 1", 0),
    ],
)
def test_python_returns_in_the_loop(body: str, line: int) -> None:
    code = _one(f"def handler(event, context):\n    {body}\n", "app.handler", "app.py")
    early = code.first(Fault.EARLY)
    assert (early.line if early else 0) == line


@pytest.mark.parametrize(
    "source",
    [
        # What is caught is about a cache, which the record has no part in.
        """
def handler(event, context):
    for record in event["Records"]:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            print("cache unavailable, using memory:", error)
        print("done", record["messageId"])
""",
        # A helper looks for something among the records.
        """
def tenant(event):
    for record in event["Records"]:
        if record["messageAttributes"].get("tenant"):
            return record["messageAttributes"]["tenant"]
    return "default"
def handler(event, context):
    name = tenant(event)
    for record in event["Records"]:
        print("done", name, json.loads(record["body"])["id"])
""",
    ],
    ids=["another's failure", "a search"],
)
def test_what_is_no_work_on_a_record_is_nothing(source: str) -> None:
    assert found(_one(source, "app.handler", "app.py")) == set()


@pytest.mark.parametrize(
    "line", ["total += m['amount'] / m['rate']", "total = m['rate']; total + 1"]
)
def test_what_adds_a_record_up_is_work_on_it(line: str) -> None:
    code = _one(
        "def handler(event, context):\n"
        "    total = 0\n"
        "    for record in event['Records']:\n"
        "        try:\n"
        "            m = json.loads(record['body'])\n"
        f"            {line}\n"
        "        except Exception:\n"
        "            logger.exception('skipping')\n"
        "    return {'total': total}\n",
        "app.handler",
        "app.py",
    )
    assert found(code) == ({Fault.SILENT.value} if "+=" in line else set())


@pytest.mark.parametrize("value", ["", "true", "r.id", "undefined"])
def test_a_helper_that_works_in_its_loop_may_not_return_there(value: str) -> None:
    code = _one(
        "exports.handler = async (event) => { await all(event.Records) };\n"
        "async function all(records) {\n"
        f"  for (const r of records) {{ await save(r); return {value} }}\n"
        "}"
    )
    assert found(code) == {Fault.EARLY.value}


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("for (const r of event.Records) { return 1 }", 1),
        ("for (const r of event.Records) if (r) return 1", 1),
        ("for (const r of event.Records) {\n if (r) {\n  return { statusCode: 400 }\n }\n}", 3),
        ("for (const r of event.Records) { go(() => { return 1 }) }", 0),
        ("for (const r of event.Records) { go(function () { return 1 }) }", 0),
        ("for (const r of event.Records) { const s = 'return'; // return\n }\n return 1", 0),
        ("event.Records.forEach((r) => { return 1 })", 0),
        ("const rs = event.Records; for (let i = 0; i < rs.length; i++) { return 1 }", 1),
        ("const { Records: rs } = event; for (const r of rs) { return 1 }", 1),
        ("for (const o of others) { return 1 }", 0),
        ("for await (const r of event.Records) { return `}` }", 1),
    ],
)
def test_javascript_returns_in_the_loop(body: str, line: int) -> None:
    code = _one(f"exports.handler = async (event) => {{ {body} }}")
    early = code.first(Fault.EARLY)
    assert (early.line if early else 0) == line


@pytest.mark.parametrize(
    "export",
    [
        "exports.handler = f;",
        "module.exports = { handler: f };",
        "module.exports.handler = f;",
        "export { f as handler };",
        "export const handler = f;",
        "export const handler = (event) => f(event);",
        "var x = {}; __export(x, { handler: () => f }); module.exports = __toCommonJS(x);",
        "Object.defineProperty(exports, 'handler', { enumerable: true, get: () => f });",
        "class A { run(e) { return f(e) } } exports.handler = new A().run;",
    ],
)
def test_the_handler_is_found_however_it_is_exported(export: str) -> None:
    code = _one(f"const f = async (e) => {{ for (const r of e.Records) return 1 }};\n{export}")
    assert code.first(Fault.EARLY)
    assert code.followed


def test_the_handler_is_found_inside_a_bundlers_module() -> None:
    code = _one(
        "var require_x = __commonJS({ 'src/index.js'(exports) {"
        " exports.handler = async (e) => { for (const r of e.Records) return 1 } } });"
        "module.exports = require_x();"
    )
    assert code.first(Fault.EARLY)


def test_without_the_handler_what_reads_records_is_looked_at() -> None:
    code = _one("const g = (e) => { for (const r of e.Records) return }", "other.handler")
    assert code.first(Fault.EARLY)
    assert not code.followed


def test_no_other_function_of_the_file_is_followed() -> None:
    code = _one(
        "exports.other = async (e) => { for (const r of e.Records) return };"
        "exports.handler = async (e) => { for (const r of e.Records) await f(r) };"
    )
    assert code.faults == ()


def test_source_that_cannot_be_parsed_is_nothing_found() -> None:
    assert _one("def handler(:", "app.handler", "app.py") == Consumer()
    deep = "f(" * 5_000 + ")" * 5_000
    source = f"exports.handler = async (e) => {{ for (const r of e.Records) {deep} }}"
    assert found(_one(source)) == set()


def test_a_long_function_takes_time_in_line_with_its_length() -> None:
    tries = "".join(
        f"try {{ await a{n}(r) }} catch (x) {{ failed.push({n}); n{n} = x }}\n"
        for n in range(1_000)
    )
    begun = time.process_time()
    code = _one(
        "exports.handler = async (e) => { const failed = []; "
        f"for (const r of e.Records) {{ {tries} }} console.log(failed) }}"
    )
    assert time.process_time() - begun < 10
    assert code.followed


def test_values_that_go_round_in_circles_end() -> None:
    names = [f"v{n}" for n in range(16)]
    circles = "".join(f"{one} = {other};" for one in names for other in names if one != other)
    begun = time.process_time()
    _one(
        f"exports.handler = async (e) => {{ let {', '.join(f'{each} = 0' for each in names)};"
        f"for (const r of e.Records) {{ try {{ await a(r) }} catch (x) {{ v0 = x }} }} {circles} }}"
    )
    assert time.process_time() - begun < 10


def test_a_byte_order_mark_is_no_part_of_a_source() -> None:
    source = "\ufeffdef handler(event, context):\n    for r in event['Records']:\n        return\n"
    assert _one(source, "app.handler", "app.py").first(Fault.EARLY)


@given(st.text(max_size=300))
def test_any_source(text: str) -> None:
    _one(f"for (const r of event.Records) {{ {text}")
    _one(f"exports.handler = async (event) => {{ {text} }}")
    _one(
        f"def handler(event, context):\n    for r in event['Records']:\n        {text}",
        "app.handler",
        "app.py",
    )
