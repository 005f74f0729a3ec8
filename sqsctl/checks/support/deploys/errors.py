"""What AWS refuses while a stack is deployed: its sentence, and where each tool puts it.

The sentence is AWS's own and the same in each tool: CloudFormation writes ``Resource handler
returned message: "…"`` around it, the AWS CLI ``An error occurred (…) when calling …``,
Terraform ``operation error …``, Serverless, SAM and the CDK show CloudFormation's events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqsctl.checks.support.deploys.sentences import RULES

# What only a deploy says: CloudFormation's events, and calls that no function makes in its work.
_CONTROL = (
    r"(?:Create|Update|Delete|Publish)(?:Function|EventSourceMapping|Layer|Alias|Stack|ChangeSet"
    r"|Version|Repository|Role)\w{0,40}|PutFunctionConcurrency|(?:Create|Tag)Queue"
    r"|SetQueueAttributes|AddPermission|PutBucketNotification\w{0,20}|ExecuteChangeSet"
)
_OF_A_DEPLOY = re.compile(
    r"Resource handler returned message|HandlerErrorCode: |\b(?:CREATE|UPDATE|DELETE)_FAILED\b"
    r"|Properties validation failed for resource|\bon \S{1,200}\.tf line \d+"
    rf"|when calling the (?:{_CONTROL}) operation|operation error \w{{1,30}}: (?:{_CONTROL}), "
    r"|^[│|╷ ]{0,4}Error: (?:[Ee]rror )?(?:creating|updating|deleting|putting|modifying) "
    r"|(?:Properties|Model) validation failed|Template (?:format )?error: |in the template\b"
    r"|Template validation error|from custom resource|your Custom Resource|ROLLBACK_\w{2,20}"
    r"|Serverless Error -|An error occurred(?: while provisioning your stack)?: \w{1,255}\s{1,12}- "
    r"|is invalid for updating"
    r"|[Cc]hange ?[Ss]et(?:CreateComplete)? (?:failed|cannot)|The stack named \S{1,130} failed",
    re.MULTILINE,
)
# Sentences that a function's own calls and validators use, too.
_OF_ANYTHING = frozenset(
    {
        "archive-empty", "bucket-absent", "constraint", "export-absent", "filter-pattern",
        "parameter", "principal", "queue-attribute", "schema", "template",
    }
)  # fmt: skip
_CONSEQUENCE = re.compile(r"Resource (?:creation|update) cancelled")
_HANDLER = re.compile(
    r"Resource handler returned message: \\?\"(?P<said>[\s\S]{1,1500}?)"
    r"(?:\s\(Service: |\\?\" \(Req)"
)
_CALLED = re.compile(
    r"when calling the \w{1,80} operation(?: \(reached[^)]{1,40}\))?: (?P<said>[^\n]{1,800})"
)
_API = re.compile(
    r"(?:api error |\b)(?P<code>[A-Z]\w{3,60}(?:Exception|Error)?): (?P<said>[^\n]{8,800})"
)
# A resource in the events of CloudFormation, as the tools lay them out.
_RESOURCE = (
    re.compile(r"An error occurred[\w ]{0,40}: (?P<id>[A-Za-z0-9]{1,255})\s{1,12}-(?P<type>) "),
    re.compile(r"_FAILED: (?P<id>[A-Za-z0-9]{1,255}) \((?P<type>AWS::[\w:]{1,80})\)"),
    re.compile(r"_FAILED[\s|]{1,40}(?P<type>AWS::[\w:]{1,80})[\s|]{1,40}(?P<id>[\w/\-]{1,255})"),
    re.compile(
        r"(?P<type>AWS::[\w:]{1,80})[\s|]{1,40}(?P<id>[A-Za-z0-9]{1,255})[\s|]{1,40}\w+_FAILED"
    ),
    re.compile(
        r"(?P<id>[A-Za-z0-9]{1,255})[\s|]{1,40}(?P<type>AWS::[\w:]{1,80})[\s|]{1,40}\w+_FAILED"
    ),
    re.compile(r"(?P<type>AWS::[\w:]{1,80})\t(?P<id>[A-Za-z0-9]{1,255})\b"),
    re.compile(r"with (?P<id>[\w.\[\]\"\-]{0,200}?(?P<type>aws_\w{1,60})\.[\w\-\[\]\"]{1,100})"),
    re.compile(r"in resource \"(?P<type>aws_\w{1,60})\" \"(?P<id>[\w\-]{1,100})\""),
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was refused.

    ``kind`` is one of the rules' names, empty where AWS's sentence (``said``) is all that is known.
    ``names`` are what the sentence names, by the rule's own words; ``resource`` and ``type`` are
    the template's, as far as the tool shows them.
    """

    kind: str
    said: str = ""
    names: tuple[tuple[str, str], ...] = ()
    resource: str = ""
    type: str = ""

    @property
    def named(self) -> Mapping[str, str]:
        return dict(self.names)


def rejection(text: str) -> Rejection | None:
    """What a deploy was refused, read from the text of its error; None for other errors."""
    if _CONSEQUENCE.search(text):
        return None
    resource, kind_of_resource = resource_in(text)
    plain = text.replace('\\"', '"')
    of_a_deploy = _OF_A_DEPLOY.search(plain) is not None
    for kind, pattern in RULES:
        if kind in _OF_ANYTHING and not of_a_deploy:
            continue
        if match := pattern.search(plain):
            found = tuple((k, v.strip()) for k, v in match.groupdict().items() if v)
            return Rejection(kind, _said(plain), found, resource, kind_of_resource)
    if not of_a_deploy:
        return None
    return Rejection("", _said(plain), (), resource, kind_of_resource)


def of_a_deploy(text: str) -> bool:
    """Whether the text is what a deploy printed, rather than a function's log."""
    return _OF_A_DEPLOY.search(text) is not None and "/var/task/" not in text


def resource_in(text: str) -> tuple[str, str]:
    """What the template calls the resource that was refused, and its type; empty: not told."""
    for pattern in _RESOURCE:
        if match := pattern.search(text):
            return match.group("id"), match.group("type")
    return "", ""


def _said(text: str) -> str:
    """AWS's own sentence, without what the tool put around it."""
    match = _HANDLER.search(text) or _CALLED.search(text) or _API.search(text)
    if match is None:
        # An error's type, message and line tell the same more than once.
        lines = dict.fromkeys(each.strip().removeprefix(": ") for each in text.split("\n"))
        return " ".join(" ".join(lines).split())[:300]
    return " ".join(match.group("said").split()).rstrip('"')[:300]
