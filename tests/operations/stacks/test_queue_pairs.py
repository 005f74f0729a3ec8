"""From whichever end a queue pair is named, both ends are found."""

from __future__ import annotations

import pytest

from sqsctl.errors import NotFoundError
from sqsctl.operations.dead_letters.inspect import inspect
from sqsctl.operations.stacks.queue_pairs import beside, find_pair
from tests.operations.fakes import FakeSqs, arn_of, url_of


@pytest.fixture
def sqs() -> FakeSqs:
    sqs = FakeSqs()
    sqs.create("jobs-dlq")
    sqs.create("jobs", dead_letters="jobs-dlq")
    return sqs


@pytest.mark.parametrize("reference", ["jobs", "jobs-dlq", arn_of("jobs"), url_of("jobs-dlq")])
def test_either_end_leads_to_both(sqs: FakeSqs, reference: str) -> None:
    pair = find_pair(sqs, reference)
    assert pair.dead_letters.name == "jobs-dlq"
    assert [each.name for each in pair.sources] == ["jobs"]


def test_all_sources_are_found_and_the_named_one_comes_first(sqs: FakeSqs) -> None:
    sqs.create("orders", dead_letters="jobs-dlq")
    assert {each.name for each in find_pair(sqs, "jobs-dlq").sources} == {"jobs", "orders"}
    assert [each.name for each in find_pair(sqs, "orders").sources] == ["orders", "jobs"]


@pytest.mark.parametrize("dead", ["jobs-dlq", "jobs_dlq", "jobsDlq", "jobs-dead-letter"])
def test_where_sources_cannot_be_listed_the_convention_is_tried(dead: str) -> None:
    sqs = FakeSqs()
    sqs.unsupported.add("dead_letter_sources")
    sqs.create(dead)
    sqs.create("jobs", dead_letters=dead)
    assert [each.name for each in find_pair(sqs, dead).sources] == ["jobs"]


def test_the_convention_keeps_the_fifo_ending() -> None:
    sqs = FakeSqs()
    sqs.unsupported.add("dead_letter_sources")
    sqs.create("jobs-dlq.fifo")
    sqs.create("jobs.fifo", dead_letters="jobs-dlq.fifo")
    assert [each.name for each in find_pair(sqs, "jobs-dlq.fifo").sources] == ["jobs.fifo"]


def test_a_name_alone_proves_nothing() -> None:
    sqs = FakeSqs()
    sqs.unsupported.add("dead_letter_sources")
    sqs.create("jobs-dlq")
    sqs.create("jobs")
    assert find_pair(sqs, "jobs-dlq").sources == ()


def test_a_source_that_may_not_be_read_is_still_a_source(sqs: FakeSqs) -> None:
    sqs.denied.add("jobs")
    (source,) = find_pair(sqs, "jobs-dlq").sources
    assert (source.name, source.arn) == ("jobs", arn_of("jobs"))


def test_a_missing_queue_is_not_found(sqs: FakeSqs) -> None:
    with pytest.raises(NotFoundError):
        find_pair(sqs, "nope")


def test_the_url_beside_keeps_host_and_account(sqs: FakeSqs) -> None:
    assert beside(sqs.facts("jobs"), arn_of("x.fifo")).url == url_of("x.fifo")
    with pytest.raises(NotFoundError):
        beside(sqs.facts("jobs"), "arn:aws:sns:r:0:topic")


def test_inspect_tells_both(sqs: FakeSqs) -> None:
    sqs.queues["jobs-dlq"].put("a", "b")
    report = inspect(sqs, "jobs")
    assert report.queue.max_receive_count == 3
    assert report.dead_letters is not None
    assert report.dead_letters.visible == 2


def test_inspect_survives_a_dead_letter_queue_that_is_gone(sqs: FakeSqs) -> None:
    del sqs.queues["jobs-dlq"]
    report = inspect(sqs, "jobs")
    assert report.dead_letters is None
    assert "jobs-dlq" in (report.dead_letters_unread or "")


def test_a_queue_without_dead_letters_has_none(sqs: FakeSqs) -> None:
    report = inspect(sqs, "jobs-dlq")
    assert (report.dead_letters, report.dead_letters_unread) == (None, None)
