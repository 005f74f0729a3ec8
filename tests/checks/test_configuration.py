"""Configuration checks at their edges: what is just right, and whose fault it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import botocore
import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.runtime_deprecated import RuntimeDeprecated
from sqsctl.checks.support.services import known_regions, unknown_region
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.stack import (
    Concurrency,
    Group,
    MadeBy,
    ResourcePolicy,
    Stack,
    Unread,
)
from tests.checks.build import (
    ACCOUNT,
    API,
    DLQ,
    JOBS,
    NOW,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    ago,
    api,
    function,
    mapping,
    queue,
    series,
    stack,
)


def found(check: str, where: Stack) -> tuple[Finding, ...]:
    return diagnose(where, only=(check,)).findings


def main(**fields: object) -> tuple[object, ...]:
    given = {"dead_letter_target_arn": f"{PREFIX}:{DLQ}", "max_receive_count": 5, **fields}
    return queue(JOBS, **given), queue(DLQ, retention_s=1_209_600)


@pytest.mark.parametrize(
    ("visibility", "window", "below_once", "below_six"),
    [
        (5, 0, True, False),
        (6, 0, False, True),
        (35, 0, False, True),
        (36, 0, False, False),
        (36, 1, False, True),
    ],
)
def test_visibility_at_its_edges(
    visibility: int, window: int, below_once: bool, below_six: bool
) -> None:
    where = stack(
        queues=main(visibility_timeout_s=visibility), mappings=(mapping(window_s=window),)
    )
    assert bool(found("visibility-below-timeout", where)) is below_once
    assert bool(found("visibility-below-six-times", where)) is below_six


@pytest.mark.parametrize(
    ("count", "severity"),
    [
        (1, Severity.WARNING),
        (2, Severity.WARNING),
        (3, Severity.INFO),
        (4, Severity.INFO),
        (5, None),
    ],
)
def test_receive_counts(count: int, severity: Severity | None) -> None:
    told = found("max-receive-count-low", stack(queues=main(max_receive_count=count)))
    assert [each.severity for each in told] == ([severity] if severity else [])


def test_a_dead_letter_queue_needs_none_of_its_own() -> None:
    assert found("dlq-missing", stack(mappings=(mapping(), mapping(DLQ)))) == ()


def test_fifo_retention_is_left_alone() -> None:
    pair = (
        queue("j.fifo", fifo=True, dead_letter_target_arn=f"{PREFIX}:d.fifo", max_receive_count=5),
        queue("d.fifo", fifo=True),
    )
    assert found("dlq-retention", stack(queues=pair)) == ()


def test_the_longest_retention_cannot_be_bettered() -> None:
    pair = (
        queue(
            JOBS,
            retention_s=1_209_600,
            dead_letter_target_arn=f"{PREFIX}:{DLQ}",
            max_receive_count=5,
        ),
        queue(DLQ, retention_s=1_209_600),
    )
    assert found("dlq-retention", stack(queues=pair)) == ()


# --- concurrency -----------------------------------------------------------------------------


def test_a_reserved_functions_throttles_are_its_own() -> None:
    where = stack(
        concurrency=(Concurrency(None, 1000, 900), Concurrency(WORKER, 2)),
        metrics=(series(WORKER, "Throttles", 9),),
    )
    assert found("account-concurrency", where) == ()
    (told,) = found("reserved-concurrency", where)
    assert told.severity is Severity.ERROR


def test_throttling_that_stopped_is_history() -> None:
    where = stack(
        concurrency=(Concurrency(None, 10, 10),),
        metrics=(
            series(PRODUCER, "Throttles", 24, 0, 0),
            series(PRODUCER, "Invocations", 76, 5, 5),
        ),
    )
    (told,) = found("account-concurrency", where)
    assert (told.past, told.severity) == (True, Severity.INFO)


def test_the_lines_to_put_into_the_project_name_its_own_queues() -> None:
    where = stack(
        concurrency=(Concurrency(None, 10, 10),),
        mappings=(mapping(), mapping("shop-dev-mail", "shop-dev-mailWorker", uuid="m2")),
        metrics=(series(PRODUCER, "Throttles", 24),),
    )
    (told,) = found("account-concurrency", where)
    assert told.fix.serverless_yml == (
        "constructs:",
        "  jobs:",
        "    maxConcurrency: 2",
        "  mail:",
        "    maxConcurrency: 2",
    )


def test_without_lift_the_share_is_the_functions_own_event() -> None:
    where = stack(
        concurrency=(Concurrency(None, 10, 10),),
        metrics=(series(PRODUCER, "Throttles", 24),),
    )
    (told,) = found("account-concurrency", replace(where, made_by="serverless"))
    assert told.fix.serverless_yml == (
        "functions:",
        "  jobsWorker:",
        "    events:",
        "      - sqs:",
        "          maximumConcurrency: 5",
    )


@pytest.mark.parametrize("tool", ["lift", "serverless"])
def test_reserved_and_mapped_concurrency_fit_each_other(tool: MadeBy) -> None:
    """A mapping takes no less than 2: a reservation of 1 is raised to it, by both ways."""
    where = stack(
        concurrency=(Concurrency(WORKER, 1),),
        mappings=(mapping(maximum_concurrency=20),),
    )
    (told,) = found("reserved-concurrency", replace(where, made_by=tool))
    assert [each.operation for each in told.fix.calls] == [
        "put_function_concurrency",
        "update_event_source_mapping",
    ]
    assert len(told.fix.commands) == 2
    assert told.fix.disposition == "unsafe"
    lines = [each.strip() for each in told.fix.serverless_yml]
    assert "reservedConcurrency: 2" in lines
    assert ("maxConcurrency: 2" if tool == "lift" else "maximumConcurrency: 2") in lines
    assert (lines[0] == "constructs:") is (tool == "lift")
    wide = replace(where, concurrency=Group((Concurrency(WORKER, 7),)))
    (told,) = found("reserved-concurrency", wide)
    assert [each.operation for each in told.fix.calls] == ["update_event_source_mapping"]


def test_a_small_limit_alone_is_no_fault() -> None:
    assert found("account-concurrency", stack(concurrency=(Concurrency(None, 10, 10),))) == ()


def test_maximum_concurrency_above_the_reservation() -> None:
    where = stack(
        mappings=(mapping(maximum_concurrency=20),), concurrency=(Concurrency(WORKER, 10),)
    )
    (told,) = found("reserved-concurrency", where)
    assert told.severity is Severity.WARNING
    assert "MaximumConcurrency=10" in told.fix.commands[0]


# --- policies ----------------------------------------------------------------------------------


def allow(**statement: object) -> ResourcePolicy:
    given = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        **statement,
    }
    return ResourcePolicy(PRODUCER, json.dumps({"Version": "2012-10-17", "Statement": [given]}))


def source(arn: str) -> dict[str, object]:
    return {"Condition": {"ArnLike": {"AWS:SourceArn": arn}}}


ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}"


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({}, True),
        (source(f"{ARN}/*"), True),
        (source(f"{ARN}/*/*/produce"), True),
        (source(f"{ARN}/*/POST/produce"), True),
        (source(f"{ARN}/$default/POST/produce"), True),
        (source(f"{ARN}/*/GET/other"), False),
        (source(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:zzz/*"), False),
        ({"Effect": "Deny"}, False),
        ({"Action": "lambda:GetFunction"}, False),
        ({"Action": ["lambda:*"]}, True),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Principal": "*"}, True),
    ],
)
def test_who_may_invoke(statement: dict[str, object], allowed: bool) -> None:
    assert bool(found("api-permission", stack(policies=(allow(**statement),)))) is not allowed


def test_a_policy_that_was_not_read_accuses_nobody() -> None:
    gap: Group[ResourcePolicy] = Group(unread=(Unread("policy", "access denied"),))
    assert found("api-permission", stack(policies=gap)) == ()


def test_an_alias_has_a_policy_of_its_own() -> None:
    where = stack(
        apis=(api(qualifier="live"),), policies=(allow(), ResourcePolicy(PRODUCER, None, "live"))
    )
    (told,) = found("api-permission", where)
    assert "--qualifier live" in told.fix.commands[0]


@pytest.mark.parametrize(
    ("statement", "severity"),
    [
        ({"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}, Severity.ERROR),
        (
            {
                "Effect": "Deny",
                "Principal": {"AWS": "arn:aws:iam::999:role/other"},
                "Action": "sqs:*",
            },
            None,
        ),
        ({"Effect": "Deny", "Principal": "*", "Action": "sqs:PurgeQueue"}, None),
        ({"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}, None),
        (
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:SendMessage",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
            },
            Severity.INFO,
        ),
    ],
)
def test_queue_policies(statement: dict[str, object], severity: Severity | None) -> None:
    told = found(
        "queue-policy-deny", stack(queues=main(policy=json.dumps({"Statement": [statement]})))
    )
    assert [each.severity for each in told] == ([severity] if severity else [])


# --- where things lie ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{JOBS}", ""),
        (f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{JOBS}", "us-east-1"),
        (f"https://sqs.{REGION}.amazonaws.com/999999999999/{JOBS}", "999999999999"),
        (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{DLQ}", "dead-letter queue"),
        (f"http://127.0.0.1:4566/{ACCOUNT}/{JOBS}", ""),
        ("not a url", ""),
    ],
)
def test_queue_urls_of_the_environment(url: str, says: str) -> None:
    where = stack(functions=(function(), function(PRODUCER, environment={"QUEUE_URL": url})))
    told = found("queue-url-mismatch", where)
    assert [says in each.title for each in told] == ([True] if says else [])


def test_a_foreign_queue_beside_the_own_is_meant() -> None:
    environment = {
        "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{JOBS}",
        "AUDIT_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/audit",
    }
    where = stack(functions=(function(), function(PRODUCER, environment=environment)))
    assert found("queue-url-mismatch", where) == ()


def test_a_mapping_list_that_was_not_read_whole_proves_nothing() -> None:
    gap: Group[object] = Group((), (Unread("consumers of jobs", "access denied"),))
    assert found("mapping-missing", stack(mappings=gap, queues=main(visible=3))) == ()


def test_a_queue_that_others_receive_from_is_consumed() -> None:
    where = stack(
        mappings=(), queues=main(visible=3), metrics=(series(JOBS, "NumberOfMessagesReceived", 5),)
    )
    assert found("mapping-missing", where) == ()


def test_a_mapping_to_a_function_that_is_gone() -> None:
    where = stack(functions=Group((), (Unread(f"function {WORKER}", "missing"),)))
    (told,) = found("mapping-missing", where)
    assert "does not exist" in told.title


def test_dead_letter_queue_that_is_gone() -> None:
    where = stack(queues=Group((main()[0],), (Unread(f"queue {DLQ}", "missing"),)))
    (told,) = found("redrive-not-allowed", where)
    assert f"dead-letters to {DLQ}, which does not exist" in told.title


def test_kinds_of_a_pair_of_queues() -> None:
    pair = (
        queue("j.fifo", fifo=True, dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5),
        queue(DLQ),
    )
    (told,) = found("redrive-not-allowed", stack(queues=pair))
    assert "is FIFO" in told.title


# --- symptoms ----------------------------------------------------------------------------------


def test_server_errors_before_the_last_deployment_are_history() -> None:
    metrics = (series(API, "5xx", 5, ends=600), series(API, "Count", 5, ends=600))
    assert found("http-5xx", stack(metrics=metrics))
    changed = (function(), function(PRODUCER, last_modified=ago(300)))
    (told,) = found("http-5xx", stack(metrics=metrics, functions=changed))
    assert (told.past, "its function was changed" in told.title) == (True, True)
    assert diagnose(stack(metrics=metrics, functions=changed)).verdict == "healthy"


def test_slow_server_errors_are_told_from_fast_ones() -> None:
    fast = (series(API, "5xx", 5), series(API, "IntegrationLatency", 60, statistic="Maximum"))
    slow = (series(API, "5xx", 5), series(API, "IntegrationLatency", 30_000, statistic="Maximum"))
    assert "timed out" not in found("http-5xx", stack(metrics=fast))[0].title
    assert "timed out" in found("http-5xx", stack(metrics=slow))[0].title


def test_an_old_message_is_a_backlog() -> None:
    age = series(JOBS, "ApproximateAgeOfOldestMessage", 10, 9000, statistic="Maximum")
    (told,) = found("backlog-growing", stack(queues=main(visible=1), metrics=(age,)))
    assert "the oldest for 2 h" in told.title


def test_an_empty_queue_has_none() -> None:
    age = series(JOBS, "ApproximateAgeOfOldestMessage", 10, 9000, statistic="Maximum")
    assert found("backlog-growing", stack(queues=main(visible=0), metrics=(age,))) == ()


def test_a_version_of_the_same_code_is_not_stale() -> None:
    from sqsctl.model.functions import (
        PublishedVersion,
    )

    same = function(code_sha256="x", qualified=(PublishedVersion("1", "1", "x"),))
    where = stack(mappings=(mapping(qualifier="1"),), functions=(same,))
    assert found("stale-version", where) == ()
    unknown = replace(same, qualified=())
    (told,) = found("stale-version", replace(where, functions=Group((unknown,))))
    assert told.severity is Severity.INFO


# --- what is new on AWS is no fault ---------------------------------------------------------------


def test_latest_of_managed_instances_is_not_invoked_itself() -> None:
    managed = (function(state="ActiveNonInvocable"), function(PRODUCER))
    published = (mapping(qualifier="$LATEST.PUBLISHED"),)
    found = diagnose(stack(functions=managed, mappings=published))
    assert [each.id for each in found.findings] == []


def test_filters_that_a_key_hides_leave_the_verdict_open() -> None:
    hidden = (mapping(filters_error="no decrypt"),)
    found = diagnose(stack(mappings=hidden))
    assert found.verdict == "unknown"
    (unseen,) = found.unseen
    assert (unseen.why, unseen.action) == ("no decrypt", "kms:Decrypt")


@pytest.mark.parametrize(
    ("host", "wrong"),
    [
        ("sqs.me-west-1.amazonaws.com", None),
        ("sqs.sa-west-1.amazonaws.com", None),
        ("sqs.eusc-de-east-1.amazonaws.eu", None),
        ("sqs.us-esat-1.amazonaws.com", "us-esat-1"),
        ("sqs.us-west-3.amazonaws.com", "us-west-3"),
        ("sqs.ap-norteast-2.amazonaws.com", "ap-norteast-2"),
    ],
)
def test_a_region_that_the_list_or_botocore_knows_is_one(host: str, wrong: str | None) -> None:
    assert unknown_region(f"getaddrinfo ENOTFOUND {host}") == wrong


def test_previews_and_runtimes_of_customers_are_no_unknown_ones() -> None:
    def said(runtime: str, at: datetime = NOW) -> list[str]:
        observed = replace(stack(functions=(function(runtime=runtime),)), observed_at=at)
        return [each.title for each in RuntimeDeprecated().diagnose(observed)]

    assert "public preview" in said("python3.15")[0]
    assert "public preview" in said("nodejs26.x")[0]
    assert said("custom") == []
    assert said("python3.14") == []
    assert "does not know" in said("cobol1")[0]
    assert "older than half a year" in said("cobol1", NOW + timedelta(days=200))[0]
    assert "older than half a year" not in said("cobol1")[0]


def test_regions_of_the_installed_botocore_are_known() -> None:
    found = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = json.loads(found.read_text(encoding="utf-8"))["partitions"]
    assert {name for each in partitions for name in each["regions"]} <= known_regions()
