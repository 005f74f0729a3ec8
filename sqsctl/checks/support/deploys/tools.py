"""The tool whose output a text is, as far as it shows one that no other tool writes."""

from __future__ import annotations

import re

from sqsctl.model.intents import Tool

_SIGNS: tuple[tuple[Tool, re.Pattern[str]], ...] = (
    ("lift", re.compile(r"_FAILED: \w{1,200}(?:Queue|Dlq)[0-9A-F]{8} \(AWS::")),
    (
        "terraform",
        re.compile(
            r"\b(?:in resource|with) \"?(?:module\.[\w.\[\]\"\-]{1,200}\.)?aws_\w{1,60}[\".]"
            r"|\bon \S{1,200}\.tf line \d|RespMetadata: \{|\.terraform/"
            r"|[Tt]erraform (?:apply|plan|Cloud)|\baws_\w{1,60}\.[\w\[\]\"\-]{1,100}: "
            r"|Error: (?:[Ee]rror )?(?:creating|updating|deleting|putting|modifying) [\w ]{3,60}\("
        ),
    ),
    (
        "serverless",
        re.compile(
            r"\bServerless(?:Error)?(?: Error|: )|Stack \S{1,130} failed to deploy"
            r"|\b(?:sls|serverless) deploy\b|framework \d\.\d|serverless\.ya?ml"
            r"|_FAILED: \w{1,255} \(AWS::"
        ),
    ),
    ("pulumi", re.compile(r"\bpulumi(?::| up| preview)|\bpulumi:pulumi:Stack\b")),
    ("sst", re.compile(r"\bsst (?:deploy|dev)\b|\bSST v?\d")),
    ("copilot", re.compile(r"\bcopilot (?:svc|job|env) deploy\b")),
    ("amplify", re.compile(r"\bamplify push\b|\bnpx ampx\b")),
    (
        "sam",
        re.compile(
            r"\bsam (?:deploy|build|package)\b|samconfig\.toml|AWS::Serverless::"
            r"|Failed to create/update the stack: "
        ),
    ),
    (
        "cdk-typescript",
        re.compile(
            r"\bcdk (?:deploy|bootstrap|synth)\b|\u274c {1,4}\S{1,130} failed: |/aws-cdk/"
            r"|aws-cdk-lib|\u274c {1,4}\S{1,130} failed\b|\| +\d+/\d+ +\|.{0,60}_FAILED"
            r"|AWS::[\w:]{1,80}[\s|]{1,40}\w+(?:/[\w\-.]+)+ \(\w+[0-9A-F]{8}\)"
        ),
    ),
)


_OF_CDK: tuple[tuple[Tool, re.Pattern[str]], ...] = (
    ("cdk-python", re.compile(r"File \"[^\"\n]{1,200}app\.py\"|/jsii/|aws_cdk\.")),
    ("cdk-java", re.compile(r"software\.amazon\.awscdk")),
    ("cdk-csharp", re.compile(r"Amazon\.CDK")),
)
# What an operation of a deploy was answered, to the AWS CLI or to a script.
_CALL = re.compile(r"An error occurred \(\w{1,80}\) when calling the \w{1,80} operation")


def tool_shown(text: str) -> Tool:
    """The tool; ``command`` for a call of the AWS CLI; empty where nothing shows it."""
    none: Tool = ""
    found = next((tool for tool, sign in _SIGNS if sign.search(text)), none)
    if found == "cdk-typescript":
        return next((tool for tool, sign in _OF_CDK if sign.search(text)), found)
    if not found and _CALL.search(text) and "Traceback" not in text and "[ERROR]" not in text:
        return "command"
    return found
