"""Provisioned pollers, and levels that are known: what follows from them, and what does not."""

from __future__ import annotations

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Finding
from sqsctl.model.stack import Concurrency, FunctionLogs, Stack
from tests.checks.build import WORKER, function, mapping, series, stack

POLLED = mapping(provisioned_pollers=True, minimum_pollers=2, maximum_pollers=40)


def found(built: Stack, check: str) -> list[Finding]:
    return [each for each in diagnose(built, only=(check,)).findings if each.id == check]


def words(finding: Finding) -> str:
    return f"{finding.title} {finding.fix.summary} {finding.fix.commands} {finding.fix.ways}"


def test_provisioned_pollers_do_not_start_with_five() -> None:
    limits = (Concurrency(WORKER, 3),)
    assert found(stack(mappings=(mapping(),), concurrency=limits), "reserved-concurrency")
    assert not found(stack(mappings=(POLLED,), concurrency=limits), "reserved-concurrency")


def test_no_maximum_concurrency_is_advised_beside_provisioned_pollers() -> None:
    limits, throttles = (Concurrency(WORKER, 3),), (series(WORKER, "Throttles", 0, 7),)
    built = stack(mappings=(POLLED,), concurrency=limits, metrics=throttles)
    (finding,) = found(built, "reserved-concurrency")
    assert "up to 40 provisioned pollers" in finding.title
    assert "--scaling-config" not in words(finding)


def test_a_silent_log_is_only_excused_where_levels_can_silence_it() -> None:
    invoked = (series(WORKER, "Invocations", *([5] * 12)),)
    empty = (FunctionLogs(WORKER, f"/aws/lambda/{WORKER}"),)

    def silent(level: str | None) -> bool:
        own = (function(log_format="JSON", system_log_level=level),)
        return bool(found(stack(functions=own, logs=empty, metrics=invoked), "logs-missing"))

    assert silent("INFO")
    assert not silent("WARN")
    assert not silent(None)
