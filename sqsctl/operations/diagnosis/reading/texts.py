"""Logs and packages: what functions wrote, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqsctl.aws.cloudwatch.logs import CALLS_PER_SECOND, Limiter, LogClient
from sqsctl.aws.packages import PackageReader
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Fact,
    FunctionLogs,
    Package,
    PackageMember,
    Unread,
)
from sqsctl.operations.diagnosis.reading.observation import LOGS, SharedReads
from sqsctl.operations.logs.log_window import Window, read_window

MAX_LOG_GROUPS = 40
KEPT_EVENTS = 2_000


class LogReader:
    """Reads the newest part of each function's log, under the region's quota.

    A stack of more than MAX_LOG_GROUPS functions waits for ``start_waiting``, which takes
    those that matter first.
    """

    def __init__(self, shared: SharedReads) -> None:
        self.logs: dict[str, FunctionLogs] = {}
        self._shared = shared
        self._client = LogClient(shared.session, Limiter())
        self._waiting: dict[str, str] | None = (
            {} if len(shared.ref.functions) > MAX_LOG_GROUPS else None
        )

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def read(self, name: str, group: str) -> None:
        """Read a function's log, now or when it is its turn."""
        wanted = self._shared.wanted
        if Fact.LOGS not in wanted.facts or not wanted.logs_of(name):
            return
        if not self._shared.first_time("logs", name):
            return
        if self._waiting is None:
            self._start(name, group)
        else:
            self._waiting[name] = group

    def start_waiting(self, order: Callable[[str], tuple[int, str]]) -> None:
        """Read those that were kept back, the least in ``order`` first, up to the cap."""
        waiting, self._waiting = self._waiting or {}, None
        ranked = sorted(waiting, key=order)
        for name in ranked[:MAX_LOG_GROUPS]:
            self._start(name, waiting[name])
        left = len(ranked) - MAX_LOG_GROUPS
        if left > 0:
            self._shared.gap(Fact.LOGS)(
                Unread(f"logs of {left} more functions", "more than are read; name one")
            )

    def _start(self, name: str, group: str) -> None:
        wanted = self._shared.wanted

        def have(window: Window) -> None:
            self.logs[name] = understood(name, group, wanted.since, window)

        def missing() -> None:
            self.logs[name] = FunctionLogs(name, group, since=wanted.since, exists=False)

        self._shared.work.start(
            f"log group {group}",
            lambda: read_window(
                self._client,
                group,
                since=wanted.since,
                until=wanted.until + timedelta(seconds=60),
                function=name,
            ),
            have,
            self._shared.gap(Fact.LOGS),
            kind=LOGS,
            action="logs:FilterLogEvents",
            missing=missing,
            # Many groups wait for each other under the quota.
            extra_s=len(self._shared.ref.functions) / CALLS_PER_SECOND * 2,
        )

    def ask_retention(self, failed: Collection[str]) -> None:
        """How long the logs are kept of functions that failed and whose log tells of no failure."""
        for name in failed:
            logs = self.logs.get(name)
            if logs is None or not logs.exists or logs.failures:
                continue
            self._shared.work.start(
                f"retention of {logs.group}",
                partial(self._client.retention_days, logs.group),
                partial(self._have_retention, name),
                lambda _: None,  # it only tells more of why
                action="logs:DescribeLogGroups",
            )

    def _have_retention(self, name: str, days: int | None) -> None:
        self.logs[name] = replace(self.logs[name], retention_days=days)


class PackagesReader:
    """Reads the listing of each function's package and of its layers."""

    def __init__(self, shared: SharedReads) -> None:
        self.packages: dict[str, Package] = {}
        self._shared = shared
        self._reader = PackageReader(shared.session)
        self._layers: dict[str, list[PackageMember]] = {}
        self._incomplete: set[str] = set()

    def read(self, function: Function) -> None:
        """Read a function's package and layers."""
        wanted = self._shared.wanted
        if Fact.PACKAGES not in wanted.facts or not wanted.logs_of(function.name):
            return
        self._shared.work.start(
            f"package of {function.name}",
            lambda: self._reader.read(function),
            self._have,
            self._shared.gap(Fact.PACKAGES),
            action="lambda:GetFunction",
        )
        for arn in function.layers:
            self._shared.work.start(
                f"layer {arn.rpartition('layer:')[2]} of {function.name}",
                partial(self._reader.layer, arn),
                partial(self._have_layer, function.name),
                partial(self._no_layer, function.name),
                action="lambda:GetLayerVersion",
            )

    def lost(self, name: str, gap: Unread) -> None:
        """The function could not be read, so its package cannot."""
        if Fact.PACKAGES in self._shared.wanted.facts:
            self._shared.gap(Fact.PACKAGES)(Unread(f"package of {name}", gap.reason, gap.action))

    def complete(self) -> Iterable[Package]:
        """The packages with their layers; one whose layers are not all known is truncated."""
        for name, package in self.packages.items():
            self.packages[name] = replace(
                package,
                layer_members=tuple(self._layers.get(name, ())),
                truncated=package.truncated or name in self._incomplete,
            )
        return self.packages.values()

    def _have(self, package: Package) -> None:
        self.packages[package.function] = package

    def _have_layer(self, function: str, members: tuple[PackageMember, ...]) -> None:
        self._layers.setdefault(function, []).extend(members)

    def _no_layer(self, function: str, gap: Unread) -> None:
        self._incomplete.add(function)
        self._shared.gap(Fact.PACKAGES)(gap)


def understood(function: str, group: str, since: datetime, window: Window) -> FunctionLogs:
    """A function's log events, read: attempts, failures, and the newest of the text."""
    from sqsctl.logtext import read

    reading = read(window.events)
    return FunctionLogs(
        function=function,
        group=group,
        since=since,
        truncated=window.truncated,
        log_class=window.log_class,
        scanned_bytes=window.scanned_bytes,
        attempts=reading.attempts,
        failures=reading.failures,
        events=window.events[-KEPT_EVENTS:],
    )
