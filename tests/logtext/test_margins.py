"""Margins, broken lines and records around lines: what is seen through, and what stays."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.logtext import events_from_text, unwrapped
from sqsctl.logtext.margins import plain_text, without_margin
from tests.fuzz.profiles import fuzzed

RID = "3f5a7b9c-1d2e-4f30-8142-536475869708"
START = f"START RequestId: {RID} Version: $LATEST"
END = f"END RequestId: {RID}"
TIMED = f"2024-05-05T10:10:10.000Z {RID} Task timed out after 6.01 seconds"


def messages(text: str) -> list[str]:
    return [each.message.strip() for each in events_from_text(text)]


@pytest.mark.parametrize(
    "before",
    ["> ", ">> ", "| ", "# ", "    ", "[jobs] ", "jobs-1  | ", "jobs: ", "pod/jobs-7d worker "],
)
def test_what_all_lines_have_is_a_margin(before: str) -> None:
    lines = ["first line", "second line", f"{TIMED}"]
    assert without_margin("\n".join(before + line for line in lines)).split("\n") == lines


@pytest.mark.parametrize(
    "lines",
    [
        ["[ERROR] one", "[ERROR] two", "[ERROR] three"],
        ["2024-05-05T10:10:10.000Z one", "2024-05-05T10:10:11.000Z two"],
        [f"START RequestId: {RID}", f"START RequestId: {RID}"],
        ["Error: one", "Error: two", "Error: three"],
        ['{"a": 1}', '{"a": 2}', '{"a": 3}'],
        ["at a (x.js:1:1)", "at b (x.js:2:1)", "at c (x.js:3:1)"],
        ["- /var/task/a.js", "- /var/task/b.js", "- /var/task/c.js"],
    ],
    ids=["levels", "times", "platform", "errors", "json", "frames", "require stack"],
)
def test_what_a_line_says_is_no_margin(lines: list[str]) -> None:
    assert without_margin("\n".join(lines)).split("\n") == lines


def test_a_prefix_is_learned_from_the_platforms_lines() -> None:
    text = f"jobs> May 5th 10:01:02am {START}\njobs> May 6th 11:12:13am hello\nno prefix"
    assert without_margin(text).split("\n") == [START, "hello", "no prefix"]


def test_known_prefixes_keep_their_times() -> None:
    (event,) = events_from_text(f"2024-05-05T10:10:04.000Z {START}")
    assert event.timestamp is not None
    assert event.message == START


def test_a_box_is_taken_off() -> None:
    text = "╷\n│ Error: no                 │\n│\n│   with aws_sqs_queue.jobs,  │\n╵"
    assert messages(text) == ["Error: no", "with aws_sqs_queue.jobs,"]


def test_an_indented_paragraph_is_no_continuation_of_prose() -> None:
    assert messages("It says:\n\n    Region is missing\n\nWhy?") == [
        "It says:",
        "Region is missing",
        "Why?",
    ]


@pytest.mark.parametrize(
    "frame", ["    at a (x.js:1:1)", '    File "a.py", line 1', "    ... 3 more"]
)
def test_an_indented_frame_behind_a_blank_line_stays_one(frame: str) -> None:
    assert without_margin(f"TypeError: x\n\n{frame}").split("\n")[-1] == frame


def test_marks_of_code_are_taken_off() -> None:
    assert without_margin("`Region is missing`") == "Region is missing"
    assert without_margin("```\nRegion is missing\n```") == "Region is missing"
    assert "`GLIBC_2.28'" in without_margin("libc.so.6: version `GLIBC_2.28' not found")


@given(st.text(st.characters(codec="utf-8"), max_size=300))
@fuzzed(200)
def test_any_text_comes_through(text: str) -> None:
    plain = without_margin(plain_text(text))
    assert "\r" not in plain
    for each in unwrapped(text):
        assert isinstance(each, str)


# --- broken lines ---------------------------------------------------------------------------

SENTENCE = (
    "User: arn:aws:sts::111122223333:assumed-role/shop-dev-role/producer is not authorized to "
    "perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111122223333:jobs because no "
    "identity-based policy allows the sqs:sendmessage action"
)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_terminals_breaks_are_mended(width: int) -> None:
    broken = "\n".join(SENTENCE[at : at + width] for at in range(0, len(SENTENCE), width))
    assert SENTENCE in unwrapped(broken)


@pytest.mark.parametrize("width", [60, 72, 80, 120])
def test_an_editors_breaks_are_mended(width: int) -> None:
    lines = [""]
    for word in SENTENCE.split(" "):
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    assert SENTENCE in unwrapped("\n".join(lines))


def test_entries_are_not_joined() -> None:
    head = "x" * 79
    for line in (
        START,
        TIMED,
        "[ERROR] no",
        "    ~~~~^^^^",
        "    at a (x.js:1:1)",
        "{",
        "TypeError: no",
        "- /a",
    ):
        assert all(f"\n{line.strip()}" in f"\n{each}" for each in unwrapped(f"{head}\n{line}"))
    assert unwrapped(f"{START}\nwords that follow\n{END}") == ()


def test_short_lines_are_not_wrapped() -> None:
    assert unwrapped("one\ntwo\nthree") == ()


# --- records around lines -------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"log": f"{TIMED}\n", "stream": "stdout", "time": "2024-05-05T10:10:10.1Z"},
        {"_source": {"message": TIMED, "@timestamp": "2024-05-05T10:10:10.1Z"}},
        {"content": {"message": TIMED, "attributes": {"lambda": {"arn": "x"}}}},
        {"textPayload": TIMED},
    ],
    ids=["docker", "elasticsearch", "datadog", "google"],
)
def test_the_line_in_a_shippers_record_counts(record: dict[str, object]) -> None:
    assert messages(json.dumps(record)) == [TIMED]
    assert messages(f"{json.dumps(record)}\n{json.dumps(record)}") == [TIMED, TIMED]


def test_a_line_told_in_a_field_of_a_record_stays_there() -> None:
    own = json.dumps({"level": "INFO", "requestId": RID, "message": TIMED})
    assert messages(own) == [own]
    other = json.dumps({"ticket": {"subject": f"help: {TIMED}"}})
    assert messages(other) == [other]


def test_what_a_subscription_sends_is_unpacked() -> None:
    inner = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/lambda/jobs",
        "logEvents": [{"id": "1", "timestamp": 1714903810000, "message": TIMED}],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(inner).encode())).decode()
    assert messages(json.dumps({"awslogs": {"data": packed}})) == [TIMED]


@pytest.mark.parametrize("data", ["", "!!!", "aGVsbG8=", "H4sIAAAA", 7])
def test_a_spoilt_subscription_stays_what_it_is(data: object) -> None:
    text = json.dumps({"awslogs": {"data": data}})
    assert messages(text) == [text]


def test_the_newest_first_is_turned_round() -> None:
    text = f"@timestamp,@message\n2024-05-05 10:10:10.002,{END}\n2024-05-05 10:10:04.000,{START}\n"
    assert messages(text) == [START, END]


def test_words_may_stand_around_an_export() -> None:
    rows = [{"@timestamp": "2024-05-05 10:10:04.000", "@message": START}]
    assert messages(f"look:\n{json.dumps(rows, indent=2)}\nodd") == ["look:", START, "odd"]


def test_a_sentence_that_goes_on_is_one_though_other_lines_are_wider() -> None:
    words = "AccessDenied: The function execution role does not have permissions to call this"
    broken = words.replace("execution role", "execution\nrole") + " (and much more is told behind)"
    assert broken.replace("\n", " ") in unwrapped(broken)


def test_a_frames_own_line_is_no_beginning_of_its_source() -> None:
    frame = '  File "/var/task/worker.py", line 9, in handler'
    assert unwrapped(f'{frame}\n    url = config["QUEUE_URL"]') == ()
