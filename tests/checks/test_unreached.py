"""Connections that were not made, told from answers that came late, by words and frames."""

from __future__ import annotations

import pytest

from sqsctl.model.finding import Finding
from sqsctl.operations.diagnosis.explain import explain


def told(error: str, *frames: str) -> Finding:
    lines = [
        each
        for frame in ("worker.py handler call()", *frames)
        for path, name, source in [frame.split(" ", 2)]
        for each in (f'  File "/var/{path}", line 9, in {name}', f"    {source}")
    ]
    text = "\n".join((f"[ERROR] {error}", "Traceback (most recent call last):", *lines))
    (finding,) = explain(text).findings
    return finding


@pytest.mark.parametrize("error", ["TimeoutError: timed out", "timeout: timed out"])
def test_frames_tell_what_a_socket_was_doing(error: str) -> None:
    connecting = told(error, "lang/socket.py create_connection sock.connect(sa)")
    reading = told(error, "lang/socket.py readinto return self._sock.recv_into(b)")
    assert connecting.id == "network-unreachable"
    assert reading.id == "downstream-error"
    assert told(error).id == "downstream-error"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("URLError: <urlopen error timed out>", "network-unreachable"),
        ("TimeoutError: _ssl.c:989: The handshake operation timed out", "network-unreachable"),
        ("TimeoutError: The read operation timed out", "downstream-error"),
        (
            (
                "ReadTimeout: HTTPSConnectionPool(host='a.example', port=443): Read timed out. "
                "(read timeout=3)"
            ),
            "downstream-error",
        ),
        (
            (
                "ConnectTimeout: HTTPSConnectionPool(host='a.example', port=443): Max retries "
                "exceeded with url: / (Caused by ConnectTimeoutError('timed out'))"
            ),
            "network-unreachable",
        ),
        ("TimeoutError", "unhandled-error"),
        ("Error: read ETIMEDOUT", "downstream-error"),
        ("Error: connect ETIMEDOUT 10.0.0.1:443", "network-unreachable"),
    ],
)
def test_words_tell_whether_a_connection_was_made(error: str, expected: str) -> None:
    assert told(error).id == expected


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", "the function's own environment"),
        ("Error: connect ECONNREFUSED 10.1.2.3:5432", "10.1.2.3:5432: it refuses"),
        ("URLError: <urlopen error [Errno 111] Connection refused>", "it refuses"),
        ("Error: getaddrinfo ENOTFOUND db.example.internal", "its name is not known"),
    ],
)
def test_what_answered_needs_no_way_out(error: str, says: str) -> None:
    finding = told(error)
    assert finding.id == "network-unreachable"
    assert says in finding.title
    assert "NAT" not in finding.fix.summary
    assert finding.fix.commands == ()


def test_silence_may_need_one() -> None:
    finding = told("Error: connect ETIMEDOUT 10.1.2.3:443")
    assert "where the function is in a VPC" in finding.fix.summary
    assert "NAT gateway" in finding.fix.summary
