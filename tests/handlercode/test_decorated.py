"""Python handlers behind decorators of the program's own, and behind instances."""

from __future__ import annotations

import pytest

from sqsctl.handlercode.consumer import consumer
from tests.handlercode.test_consumers import found

RIGHT = {
    "own decorator, right": """\
import functools, logging
log = logging.getLogger()
def with_logging(fn):
    @functools.wraps(fn)
    def inner(event, context):
        log.info("got %s", len(event["Records"]))
        return fn(event, context)
    return inner

@with_logging
def handler(event, context):
    bad = []
    for r in event["Records"]:
        try:
            save(r["body"])
        except Exception:
            log.exception("x")
            bad.append({"itemIdentifier": r["messageId"]})
    return {"batchItemFailures": bad}
""",
    "decorator that logs and raises": """\
import logging
def safe(fn):
    def inner(event, context):
        try:
            return fn(event, context)
        except Exception:
            logging.exception("failed")
            raise
    return inner
@safe
def handler(event, context):
    for r in event["Records"]:
        save(r["body"])
""",
    "decorator per record, right": """\
def each_record(fn):
    def inner(event, context):
        bad = []
        for r in event["Records"]:
            try:
                fn(r)
            except Exception as e:
                print(e)
                bad.append({"itemIdentifier": r["messageId"]})
        return {"batchItemFailures": bad}
    return inner
@each_record
def handler(record):
    save(record["body"])
""",
    "class instance, right": """\
class Worker:
    def __call__(self, event, context):
        for r in event["Records"]:
            self.one(r)
    def one(self, r):
        save(r["body"])
handler = Worker()
""",
    "bound method, right": """\
class Worker:
    def handle(self, event, context):
        failures = []
        for r in event["Records"]:
            try:
                save(r["body"])
            except ValueError as e:
                failures.append(r["messageId"])
        return {"batchItemFailures": [{"itemIdentifier": i} for i in failures]}
handler = Worker().handle
""",
}
WRONG = {
    "own decorator, swallows": """\
import functools, logging
log = logging.getLogger()
def with_logging(fn):
    @functools.wraps(fn)
    def inner(event, context):
        log.info("got %s", len(event["Records"]))
        return fn(event, context)
    return inner

@with_logging
def handler(event, context):
    for r in event["Records"]:
        try:
            save(r["body"])
        except Exception:
            log.exception("x")
""",
    "decorator that swallows the handler's error": """\
import logging
def safe(fn):
    def inner(event, context):
        try:
            return fn(event, context)
        except Exception:
            logging.exception("failed")
            return None
    return inner
@safe
def handler(event, context):
    for r in event["Records"]:
        save(r["body"])
""",
    "decorator with arguments, first record only": """\
def tagged(name):
    def outer(fn):
        def inner(event, context):
            print(name)
            return fn(event, context)
        return inner
    return outer
@tagged("orders")
def handler(event, context):
    body = event["Records"][0]["body"]
    save(body)
""",
    "decorator per record, swallows": """\
def each_record(fn):
    def inner(event, context):
        for r in event["Records"]:
            try:
                fn(r)
            except Exception as e:
                print(e)
    return inner
@each_record
def handler(record):
    save(record["body"])
""",
    "class instance, swallows": """\
class Worker:
    def __call__(self, event, context):
        for r in event["Records"]:
            try:
                self.one(r)
            except Exception as e:
                print("bad", e)
    def one(self, r):
        save(r["body"])
handler = Worker()
""",
}


@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_one_stays_unblamed(source: str) -> None:
    assert found(consumer("app.handler", (("app.py", source),))) == set()


@pytest.mark.parametrize("source", WRONG.values(), ids=WRONG.keys())
def test_a_loss_is_found_through_them(source: str) -> None:
    assert found(consumer("app.handler", (("app.py", source),)))


def test_what_an_unknown_decorator_makes_of_it_is_not_known() -> None:
    """It may handle what the handler swallows: the handler is not followed to its answer."""
    source = """\
from elsewhere import robust
@robust
def handler(event, context):
    save(event["Records"][0]["body"])
"""
    assert found(consumer("app.handler", (("app.py", source),))) == set()


def test_a_decorator_of_which_nobody_knows_what_it_returns_is_unknown() -> None:
    source = """\
registry = {}
def registered(fn):
    registry[fn.__name__] = fn
    return registry.get(fn.__name__)
@registered
def handler(event, context):
    save(event["Records"][0]["body"])
"""
    assert found(consumer("app.handler", (("app.py", source),))) == set()
