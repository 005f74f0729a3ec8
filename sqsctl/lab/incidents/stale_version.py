"""A mapping that still points to a published version, after newer code was deployed.

The consumer was mended in $LATEST; what runs is version 1 of it, which only logs the
message and calculates nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqsctl.aws.translate import translated
from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench
from sqsctl.lab.incidents.changes import Change, Value, on_latest, source
from sqsctl.lab.incidents.resources import MappingField

_FUNCTION = "consumer"
_DESCRIPTION = "before the result was calculated"


@dataclass(frozen=True)
class OnStaleVersion(Change):
    """The mapping's function: a version of it instead of $LATEST."""

    key: str = "mapping:FunctionName"

    def read(self, bench: Bench) -> Value:
        return MappingField("FunctionArn", None).read(bench)

    def fits(self, bench: Bench) -> None:
        on_latest(bench, _FUNCTION)
        bench.language(_FUNCTION)

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - the version is known
        arn = bench.configuration(_FUNCTION)["FunctionArn"]
        return f"{arn}:{published(bench)}"

    def write(self, bench: Bench, value: Value) -> None:
        MappingField("FunctionName", None).write(bench, value)


class StaleVersion(Incident):
    name = "stale-version"
    step = "step 2, item 4"
    breaks = "the mapping points to an old version of the consumer, not to what was deployed last"
    changes = (OnStaleVersion(),)

    def prepare(self, bench: Bench) -> None:
        if published(bench):
            return
        language = bench.language(_FUNCTION)
        newest = bench.code(_FUNCTION)
        bench.deploy(
            _FUNCTION, bench.packaged(_FUNCTION, source("stale_version", language), language)
        )
        try:
            with translated(f"function {_FUNCTION}"):
                bench.aws.functions().publish_version(
                    FunctionName=bench.function(_FUNCTION), Description=_DESCRIPTION
                )
        finally:
            bench.deploy(_FUNCTION, newest)

    def clean_up(self, bench: Bench) -> None:
        version = published(bench)
        if version:
            with translated(f"function {_FUNCTION}"):
                bench.aws.functions().delete_function(
                    FunctionName=bench.function(_FUNCTION), Qualifier=version
                )


def published(bench: Bench) -> str:
    """The number of the stale version; empty where it was not published yet."""
    with translated(f"function {_FUNCTION}"):
        pages = (
            bench.aws.functions()
            .get_paginator("list_versions_by_function")
            .paginate(FunctionName=bench.function(_FUNCTION))
        )
        for page in pages:
            for each in page["Versions"]:
                if each.get("Description") == _DESCRIPTION and each["Version"] != "$LATEST":
                    return str(each["Version"])
    return ""
