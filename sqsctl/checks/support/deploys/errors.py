"""What AWS refuses while a stack is deployed: its sentence, and where each tool puts it.

The sentence is AWS's own and the same in each tool: CloudFormation writes ``Resource handler
returned message: "…"`` around it, the AWS CLI ``An error occurred (…) when calling …``,
Terraform ``operation error …``, Serverless, SAM and the CDK show CloudFormation's events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Sentences of AWS that name one fault each, with what they name.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "package-size",
        re.compile(
            r"Unzipped size must be smaller than (?P<limit>\d{1,12}) bytes"
            r"|(?:combined with|and) layers exceeds? the maximum allowed size of"
            r" (?P<most>\d{1,12}) bytes(?:\. The actual size is (?P<actual>\d{1,12}) bytes)?"
        ),
    ),
    (
        "upload-size",
        re.compile(
            r"Request must be smaller than (?P<limit>\d{1,12}) bytes for the"
            r" (?P<operation>UpdateFunctionCode|CreateFunction|PublishLayerVersion) operation"
            r"|RequestEntityTooLarge\w* [^\n]{0,40}calling the (?P<called>UpdateFunctionCode"
            r"|CreateFunction|PublishLayerVersion) operation"
        ),
    ),
    (
        "batch-window",
        re.compile(r"batch window in seconds must be greater than 0 if maximum batch size is"),
    ),
    ("layer-count", re.compile(r"[Ll]ayers? list cannot contain more than (?P<most>\d{1,2})")),
    ("fifo-window", re.compile(r"[Bb]atching window is not supported for FIFO")),
    (
        "mapping-exists",
        re.compile(
            r"event source mapping with [\w ]{1,20}arn \(?\W{0,6}(?P<source>arn:[\w:.\-/*]{1,300})"
            r"[^\n]{0,40}?function \(?\W{0,6}(?P<function>[\w\-:]{1,200})[^\n]{0,20}already exists"
            r"[\s\S]{0,80}?UUID (?P<uuid>[0-9a-f]{8}-[0-9a-f\-]{27})"
        ),
    ),
    (
        "file-system",
        re.compile(
            r"EFS file system (?P<point>arn:[\w:\-/]{1,200})?[\s\S]{0,160}?mount targets?"
            r"|mount targets? (?:created )?in all availability zones"
        ),
    ),
    (
        "dlq-absent",
        re.compile(
            r"(?:deadLetterTargetArn[\\\"': ]{1,8}(?P<queue>arn:[\w:.\-]{1,300})[\s\S]{0,200}?)?"
            r"[Dd]ead[- ]letter target does not exist"
        ),
    ),
    (
        "dlq-type",
        re.compile(
            r"(?:deadLetterTargetArn[\\\"': ]{1,8}(?P<queue>arn:[\w:.\-]{1,300})[\s\S]{0,200}?)?"
            r"[Dd]ead-letter queue must be same type of queue as the source"
        ),
    ),
    (
        "arn-wanted",
        re.compile(
            r"Value '(?P<value>[^'\n]{1,300})' at '(?P<property>\w{0,40}[aA]rn)' failed to satisfy"
            r" constraint: Member must satisfy regular expression"
            r"|(?P<unknown>Unrecognized event source)"
        ),
    ),
    (
        "exists",
        re.compile(
            r"Resource of type '(?P<type>AWS::[\w:]{1,80})' with identifier '(?P<id>[^'\n]{1,300})'"
            r" already exists"
            r"|(?P<old>[\w.\-/:]{1,200}) already exists in stack (?P<stack>\S{1,300})"
        ),
    ),
    (
        "queue-differs",
        re.compile(
            r"queue already exists with the same name and (?:a )?different (?:value for )?"
            r"attributes?(?: named)? ?(?P<attribute>\w{1,60})?"
        ),
    ),
    ("queue-deleted", re.compile(r"must wait 60 seconds after deleting a queue")),
    (
        "queue-name",
        re.compile(
            r"[Cc]an only include alphanumeric characters, hyphens, or underscores"
            r"(?P<fifo>, must end with \.fifo)?"
        ),
    ),
    (
        "image-manifest",
        re.compile(
            r"image manifest,? config or layer media type for the source image"
            r" (?P<image>\S{1,400}) is not supported"
        ),
    ),
    ("image-absent", re.compile(r"Source image (?P<image>\S{1,400}) does not exist")),
    (
        "variables-reserved",
        re.compile(
            r"contains reserved keys[\s\S]{0,120}?used in this request: (?P<names>[A-Z_, ]{1,400})"
        ),
    ),
    ("variables-size", re.compile(r"environment variables[^\n]{0,80}exceeded the 4KB limit")),
    (
        "busy",
        re.compile(
            r"An update is in progress for resource: (?P<arn>arn:[\w:\-.]{1,300})"
            r"|function is currently in the following state: (?P<state>Pending)"
        ),
    ),
    ("code-storage", re.compile(r"Code storage limit exceeded|CodeStorageExceeded")),
    (
        "range",
        re.compile(
            r"(?:Value '(?P<had>[^'\n]{1,60})' at )?'(?P<property>\w{1,60})' (?:value )?failed to"
            r" satisfy constraint: Member must have value (?P<side>less|greater) than or equal to"
            r" (?P<bound>\d{1,12})"
            r"|Value (?P<value>\S{1,60}) for parameter (?P<parameter>\w{1,60}) is invalid\. Reason:"
            r" Must be between (?P<least>\d{1,12}) and (?P<most>\d{1,12})"
        ),
    ),
    (
        "archive-absent",
        re.compile(r"GetObject\. S3 Error Code: (?P<code>NoSuch(?:Key|Bucket))"),
    ),
    (
        "stack-state",
        re.compile(
            r"Stack: ?(?:arn:[\w\-]{1,20}:cloudformation:(?P<region>[\w\-]{1,30}):\d{12}:stack/)?"
            r"(?P<stack>[\w\-]{1,130})\S{0,60} is in (?P<state>[A-Z_]{1,60}) state and can ?not be"
            r" updated"
        ),
    ),
    (
        "destination",
        re.compile(r"Unable to validate the following destination configurations"),
    ),
    (
        "circular",
        re.compile(r"Circular dependency between resources: \[?(?P<names>[\w, ]{1,600})"),
    ),
    (
        "unresolved",
        re.compile(r"Unresolved resource dependencies \[(?P<names>[\w, .]{1,400})\]"),
    ),
)
# What only a deploy says: CloudFormation's events, and calls that no function makes in its work.
_CONTROL = (
    r"(?:Create|Update|Delete|Publish)(?:Function|EventSourceMapping|Layer|Alias|Stack|ChangeSet"
    r"|Version|Repository|Role)\w{0,40}|PutFunctionConcurrency|(?:Create|Tag)Queue"
    r"|SetQueueAttributes|AddPermission|PutBucketNotification\w{0,20}|ExecuteChangeSet"
)
_OF_A_DEPLOY = re.compile(
    r"Resource handler returned message|HandlerErrorCode: |\b(?:CREATE|UPDATE|DELETE)_FAILED\b"
    rf"|when calling the (?:{_CONTROL}) operation|operation error \w{{1,30}}: (?:{_CONTROL}), "
)
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
    resource, kind_of_resource = _resource(text)
    plain = text.replace('\\"', '"')
    for kind, pattern in _RULES:
        if match := pattern.search(plain):
            found = tuple((k, v.strip()) for k, v in match.groupdict().items() if v)
            return Rejection(kind, _said(plain), found, resource, kind_of_resource)
    if not _OF_A_DEPLOY.search(plain):
        return None
    return Rejection("", _said(plain), (), resource, kind_of_resource)


def of_a_deploy(text: str) -> bool:
    """Whether the text is what a deploy printed, rather than a function's log."""
    return _OF_A_DEPLOY.search(text) is not None


def _resource(text: str) -> tuple[str, str]:
    for pattern in _RESOURCE:
        if match := pattern.search(text):
            return match.group("id"), match.group("type")
    return "", ""


def _said(text: str) -> str:
    """AWS's own sentence, without what the tool put around it."""
    match = _HANDLER.search(text) or _CALLED.search(text) or _API.search(text)
    if match is None:
        return " ".join(text.split())[:300]
    return " ".join(match.group("said").split()).rstrip('"')[:300]
