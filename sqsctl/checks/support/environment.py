"""Errors of code that lacks an environment variable, in the words of every runtime."""

from __future__ import annotations

import re

_NAME = r"[A-Z][A-Z0-9_]{1,80}"
_PYTHON_KEY = re.compile(r"KeyError: u?[\"'](?P<name>[\w\-]{1,80})[\"']")
_SHOUTED = re.compile(rf"{_NAME}")
_ENVIRON = re.compile(
    r"os\.py\"?,? line \d+,? in __getitem__|os\.py\W+\d+\W+__getitem__|<frozen os>|os\.environ\b"
    r"|ENV\.fetch|ENV\["
)
_WORDS = (
    re.compile(
        rf"(?i:env(?:ironment)?[ _]?var(?:iable)?s?)\b[^\n]{{0,40}}?[\"'`\s:](?P<name>{_NAME})\b"
        r"[^\n]{0,30}?(?:not (?:set|found|defined|provided|configured|present|specified)|missing"
        r"|undefined|required|unset|must be|is empty|does not exist)"
    ),
    re.compile(
        r"(?i:missing|required|unset|undefined|no|set the"
        r"|set)\b[^\n]{0,30}?(?i:env(?:ironment)?[ _]?(?:var(?:iable)?s?)?)\b"
        rf"[^\n]{{0,30}}?[\"'`\s:](?P<name>{_NAME})\b"
    ),
    re.compile(
        rf"\b(?P<name>{_NAME})\b[\"'`]?[^\n]{{0,20}}?(?:is not (?:set|defined) in|not found in"
        rf"|missing (?:from|in)|must be set in)"
        r"[^\n]{0,20}?(?i:env)"
    ),
    re.compile(rf"(?P<name>{_NAME}) not found\. Declare it as envvar"),
    # Python before 3.7: the runtime wrote a KeyError as its key alone.
    re.compile(rf"module initialization error: u?'(?P<name>{_NAME})'"),
    re.compile(rf"env-var: \"?(?P<name>{_NAME})\"? is a required variable"),
    re.compile(rf"required key (?P<name>{_NAME}) missing value"),
    re.compile(rf"key not found: \"(?P<name>{_NAME})\""),
    re.compile(rf"Set the (?P<name>{_NAME}) environment variable"),
    re.compile(
        rf"\b(?P<name>{_NAME}) (?:environment variable|env var)[^\n]{{0,20}}?(?:is "
        rf"|was )?(?:not set|missing|required|undefined|empty|must be)"
    ),
    re.compile(
        rf"process\.env\.(?P<name>{_NAME})\b[^\n]{{0,30}}?(?:undefined|not|missing|required|must)"
    ),
    re.compile(
        rf"[Cc]onfig(?:uration)? (?:error|missing"
        rf"|key)[^\n]{{0,20}}?[\"'`\s:](?P<name>{_NAME})\b[^\n]{{0,20}}?(?:not set|missing"
        rf"|undefined|required)"
    ),
)
_SETTINGS = re.compile(
    r"validation errors? for \w*(?:Settings|Config|Environment|Env)\b\s+(?P<name>\w{1,80})\s+"
    r"(?:Field required|field required|Input should)",
    re.IGNORECASE,
)
# Parameters that name a resource: code gets them from its environment.
_RESOURCE = (
    r"(?:QueueUrl|TableName|Bucket|BucketName|TopicArn|TargetArn|StreamName|FunctionName|SecretId"
    r"|StateMachineArn|stateMachineArn|DeliveryStreamName|KeyId|Queue|EventBusName|ClusterArn|UserPoolId"
    r"|QueueName|tableName|queueUrl|topicArn|bucket)"
)
_PARAMETER = (
    re.compile(rf"Invalid type for parameter (?P<name>{_RESOURCE}), value: None"),
    re.compile(rf"Missing required (?:key|parameter in input:) [\"'](?P<name>{_RESOURCE})[\"']"),
    re.compile(rf"Value null at '(?P<name>{_RESOURCE})' failed to satisfy constraint"),
    re.compile(rf"(?:No|Empty) value provided for input HTTP label: (?P<name>{_RESOURCE})"),
    re.compile(rf"request must contain the parameter (?P<name>{_RESOURCE})"),
    re.compile(rf"Expected params\.(?P<name>{_RESOURCE}) to be"),
    re.compile(
        rf"(?P<name>{_RESOURCE}) (?:cannot|must not|may not) be (?:null|empty|blank|undefined)"
    ),
)
_EMPTY_NAME = re.compile(
    r"Invalid bucket name \"\"|Invalid queue url|Parameter QueueUrl (?:is|must)"
)


def missing_variable(text: str, trace: str) -> tuple[str, bool] | None:
    """The variable's name and whether it is only a parameter's name; None for other errors."""
    if match := _PYTHON_KEY.search(text):
        name = match.group("name")
        if _ENVIRON.search(trace) or _SHOUTED.fullmatch(name):
            return name, False
        return None
    for pattern in _WORDS:
        if match := pattern.search(text):
            return match.group("name"), False
    if match := _SETTINGS.search(text):
        return match.group("name").upper(), False
    if re.search(r"environment variable not found|VarError\b|NotPresent\b", text):
        return "", False
    for pattern in _PARAMETER:
        if match := pattern.search(text):
            return match.group("name"), True
    if _EMPTY_NAME.search(text):
        return "", True
    return None
