"""Errors of code that lacks an environment variable, in the words of every runtime."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqsctl.checks.support.failures.failed_reads import Origin, code, places, read_by
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.model.logline import Phase

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


# Words in the names of variables that configure a function, for a KeyError without a trace.
_LIKE_A_VARIABLE = re.compile(
    r"[A-Z][A-Z0-9]*_|(?:URL|URI|ARN|HOST|PORT|STAGE|REGION|TABLE|QUEUE|BUCKET|TOPIC|TOKEN|SECRET"
    r"|KEY|NAME|ENDPOINT|PASSWORD|ENV)$"
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that the code lacks.

    ``parameter``: only the name of a call's parameter is known, which came out empty. ``sure``:
    the error or the code says that it is a variable of the environment.
    """

    name: str
    parameter: bool = False
    sure: bool = True


def missing_variable(case: Case) -> Missing | None:
    """The variable that an error is about; None for other errors."""
    text = case.text
    if match := _PYTHON_KEY.search(text):
        return _key_error(match.group("name"), case)
    found = _in_words(text)
    return Missing(*found) if found else None


def _key_error(name: str, case: Case) -> Missing | None:
    """A dictionary's KeyError looks the same: the trace and the code tell it apart."""
    if _ENVIRON.search(f"{case.trace}\n{case.failure.line}"):
        return Missing(name)
    if not _SHOUTED.fullmatch(name):
        return None
    place = next((each for each in places(case) if each.text), None)
    if place is not None:
        source, _ = read_by(case, key=name)
        return Missing(name) if source is Origin.ENVIRON else None
    if case.sources:
        return Missing(name) if _read_in_code(name, code(case)) else None
    if case.failure.phase is Phase.INIT or _LIKE_A_VARIABLE.search(name):
        return Missing(name, sure=False)
    return None


def _read_in_code(name: str, source: str) -> bool:
    return name in variables_read(source)


_READS = re.compile(
    r"(?:environ\s*\[\s*|environ\.get\(\s*|getenv\(\s*|process\.env\[\s*|ENV\[\s*"
    r"|ENV\.fetch\(\s*)[\"'](?P<name>\w{1,80})[\"']|process\.env\.(?P<js>\w{1,80})"
)


def variables_read(source: str) -> tuple[str, ...]:
    """Names of environment variables that a source reads, in order."""
    names = [m.group("name") or m.group("js") for m in _READS.finditer(source)]
    return tuple(dict.fromkeys(names))


def variable_of(parameter: str, source: str) -> str:
    """The variable that a call's parameter gets its value from; empty where it does not show."""
    given = re.compile(rf"\b{re.escape(parameter)}[\"']?\s*[:=]\s*(?P<e>[^\n,;)}}]{{1,200}})")
    for match in given.finditer(source):
        if names := variables_read(f"{match.group('e')})"):
            return names[0]
        root = re.match(r"\s*(?P<n>[\w$]+)", match.group("e"))
        if root is None:
            continue
        assigned = re.search(
            rf"\b{re.escape(root.group('n'))}\s*(?::\s*\w+\s*)?=(?!=)(?P<e>[^\n;]{{1,200}})", source
        )
        if assigned and (names := variables_read(assigned.group("e"))):
            return names[0]
        if re.search(rf"\{{[^{{}}]*\b{root.group('n')}\b[^{{}}]*\}}\s*=\s*process\.env", source):
            return root.group("n")
    return ""


def _in_words(text: str) -> tuple[str, bool] | None:
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
