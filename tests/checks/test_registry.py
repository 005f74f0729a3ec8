"""What every check promises: a public id, a page, a reference, what it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqsctl import checks
from sqsctl.checks.base import Check
from sqsctl.checks.registry import all_checks, by_id
from sqsctl.checks.support.failures.log_check import log_checks
from sqsctl.model.stack import Fact

# What a log alone can tell.
BY_LOGS = [
    "import-module-missing",
    "import-sdk-not-in-runtime",
    "import-local-file-missing",
    "import-native-mismatch",
    "module-system-mismatch",
    "syntax-error",
    "handler-not-found",
    "function-timeout",
    "out-of-memory",
    "runtime-exit",
    "access-denied",
    "kms-access-denied",
    "queue-not-found",
    "wrong-region",
    "env-var-missing",
    "event-shape",
    "payload-not-json",
    "throttled",
    "message-too-large",
    "network-unreachable",
    "downstream-error",
    "sandbox-limit",
    "deploy-rejected",
    "mapping-disabled",
    "mapping-role",
    "visibility-below-timeout",
    "runtime-deprecated",
]
PROMISED = [
    *BY_LOGS,
    "runtime-mismatch",
    "mapping-missing",
    "visibility-below-six-times",
    "dlq-missing",
    "dlq-retention",
    "max-receive-count-low",
    "account-concurrency",
    "reserved-concurrency",
    "batch-silent-loss",
    "partial-batch-ignored",
    "filter-drops",
    "api-permission",
    "queue-url-mismatch",
    "queue-policy-deny",
    "stale-version",
    "logs-missing",
    "fifo-group-blocked",
    "dead-letters",
    "backlog-growing",
    "http-5xx",
]

each_check = pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.meta.id)


def test_the_promised_ids_are_there() -> None:
    assert set(PROMISED) <= set(by_id())


def test_ids_are_unique() -> None:
    ids = [each.meta.id for each in all_checks()]
    assert ids == sorted(set(ids))


def test_every_file_of_the_room_is_a_check_or_the_frame() -> None:
    folder = Path(checks.__path__[0])
    files = {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "base",
        "registry",
        "explanations",
        "rank",
    }
    assert files == {each.meta.id.replace("-", "_") for each in all_checks()}


@each_check
def test_its_file_is_named_after_its_id(check: Check) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.meta.id)
    assert type(check).__module__.rsplit(".", 1)[-1] == check.meta.id.replace("-", "_")


@each_check
def test_it_has_a_page_and_a_reference(check: Check) -> None:
    title, _, rest = check.page().partition("\n")
    assert title.endswith(".")
    did, _, why = rest.partition("## Why it matters")
    assert len(did.partition("## What it does")[2].split()) > 8
    assert len(why.split()) > 10
    assert check.meta.reference.startswith("https://docs.aws.amazon.com/")
    assert check.meta.title
    assert not check.meta.title.endswith(".")


@each_check
def test_what_it_explains_exists(check: Check) -> None:
    assert set(check.meta.explains) <= set(by_id())
    assert check.meta.id not in check.meta.explains


@each_check
def test_what_it_needs_and_uses_are_apart(check: Check) -> None:
    assert check.meta.needs
    assert not check.meta.needs & check.meta.uses
    assert Fact.ERRORS not in check.meta.needs


def test_the_general_causes_come_last() -> None:
    order = [each.meta.id for each in log_checks()]
    assert order[-2:] == ["downstream-error", "unhandled-error"]
