"""The shared parts: runtime calendar, version ranges, sources, policies, commands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.access.policies import like, statements
from sqsctl.checks.support.packages.runtimes import bundles, calendar, family, node_major
from sqsctl.checks.support.packages.versions import allows
from sqsctl.model.finding import Severity
from sqsctl.model.stack import Declared, PackageMember
from tests.checks.build import NOW, function, package, stack

# --- runtimes --------------------------------------------------------------------------------


def test_the_calendar_says_when_it_was_compiled() -> None:
    assert calendar().compiled >= date(2026, 11, 23)
    assert calendar().source
    assert set(calendar().recommended.values()) <= set(calendar().runtimes)


def test_dates_of_one_runtime() -> None:
    known = calendar().runtimes["nodejs14.x"]
    assert (known.deprecated, known.block_create, known.block_update) == (
        date(2023, 12, 4),
        date(2024, 1, 9),
        date(2027, 3, 3),
    )


def test_recommended_runtimes_are_supported() -> None:
    for name in calendar().recommended.values():
        known = calendar().runtimes[name]
        assert known.deprecated is None or known.deprecated > calendar().compiled


@pytest.mark.parametrize(
    ("runtime", "severity"),
    [
        ("nodejs12.x", Severity.ERROR),
        ("nodejs14.x", Severity.ERROR),
        ("nodejs20.x", Severity.WARNING),
        ("python3.9", Severity.WARNING),
        ("nodejs22.x", None),
        ("python3.13", None),
        ("nodejs99.x", Severity.INFO),
    ],
)
def test_severity_of_a_runtime(runtime: str, severity: Severity | None) -> None:
    found = diagnose(stack(functions=(function(runtime=runtime),)), only=("runtime-deprecated",))
    assert [each.severity for each in found.findings] == ([severity] if severity else [])


def test_the_day_of_the_look_counts_not_todays() -> None:
    from dataclasses import replace

    then = replace(
        stack(functions=(function(runtime="nodejs20.x"),)), observed_at=NOW.replace(year=2025)
    )
    assert diagnose(then, only=("runtime-deprecated",)).findings == ()


@pytest.mark.parametrize(
    ("runtime", "module", "expected"),
    [
        ("nodejs16.x", "aws-sdk", True),
        ("nodejs18.x", "aws-sdk", False),
        ("nodejs16.x", "@aws-sdk/client-s3", False),
        ("nodejs22.x", "@aws-sdk/client-s3", True),
        ("nodejs22.x", "axios", None),
        ("python3.12", "boto3", True),
        ("nodejs99.x", "aws-sdk", None),
        (None, "aws-sdk", None),
    ],
)
def test_bundled_sdks(runtime: str | None, module: str, expected: bool | None) -> None:
    assert bundles(runtime, module) is expected


def test_families() -> None:
    assert (family("nodejs20.x"), family("provided.al2023"), family("")) == (
        "nodejs",
        "provided",
        "",
    )
    assert (node_major("nodejs20.x"), node_major("python3.12"), node_major(None)) == (
        20,
        None,
        None,
    )


# --- what the project says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "version", "expected"),
    [
        ("18", "18", True),
        ("18", "20", False),
        (">=18", "20", True),
        (">=18 <20", "20", False),
        (">=18.17.0 <21", "20", True),
        ("^20.3.1", "20", True),
        ("^20.3.1", "22", False),
        ("~20.3", "20", True),
        ("18.x || 20.x", "20", True),
        ("18.x || 20.x", "22", False),
        ("18 - 20", "20", True),
        ("lts/hydrogen", "18", True),
        ("lts/hydrogen", "20", False),
        ("v20.11.1", "20", True),
        ("*", "20", None),
        ("lts/*", "20", None),
        ("nonsense", "20", None),
        (">=3.11,<3.13", "3.12", True),
        (">=3.11,<3.13", "3.13", False),
        ("~=3.11", "3.12", True),
        ("==3.11.*", "3.12", False),
        ("3.11.7", "3.11", True),
        ("3.9", "3.11", False),
    ],
)
def test_version_ranges(wanted: str, version: str, expected: bool | None) -> None:
    assert allows(wanted, version) is expected


@given(st.text(max_size=40), st.text(max_size=10))
def test_any_range(wanted: str, version: str) -> None:
    assert allows(wanted, version) in {True, False, None}


@pytest.mark.parametrize(
    ("runtime", "paths", "says"),
    [
        ("python3.13", ["a/_x.cpython-312-x86_64-linux-gnu.so"], "Python 3.12 on x86_64"),
        ("python3.12", ["a/_x.cpython-312-x86_64-linux-gnu.so"], ""),
        ("python3.12", ["a/_x.cpython-312-aarch64-linux-gnu.so"], "Python 3.12 on arm64"),
        (
            "python3.12",
            ["a/_x.cpython-312-aarch64-linux-gnu.so", "a/_x.cpython-312-x86_64-linux-gnu.so"],
            "",
        ),
        (
            "nodejs22.x",
            ["node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node"],
            "macOS",
        ),
        ("nodejs22.x", ["node_modules/@img/sharp-linux-arm64/lib/sharp-linux-arm64.node"], "arm64"),
        (
            "nodejs22.x",
            [
                "node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node",
                "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node",
            ],
            "",
        ),
    ],
)
def test_what_a_package_was_built_for(runtime: str, paths: list[str], says: str) -> None:
    from dataclasses import replace

    built = replace(package(), members=tuple(PackageMember(path, 1) for path in paths))
    found = diagnose(
        stack(functions=(function(runtime=runtime),), packages=(built,)), only=("runtime-mismatch",)
    ).findings
    assert [says in each.title for each in found] == ([True] if says else [])


def test_a_wheel_for_another_python() -> None:
    source = {
        "pydantic_core-2.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: "
        "cp311-cp311-manylinux_2_17_x86_64\n"
    }
    built = package(**source)
    found = diagnose(
        stack(functions=(function(runtime="python3.12"),), packages=(built,)),
        only=("runtime-mismatch",),
    ).findings
    assert "cp311" in found[0].title


def test_the_special_declaration_wins() -> None:
    declared = (
        Declared("runtime", "python3.12", "serverless.yml:5"),
        Declared("runtime", "python3.13", "serverless.yml:20", function=function().name),
    )
    found = diagnose(stack(functions=(function(),), project=declared), only=("runtime-mismatch",))
    assert found.findings == ()


# --- sources -----------------------------------------------------------------------------------


def test_a_fifo_consumer_that_returns_its_failures_early_is_right() -> None:
    source = (
        "def handler(event, context):\n"
        "    for n, record in enumerate(event['Records']):\n"
        "        if not work(record):\n"
        "            return {'batchItemFailures': rest(event, n)}\n"
    )
    from tests.checks.build import mapping

    found = diagnose(
        stack(mappings=(mapping(batch_size=10),), packages=(package(worker_py=source),)),
        only=("batch-silent-loss",),
    )
    assert found.findings == ()


# --- policies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [None, "", "no json", "[]", '{"Statement": 7}', '{"Statement": [null]}', "[" * 50_000],
)
def test_policies_that_say_nothing(document: str | None) -> None:
    assert statements(document) == ()


def test_arn_patterns() -> None:
    arn = "arn:aws:execute-api:eu-west-1:1:abc/$default/POST/produce"
    assert like("arn:aws:execute-api:eu-west-1:1:abc/*/*/produce", arn)
    assert like("arn:aws:execute-api:*:1:abc/*", arn)
    assert not like("arn:aws:execute-api:eu-west-1:1:other/*", arn)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_pattern_without_wildcards_is_itself(pattern: str, arn: str) -> None:
    if not set(pattern) & set("*?"):
        assert like(pattern, arn) == (pattern == arn)


def test_data_is_packaged_beside_the_code() -> None:
    from sqsctl.checks import data

    folder = Path(data.__path__[0])
    assert {path.name for path in folder.glob("*.json")} == {"runtimes.json", "regions.json"}
