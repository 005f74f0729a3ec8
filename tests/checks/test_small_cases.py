"""Small inputs on which a verdict was wrong once, and others of their kind."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sqsctl.checks.base import examine
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import by_id
from sqsctl.model.finding import CheckOutcome, Severity
from sqsctl.model.stack import Group, Stack, Unread
from tests.checks.build import WORKER, function, mapping, package, queue, stack

_NAMED = re.compile(r"(?:--queue-name|QueueName:?)[ =]+[\"']?([\w.-]+)")


@pytest.mark.parametrize(
    "name",
    ["q" * 75, "q" * 76, "q" * 77, "q" * 80, "a-" * 40, "q" * 75 + ".fifo", "q" * 60 + ".fifo"],
)
@pytest.mark.parametrize("tool", ["", "cloudformation", "serverless", "sam", "cdk"])
def test_the_name_of_a_new_dead_letter_queue_is_one_that_sqs_takes(name: str, tool: str) -> None:
    main = queue(name, fifo=name.endswith(".fifo"))
    built = stack(queues=(main,), mappings=(mapping(name),), dead_letters=(), made_by=tool)
    (finding,) = (each for each in diagnose(built).findings if each.id == "dlq-missing")
    said = " ".join((*finding.fix.commands, str(finding.fix.template), str(finding.fix.ways)))
    names = [each for each in _NAMED.findall(said) if each != name]
    assert names
    assert all(len(each) <= 80 and each.endswith(".fifo") == main.fifo for each in names), names


SWALLOWS = (
    "import json\n"
    "def handler(event, _):\n"
    "    for r in event['Records']:\n"
    "        try:\n"
    "            save(json.loads(r['body']))\n"
    "        except Exception as e:\n"
    "            print(e)\n"
    "def save(x):\n"
    "    x['id']\n"
)
RIGHT = "def handler(event, _):\n    for r in event['Records']:\n        print(r['body'])\n"
FROM_LAYER = "from shared import wrapped\n@wrapped\ndef handler(event, _):\n    return 1\n"
LAYER = "arn:aws:lambda:ap-northeast-2:123456789012:layer:other:1"


def with_layer(source: str) -> Stack:
    """A consumer of this code whose layer, of another account, could not be read."""
    gap = Unread("layer other:1 of worker", "access denied", "lambda:GetLayerVersion")
    own = replace(package(WORKER, worker_py=source), truncated=True)
    built = stack(functions=(function(layers=(LAYER,)),), mappings=(mapping(batch_size=10),))
    return replace(built, packages=Group((own,), (gap,)))


@pytest.mark.parametrize("source", [RIGHT, FROM_LAYER], ids=["right", "wrapped by the layer"])
def test_a_layer_that_cannot_be_read_makes_no_finding_and_no_ok(source: str) -> None:
    built = with_layer(source)
    result, findings = examine(by_id()["batch-silent-loss"], built)
    assert [each for each in findings if each.severity > Severity.INFO] == []
    assert result.outcome is CheckOutcome.SKIPPED
    assert "layer" in result.reason
    assert diagnose(built).verdict == "healthy"  # packages only sharpen


def test_what_the_own_code_loses_for_certain_is_told_beside_an_unread_layer() -> None:
    _, findings = examine(by_id()["batch-silent-loss"], with_layer(SWALLOWS))
    assert [each.severity for each in findings] == [Severity.WARNING]


def test_a_readable_consumer_beside_it_is_judged() -> None:
    other = "shop-dev-other"
    blind = with_layer(RIGHT)
    both = replace(
        blind,
        functions=Group((*blind.functions, function(other, handler="worker.handler"))),
        queues=Group((*blind.queues, queue("jobs-b"))),
        mappings=Group((*blind.mappings, mapping("jobs-b", other, uuid="x", batch_size=10))),
        packages=Group(
            (*blind.packages, package(other, worker_py=SWALLOWS)), blind.packages.unread
        ),
    )
    _, findings = examine(by_id()["batch-silent-loss"], both)
    assert [each.subject for each in findings if each.severity > Severity.INFO] == [other]
