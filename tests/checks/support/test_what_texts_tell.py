"""What a failure's text tells of its place, its sender and its remedy."""

from __future__ import annotations

import pytest

from sqsctl.checks.support.access.denial_remedies import mending
from sqsctl.checks.support.access.denials import denial
from sqsctl.checks.support.failures.trace_places import Thrown, thrown_at
from sqsctl.model.finding import Finding
from sqsctl.operations.diagnosis.explain import explain

WHO = "User: arn:aws:sts::111122223333:assumed-role/relay/relay"
SEND = "is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:r:111122223333:next"


def first(text: str) -> Finding:
    return explain(text).findings[0]


def test_pythons_trace_ends_where_it_threw_the_others_begin_there() -> None:
    python = (
        'File "/var/task/app.py", line 3, in handler\n  work()\n'
        'File "/var/task/work.py", line 9, in work\n  raise ValueError'
    )
    node = "Error: x\n    at work (/var/task/work.js:9:3)\n    at handler (/var/task/app.js:3:1)"
    java = "at java.base/java.util.List.of(List.java:8)\nat com.acme.Work.run(Work.java:9)"
    assert thrown_at(python) == Thrown("work.py", 9)
    assert thrown_at(node) == Thrown("work.js", 9)
    assert thrown_at(java) == Thrown("Work.java", 9)


def test_a_gem_that_threw_is_named_beside_the_line_that_called_it() -> None:
    trace = (
        "/var/task/vendor/bundle/ruby/3.3.0/gems/poller-0.4.1/lib/poller/job.rb:31:in `run'\n"
        "/var/task/app.rb:12:in `handler'"
    )
    assert thrown_at(trace) == Thrown("app.rb", 12, "gem poller (lib/poller/job.rb:31)")


@pytest.mark.parametrize(
    ("frames", "cause"),
    [
        (("node_modules/@smithy/core/index.js", "index.js"), "downstream-error"),
        (("index.js", "node_modules/@smithy/core/index.js"), "unhandled-error"),
    ],
)
def test_the_frame_that_threw_decides(frames: tuple[str, str], cause: str) -> None:
    stack = ",".join(f'"    at call (/var/task/{each}:4:2)"' for each in frames)
    text = (
        "2026-11-30T10:00:00.000Z\t5e1f0c1a-7d2b-4c3e-9f4a-1b2c3d4e5f60\tERROR\tInvoke Error \t"
        '{"errorType":"Error","errorMessage":"it went wrong",'
        f'"stack":["Error: it went wrong",{stack}]}}'
    )
    assert first(text).id == cause


def test_a_mapping_that_exists_is_deleted_by_its_own_uuid() -> None:
    uuid = "6f0e2c5a-93f0-4e8b-9d27-3f5f30f2b6a1"
    found = first(
        "An error occurred (ResourceConflictException) when calling the CreateEventSourceMapping "
        'operation: An event source mapping with SQS arn (" arn:aws:sqs:r:111122223333:q ") and '
        f'function (" f ") already exists. Please update or delete the existing '
        f"mapping with UUID {uuid}"
    )
    deleted = [
        each.argv
        for each in found.fix.ways[0].commands
        if each.changes and "delete-event-source-mapping" in each.argv
    ]
    assert deleted == [("aws", "lambda", "delete-event-source-mapping", "--uuid", uuid)]


@pytest.mark.parametrize(
    ("why", "disposition"),
    [
        ("because no identity-based policy allows the sqs:sendmessage action", "unsafe"),
        ("because no resource-based policy allows the sqs:sendmessage action", "manual"),
        ("because no permissions boundary allows the sqs:sendmessage action", "manual"),
        ("with an explicit deny in a service control policy", "manual"),
    ],
)
def test_only_a_roles_own_policy_has_an_exact_command(why: str, disposition: str) -> None:
    found = denial(f"{WHO} {SEND} {why}")
    assert found is not None
    assert found.principal.name == "relay"
    assert mending(found, "").disposition == disposition


def test_what_was_said_before_a_process_was_gone_is_its_cause() -> None:
    found = explain(
        "Cannot find module '/var/task/src/settings/env'\nRequire stack:\n- /var/task/src/app.js\n"
        "INIT_REPORT Init Duration: 81.56 ms\tPhase: invoke\tStatus: error\t"
        "Error Type: Runtime.ExitError\nError: Runtime exited with error: exit status 1\n"
    ).findings
    assert [each.id for each in found] == ["import-local-file-missing"]
