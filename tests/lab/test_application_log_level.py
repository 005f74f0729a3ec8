"""Lines that a function prints as JSON, below the level that its log is to hold."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Functions

pytestmark = pytest.mark.lab

PRINTS = """
import json, time
def handler(event, context):
    stamp = "2026-11-30T00:00:00Z"
    for level in ("DEBUG", "INFO", "WARN", "ERROR"):
        print(json.dumps({"level": level, "timestamp": stamp, "message": f"said-{level}"}))
    print(json.dumps({"level": "ERROR", "message": "no-time"}))
    print(json.dumps({"message": "no-level", "timestamp": stamp}))
    print("plain text")
"""


def test_what_lambda_drops_is_dropped(functions: Functions) -> None:
    config = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}
    text = functions.run(PRINTS, LoggingConfig=config).text
    for said in ("said-WARN", "said-ERROR", "no-level", "plain text"):
        assert said in text
    for dropped in ("said-DEBUG", "said-INFO", "no-time"):
        assert dropped not in text


def test_plain_text_is_never_dropped(functions: Functions) -> None:
    assert "said-DEBUG" in functions.run(PRINTS).text
