"""Feed it, follow it, watch it: what was sent, where it is now, what the logs say."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.api import ApiClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.lab import incidents
from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.queues import QueueRef
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab


def test_fifty_posts_and_all_of_them_processed(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """Step 2 of the tutorial, as one command."""
    shown = sqsctl("produce", "--count", "50", "--follow", "-o", "json")
    assert on_lab.name == shown.envelope["target"]["stack"]
    assert shown.code == 0, shown.out
    found = shown.data["follow"]
    assert (found["processed"], found["dead_lettered"], found["waiting"]) == (50, 0, 0)
    assert (found["seen_in_log"], found["certain"]) == (50, True)
    stages = found["stages_ms"]
    assert set(stages) == {"queue", "consumer", "end-to-end"}
    assert stages["end-to-end"]["med"] >= stages["queue"]["min"]


def shorten(lab: DeployedLab, *, receives: int, visibility_s: int) -> None:
    """Messages are dead-lettered sooner."""
    policy = {"deadLetterTargetArn": lab.dead_letters.ref.arn, "maxReceiveCount": receives}
    lab.session.sqs().set_queue_attributes(
        QueueUrl=lab.queue.url,
        Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": str(visibility_s)},
    )


def check_dead_of_time(data: dict[str, Any], accepted: int) -> None:
    """All of them died since their consumer was too slow, and that is certain."""
    found = data["follow"]
    assert found["processed"] + found["dead_lettered"] + found["waiting"] == accepted
    assert (found["dead_lettered"], found["certain"]) == (accepted, True)
    assert found["invocations"]["failed"] >= accepted
    assert set(found["invocations"]["checks"]) == {"function-timeout"}
    assert found["stages_ms"]["consumer"]["med"] >= 800
    assert found["dead_lettered_after_s"]["last"] >= found["dead_lettered_after_s"]["first"]


def test_posts_to_a_slow_consumer_and_where_they_end(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """Step 3 of the tutorial, short: one receive instead of three."""
    incidents.get("function-timeout").break_(on_lab.session)
    shorten(on_lab, receives=1, visibility_s=1)
    shown = sqsctl("produce", "--count", "5", "--follow", "-o", "json")
    assert shown.code == 10, shown.out
    assert (shown.data["requested"], shown.data["accepted"]) == (5, 5)
    check_dead_of_time(shown.data, 5)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_hundred_posts_to_a_slow_consumer(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """Step 3 of the tutorial, as one command."""
    incidents.get("function-timeout").break_(on_lab.session)
    shown = sqsctl("produce", "--count", "100", "--follow", "--follow-timeout", "3m", "-o", "json")
    data = shown.data
    assert data["requested"] == 100 == data["accepted"] + data["rejected"] + data["unknown"]
    assert shown.code == (10 if data["accepted"] == 100 else 3)
    check_dead_of_time(data, data["accepted"])
    assert data["follow"]["invocations"]["failed"] >= 3 * data["accepted"]


def test_a_500_is_explained_by_the_producer_s_log(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    incidents.get("access-denied").break_(on_lab.session)
    shown = sqsctl("produce", "--count", "3", "--follow", "-o", "json")
    assert (shown.code, shown.data["status_codes"]) == (3, {"500": 3})
    (told,) = shown.data["explanations"]
    assert (told["status"], told["count"], told["checks"]) == (500, 3, ["access-denied"])
    assert shown.data["follow"] is None, "nothing was accepted: nothing to follow"


@pytest.mark.long
def test_a_fast_503_is_throttling(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """The same without concurrency for the producer, as in the tutorial's k6 run."""
    on_lab.session.functions().put_function_concurrency(
        FunctionName=f"{on_lab.name}-producer", ReservedConcurrentExecutions=0
    )
    data = sqsctl("produce", "--count", "5", "-o", "json").data
    assert data["status_codes"] == {"503": 5}
    (told,) = data["explanations"]
    assert told["checks"] == ["account-concurrency", "reserved-concurrency"]
    found = sqsctl("doctor", *told["checks"], "-o", "json")
    assert (found.code, found.data["findings"][0]["id"]) == (10, "reserved-concurrency")


@pytest.mark.long
def test_a_slow_503_is_the_integration_s_timeout(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """An API that waits 50 ms, and a producer that has to start first: it goes on, unheard."""
    apis = on_lab.session.http_apis()
    for part in on_lab.stack.apis:
        for each in apis.get_integrations(ApiId=part.id)["Items"]:
            apis.update_integration(
                ApiId=part.id, IntegrationId=each["IntegrationId"], TimeoutInMillis=50
            )
    data = sqsctl("produce", "--count", "1", "-o", "json").data
    assert (data["status_codes"], data["unknown"], data["rejected"]) == ({"503": 1}, 1, 0)
    (told,) = data["explanations"]
    assert told["checks"] == ["integration-timeout"]
    assert "may be in the queue" in told["meaning"]
    found = sqsctl("doctor", "integration-timeout", "-o", "json").data["findings"]
    assert {each["id"] for each in found} == {"integration-timeout"}


@pytest.mark.long
def test_no_such_route_is_a_404(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """A route that was taken away between looking and sending."""
    apis = on_lab.session.http_apis()
    (api,) = (part.id for part in on_lab.stack.apis)
    routes = apis.get_routes(ApiId=api)["Items"]
    real = ApiClient.post

    def taken_away(self: ApiClient, body: str | bytes, **more: Any) -> HttpAnswer:
        for each in routes:
            with contextlib.suppress(apis.exceptions.NotFoundException):
                apis.delete_route(ApiId=api, RouteId=each["RouteId"])
        return real(self, body, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiClient, "post", taken_away)
        data = sqsctl("produce", "--count", "2", "--concurrency", "1", "-o", "json").data
    assert data["status_codes"] == {"404": 2}
    (told,) = data["explanations"]
    assert "no such route" in told["meaning"]


@pytest.mark.long
def test_poison_ends_among_the_dead_letters(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """What is processed and what died add up to what was sent; the seed says which died."""
    from sqsctl.operations.sending.bodies import Poison

    bad = sum(Poison(0.1, 3).hits(n) for n in range(1, 31))
    assert 0 < bad < 30
    shown = sqsctl(
        *("produce", "--count", "30", "--via", "sqs", "--poison", "10%", "--seed", "3"),
        *("--follow", "-o", "json"),
    )
    assert shown.code == 10, shown.out
    assert (shown.data["seed"], shown.data["poisoned"]) == (3, bad)
    found = shown.data["follow"]
    assert (found["processed"], found["dead_lettered"], found["waiting"]) == (30 - bad, bad, 0)
    assert found["certain"] is True
    watched = sqsctl("watch", "--count", "1", "-o", "json")
    picture = json.loads(watched.out)
    dead = next(each for each in picture["queues"] if each["dead_letter_queue"])
    assert dead["visible"] == bad
    assert {each["check"] for each in picture["failures"]} == {"payload-not-json"}
    plain = sqsctl("watch", "--count", "1")
    assert "payload-not-json" in plain.out
    assert "\x1b" not in plain.out
    grouped = sqsctl("logs", "tail", "--no-follow", "--group-by-request", "--errors")
    heading = next(each for each in grouped.out.splitlines() if each.startswith("✗"))
    assert "payload-not-json" in heading
    folded = sqsctl("logs", "tail", "--no-follow")
    opened = sqsctl("logs", "tail", "--no-follow", "--no-fold")
    assert "Traceback" not in folded.out
    assert "Traceback" in opened.out


def test_bodies_from_a_file_end_with_it(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    source = tmp_path / "orders.jsonl"
    source.write_text("".join(f'{{"input": {n}}}\n' for n in range(25)))
    command = ("produce", "--from", str(source), "--via", "sqs", "-o", "json")
    shown = sqsctl(*command)
    assert (shown.code, shown.data["requested"], shown.data["accepted"]) == (0, 25, 25)
    dry = sqsctl(*command, "--dry-run", "--rate", "10")
    assert (dry.data["first_body"], dry.data["rate_per_s"]) == ('{"input": 0}', 10.0)
    source.write_text('{"input": 1}\n{"input": ')
    bad = sqsctl(*command)
    assert (bad.code, bad.envelope["data"]) == (2, {})
    assert "orders.jsonl, line 2: not JSON" in bad.envelope["errors"][0]["message"]
    assert sqsctl(*command, "--any-text").data["accepted"] == 2
    assert on_lab.queue.name


def test_groups_of_a_fifo_queue_keep_their_order(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    sqs = on_lab.session.sqs()
    name = f"{on_lab.name}.fifo"
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    try:
        bare = sqsctl("produce", "--queue", url, "--count", "3")
        assert (bare.code, "--groups 10" in bare.err) == (2, True)
        made = sqsctl("produce", "--queue", url, "--count", "33", "--groups", "3", "-o", "json")
        assert made.data["accepted"] == 33
        port = QueueClient(on_lab.session).open(QueueRef(name, url))
        found: dict[str, list[int]] = {}
        while batch := port.receive(10, visibility_s=60):
            for each in batch:
                found.setdefault(each.group_id or "", []).append(json.loads(each.body)["input"])
            port.delete(batch)
    finally:
        sqs.delete_queue(QueueUrl=url)
    assert found == {f"g{n}": list(range(n, 34, 3)) for n in (1, 2, 3)}


def test_the_load_as_a_k6_script(on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    file = tmp_path / "load.js"
    command = ("produce", "--count", "10", "--export-k6", str(file))
    assert sqsctl(*command).code == 0
    text = file.read_text()
    assert f'"{on_lab.state.endpoint}/produce"' in text
    assert '"Host":' in text
    again = sqsctl(*command, "-o", "json")
    assert (again.code, again.envelope["errors"][0]["code"]) == (9, "file_exists")
    assert sqsctl(*command, "--yes").code == 0
    assert sqsctl(*command, "--via", "sqs").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--poison", "lots"], "is not a share"),
        (["--poison", "101%"], "is not a share"),
        (["--seed", "1"], "go with --poison"),
        (["--follow-timeout", "1m"], "goes with --follow"),
        (["--from", "nowhere.jsonl"], "cannot read nowhere.jsonl"),
        (["--from", "x", "--body", "y"], "bodies once"),
        (["--group", "a", "--groups", "3"], "one of them"),
        (["--any-text"], "goes with --from"),
        (["--follow", "--export-k6", "x.js"], "cannot follow"),
        (["--threshold", "p95<500"], "failed as a number or in %"),
        (["--rate", "nan"], "must be above 0"),
    ],
)
def test_nonsense_is_named_before_anything_is_sent(
    on_lab: DeployedLab, sqsctl: Sqsctl, arguments: list[str], words: str
) -> None:
    shown = sqsctl("produce", *arguments)
    assert (shown.code, shown.out) == (2, "")
    assert words in shown.err
    assert on_lab.name
