"""Whatever comes from outside, each parser answers or says what is wrong: it never falls over.

The table is the list of what reads foreign input; the log reader has a file of its own
(tests/logtext/test_fuzz.py). An answer may be a value or a SqsctlError.
"""

from __future__ import annotations

import io
import json
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws import api, packages, zips
from sqsctl.aws import lab_state as labs
from sqsctl.aws.cloudwatch import logs
from sqsctl.aws.session import Session
from sqsctl.aws.sqs import shapes as queue_shapes
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.aws.translate import shaped
from sqsctl.checks.support.access import policies
from sqsctl.checks.support.packages import versions
from sqsctl.cli.run import completion
from sqsctl.cli.run.times import moment
from sqsctl.cli.screen import output
from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.target import Target
from sqsctl.operations.dead_letters import groups, selection
from sqsctl.operations.diagnosis import ignores
from sqsctl.operations.following import log_sightings as sightings
from sqsctl.operations.logs import requests
from sqsctl.operations.logs.annotation import Annotated
from sqsctl.operations.moving import archive, editing, journal
from sqsctl.operations.sending import bodies, thresholds
from sqsctl.operations.target import project_files as project
from sqsctl.operations.target import settings
from sqsctl.operations.target import yaml_documents as documents
from tests.fuzz import honest
from tests.fuzz.profiles import fuzzed
from tests.fuzz.texts import encoded, json_texts, json_with, spoilt, wild_bytes, wild_text

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.timeout(7200),
    # What the libraries think of an odd expression: nobody sees these by default.
    pytest.mark.filterwarnings("ignore:deprecated string literal:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Possible (nested set|set):FutureWarning"),
]
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Parser:
    """One reader of foreign input: what it is given, and what it does with it."""

    inputs: st.SearchStrategy[Any]
    run: Callable[[Any, Path], object]
    once: tuple[Any, ...] = ()  # over which it fell before


def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    """Read what stands in a file of this name."""

    def run(content: bytes, folder: Path) -> object:
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
        return read(path)

    return run


def text_files(*samples: str) -> st.SearchStrategy[bytes]:
    return spoilt(samples).map(encoded) | wild_text.map(encoded) | wild_bytes


def read_project(path: Path) -> None:
    with suppress(SqsctlError):
        project.stack_name(path.parent, stage="prod", environment={"REGION": "x"})
    project.declared(path.parent, environment={})


def read_cloud_assembly(path: Path) -> None:
    project.stack_name(path.parent.parent, environment={})


def read_settings(path: Path) -> None:
    with suppress(SqsctlError):
        ignores.parse(settings.read_file(path.parent)[1], ["dlq-missing"])
    settings.load({}, {}, path.parent)


def change_settings(path: Path) -> None:
    with suppress(SqsctlError):
        settings.write(path.parent, "region", "eu-west-1")
        assert tomllib.loads(path.read_text(encoding="utf-8-sig"))["region"] == "eu-west-1"
    settings.write(path.parent, "stack", None)


def read_archive(path: Path) -> None:
    archive.check(path)
    for _ in archive.entries(path):
        pass


def archived(text: str, cut: int) -> bytes:
    """An export of one message, spoilt in its middle."""
    message = Message("id", text, attributes={"b": MessageAttribute("Binary", b"\xff")})
    with suppress(SqsctlError, ValueError):
        line = archive.message_line(message)
        return line[:cut] + line[cut + 3 :] + b"\n" + archive.footer(1, "x")
    return encoded(text)


def read_cache(path: Path) -> None:
    with (
        mock.patch.object(completion, "_file", return_value=path),
        mock.patch("subprocess.Popen"),
    ):
        assert all(isinstance(each, str) for each in completion.cached("queues"))
    completion._RENEWING.clear()


def read_lab_state(path: Path) -> None:
    with mock.patch.object(labs, "state_file", return_value=path):
        state = labs.read_state()
    if state is not None:
        labs.alive(state)


def lines_of(content: bytes, _: Path) -> None:
    make = bodies.from_lines(io.BytesIO(content), "lines.jsonl")
    with suppress(bodies.NoMoreBodies):
        for number in range(1, 50):
            make(number)


def one_message(body: str, _: Path) -> None:
    """All that a body goes through on its way to a screen."""
    message = Message("id", body, system={"SentTimestamp": "1795237200000"})
    groups.fingerprint(body)
    original = Outgoing(body)
    text = editing.editable(original)
    with suppress(SqsctlError):
        editing.edited(text + " ", original, fifo=False)
    select = selection.compiled(selection.Filters(match="a > `1`", grep="x"))
    assert select
    select(message)
    bodies.Marks("r").into(lambda _: original)(1)
    shown = output.to_json({"body": body})
    assert json.loads(shown)["body"] == body


def select_by(expression: str, _: Path) -> None:
    for filters in (selection.Filters(match=expression), selection.Filters(grep=expression)):
        with suppress(SqsctlError):
            select = selection.compiled(filters)
            assert select
            for body in ('{"input": 6, "a": {"b": ["x"]}}', "[1]", "not json", '"text"', "1e999"):
                select(Message("id", body))


def edit(text: str, _: Path) -> None:
    original = Outgoing('{"a": 1.50}', {"n": MessageAttribute("Number", "1")}, "g")
    editing.edited(text, original, fifo=True)


def sqs_answers(attributes: dict[str, str], _: Path) -> None:
    with shaped("queue jobs"):
        queue_shapes.queue("http://127.0.0.1:1/0/jobs", attributes)
    shape = {"MessageId": "m", "ReceiptHandle": "h", "Attributes": attributes}
    with shaped("queue jobs"):
        message = queue_shapes.message(shape)
    assert message.receive_count >= 0
    assert message.sent_at is None or message.sent_at.tzinfo is UTC


def log_events(shape: dict[str, Any], _: Path) -> None:
    event = logs.log_event({**shape, "message": str(shape.get("message"))}, "g")
    seen = sightings.Sightings("run")
    for platform in (True, False):
        seen.add(Annotated("f", event, "r", "", None, platform))


def address(url: str, _: Path) -> None:
    target = Target(kind="endpoint", region="ap-northeast-2", endpoint="http://127.0.0.1:9")
    client = QueueClient(mock.create_autospec(Session, instance=True, target=target))
    client.session.target = target
    reads: tuple[Callable[[], object], ...] = (
        lambda: packages.checked_url(url, None),
        lambda: packages.checked_url(url, "http://127.0.0.1:4566"),
        lambda: api.ApiClient(url).close(),
        lambda: api.ApiClient(url, endpoint="http://127.0.0.1:4566").close(),
    )
    for read in reads:
        with suppress(SqsctlError):
            read()
    with mock.patch.object(QueueClient, "_by_name"):
        client.resolve(url)


def zip_file(content: bytes, _: Path) -> None:
    def fetch(first: int, last: int) -> tuple[bytes, int]:
        return content[first : last + 1], len(content)

    opened = zips.RemoteZip(fetch, len(content))
    for each in opened.listing().members[:5]:
        opened.text(each.path)


@st.composite
def zip_contents(draw: st.DrawFn) -> bytes:
    """A small zip with bytes changed, put in or cut away."""
    buffer = io.BytesIO()
    how = draw(
        st.sampled_from(
            [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
        )
    )
    with zipfile.ZipFile(buffer, "w", how) as made:
        for name in draw(st.lists(st.sampled_from(["a.py", "b/c.js", "é", "../x"]), unique=True)):
            made.writestr(name, draw(wild_bytes))
    content = bytearray(buffer.getvalue())
    for _ in range(draw(st.integers(0, 6))):
        if content:
            place = draw(st.integers(0, len(content) - 1))
            content[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(content)


NAMELESS = (  # its only member has no name
    b"PK\x01\x02" + bytes(42) + b"PK\x05\x06" + bytes(4) + b"\x01\0\x01\0" + b"\x2e" + bytes(9)
)

PARSERS: dict[str, Parser] = {
    "YAML": Parser(
        spoilt((honest.SERVERLESS, honest.TEMPLATE)) | wild_text,
        lambda text, _: (documents.load_yaml(text), documents.template_parameters(text)),
    ),
    "serverless.yml": Parser(
        text_files(honest.SERVERLESS), in_file("serverless.yml", read_project)
    ),
    "template.yaml": Parser(text_files(honest.TEMPLATE), in_file("template.yaml", read_project)),
    "samconfig.toml": Parser(text_files(honest.SAMCONFIG), in_file("samconfig.toml", read_project)),
    "samconfig.yaml": Parser(
        text_files(honest.SERVERLESS), in_file("samconfig.yaml", read_project)
    ),
    "manifest.json": Parser(
        text_files(honest.MANIFEST), in_file("cdk.out/manifest.json", read_cloud_assembly)
    ),
    "package.json": Parser(text_files(honest.PACKAGE_JSON), in_file("package.json", read_project)),
    ".nvmrc": Parser(text_files("v20.1.0\n", "lts/iron"), in_file(".nvmrc", read_project)),
    ".python-version": Parser(text_files("3.11.7\n"), in_file(".python-version", read_project)),
    "pyproject.toml": Parser(text_files(honest.PYPROJECT), in_file("pyproject.toml", read_project)),
    "sqsctl.toml": Parser(text_files(honest.SETTINGS), in_file("sqsctl.toml", read_settings)),
    "config set": Parser(text_files(honest.SETTINGS), in_file("sqsctl.toml", change_settings)),
    "ignores": Parser(
        json_with(("doctor", "ignore", "check", "until", "subject", "reason", "dlq-missing")),
        lambda value, _: (
            ignores.parse({"doctor": {"ignore": [value]}}, ["dlq-missing"])
            and ignores.parse(value if isinstance(value, dict) else {}, ["dlq-missing"])
        ),
    ),
    "journal": Parser(text_files(honest.JOURNAL), in_file("x.jsonl", journal.read)),
    "export": Parser(
        st.builds(archived, wild_text, st.integers(0, 400)) | text_files(honest.JOURNAL),
        in_file("dead.jsonl", read_archive),
    ),
    "--from": Parser(text_files('{"a": 1}\r\n\r\n"x"\n'), lines_of),
    "body": Parser(json_texts(("a", "b")) | wild_text, one_message),
    "--match and --grep": Parser(
        spoilt(honest.MATCHES) | wild_text,
        select_by,
        ("input > `5{`", "a[" + "9" * 5000 + "]", "(" * 3000, "[*]" * 2000, "a{99999999999999}"),
    ),
    "edited message": Parser(
        spoilt(honest.EDITED)
        | json_texts(("body", "body_json", "attributes", "group_id", "type", "value")),
        edit,
    ),
    "threshold": Parser(
        spoilt(honest.THRESHOLDS) | wild_text, lambda text, _: thresholds.parse(text)
    ),
    "moment": Parser(spoilt(honest.MOMENTS) | wild_text, lambda text, _: moment(text, NOW)),
    "version range": Parser(
        spoilt(honest.VERSIONS) | wild_text,
        lambda text, _: [versions.allows(text, each) for each in ("20", "3.12")],
    ),
    "policy": Parser(
        spoilt((honest.POLICY,))
        | json_texts(("Statement", "Effect", "Action", "Principal", "AWS", "Condition", "Deny")),
        lambda text, _: [
            (each.covers("sqs:SendMessage"), each.only_for_plain_http)
            for each in policies.statements(text)
        ],
    ),
    "answers of SQS": Parser(
        st.dictionaries(
            st.sampled_from(honest.ATTRIBUTES),
            json_texts(("deadLetterTargetArn", "maxReceiveCount")) | wild_text,
        ),
        sqs_answers,
        ({"CreatedTimestamp": "-62135596801"}, {"SentTimestamp": "9" * 5000}),
    ),
    "log events": Parser(
        st.fixed_dictionaries(
            {
                "message": spoilt(('{"sqsctl_run": "run.1.1795237200000"}', "START x", "END x")),
                "timestamp": st.integers() | st.none() | st.floats(),
                "ingestionTime": st.integers() | st.none(),
            }
        ),
        log_events,
        ({"message": '"sqsctl_run": "run.1.' + "9" * 5000 + '"', "timestamp": 10**30},),
    ),
    "URL": Parser(spoilt(honest.URLS) | wild_text, address, ("https://[x]/", "http://x:99999/")),
    "zip": Parser(zip_contents() | wild_bytes, zip_file, (NAMELESS,)),
    "lab state": Parser(text_files(honest.LAB_STATE), in_file("default.json", read_lab_state)),
    "completion cache": Parser(
        text_files('["jobs"]', "{}"), in_file("c.json", read_cache), (b"1", b"[" * 9999)
    ),
    "stack trace folder": Parser(
        st.lists(
            spoilt(("Traceback (most recent call last):", '  File "x"', '{"stack":["a"]}', "x")),
            max_size=6,
        ),
        lambda lines, _: [requests.Folder().fold(each) for each in [*lines, "\n".join(lines)]],
    ),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.mark.parametrize("name", list(PARSERS))
def test_any_input_is_answered(name: str, folder: Path) -> None:
    parser = PARSERS[name]
    own = folder / str(list(PARSERS).index(name))
    own.mkdir()

    @fuzzed(25)
    @given(parser.inputs)
    def answered(value: Any) -> None:
        with suppress(SqsctlError):
            parser.run(value, own)

    for value in parser.once:
        with suppress(SqsctlError):
            parser.run(value, own)
    answered()


def test_the_sieve_holds(folder: Path) -> None:
    """A parser that falls over is noticed."""

    @hypothesis.settings(fuzzed(25), report_multiple_bugs=False)
    @given(wild_text)
    def answered(value: str) -> None:
        with suppress(SqsctlError):
            json.loads(value)

    with pytest.raises(ValueError, match="Expecting"):
        answered()
