"""What an entry of the log is made of, and how each kind is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqsctl.logtext import patterns as p
from sqsctl.logtext.errors import SeenError
from sqsctl.model.logline import LogEvent


class Mark(StrEnum):
    """The kinds of entries."""

    START = "start"
    END = "end"
    REPORT = "report"
    INIT_START = "init start"
    INIT_REPORT = "init report"
    FATAL = "fatal"  # the runtime or the platform says that an error ended something
    ERROR = "error"  # code logged an error; whether it ended anything is not said
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Entry:
    """A block, understood. Durations are milliseconds, memory megabytes."""

    mark: Mark
    events: tuple[LogEvent, ...]
    text: str
    at: datetime | None = None
    request_id: str | None = None
    no_request: bool = False
    error: SeenError | None = None
    level: str = ""
    duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    init_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    version: str | None = None
    runtime: str | None = None
    phase: str | None = None
    runtime_form: bool = False  # JSON in the runtime's own keys, which console.error shares


SUSPECT = re.compile(
    r"rror|xception|[Tt]raceback|denied|Denied|not authorized|Task timed out|Runtime exited|panic"
    r"|FATAL|CRITICAL|Rejection|Failure|Fault|E[A-Z]{4,}|DoesNotExist|NotFound|[Tt]hrottl|Exceeded"
    r"|\bRuntime\.[A-Z]"
    r"|\n\s+at \S|Fatal error|Parse error"
    r"|exited|differs from|Could not|Cannot|Unable|signal: |OutOfMemory|\bfail\b|SEVERE"
)
# What only AWS or an SDK writes, also without an error type beside it: first the frames that an
# SDK or a service puts around any error, then the sentences of single errors.
WORDED = re.compile(
    r"An error occurred \(\w{1,80}[\w.]{0,80}\) when calling|Resource handler returned message"
    r"|\bHandlerErrorCode: |\(Service: [\w ]{1,60}[,;] Status ?Code: \d{3}|api error \w{1,80}: "
    r"|status code: \d{3}, request id: "
    r"|operation error [\w ]{1,60}: |https response error StatusCode: \d{3}"
    r"|\b(?:S3|SQS|SNS|KMS|Lambda|DynamoDB) Error (?:Code|Message): |Aws::\w{1,40}::Errors::\w"
    r"|is not authorized to perform|specified queue does not exist|Queue visibility timeout: "
    r"|differs from SQSClient|no longer supported for creating or updating|Rate [Ee]xceeded"
    r"|(?:does not|doesn't) have permissions to call|Execution failed due to configuration error"
    r"|not authorized to access|Credential should be scoped"
    r"|FATAL ERROR|exec format error"
    r"|Access to the resource \S{1,300} is denied|Error loading shared library"
    r"|KMS access was denied|specified handler assembly|Unable to load type '"
    r"|Couldn't find valid bootstrap|event source mapping \S{0,60} ?(?:is|was) disabled"
    r"|\"EventSourceArn\"[\s\S]{0,2000}\"State\": ?\"Disabl"
    # S3's ways to say that a bucket is elsewhere.
    r"|[Tt]he bucket is in this region: |must be addressed using the specified endpoint"
    r"|region '[\w\-]{1,30}' is wrong; expecting '|incorrect endpoint for the \w{1,30} location"
    # What SDKs find wrong before they send anything.
    r"|Region is missing|must specify a region|Missing region in config|Unable to load region"
    r"|Parameter validation failed|Invalid type for parameter \w|Missing required parameter in "
    r"|Missing required key '|Unexpected key '[^'\n]{1,80}' found in params"
    r"|Expected params\.\w|provided for input HTTP label: |[Uu]nable to locate credentials"
    r"|[Cc]ould not load credentials|[Uu]nable to load (?:AWS )?credentials"
    r"|Missing credentials in config|failed to refresh cached credentials"
    r"|no EC2 IMDS role found|[Ff]ailed to retrieve credentials"
    r"|security token included in the request is (?:invalid|expired)|Signature expired: \d{8}T"
    r"|Error executing \"\w{1,60}\" on \"https?://"
    # Events of CloudFormation and sentences of a deploy.
    r"|\b(?:CREATE|UPDATE|DELETE)_FAILED\b|Circular dependency between resources: "
    r"|Unresolved resource dependencies \[|state and can ?not be updated"
    r"|(?:Properties|Model) validation failed|Template (?:format |validation )?error: "
    r"|did not receive a response from your Custom Resource"
    r"|Received response status \[FAILED\] from custom resource|Requires capabilities ?: ?\["
    r"|Custom Resource failed to stabilize|is invalid for updating"
    r"|An error occurred(?: while provisioning your stack)?: \w{1,255}\s{1,12}- \S"
    r"|No export named \S{1,300} found|as it is in use by \S"
    r"|^[│|╷ ]{0,4}Error: (?:[Ee]rror )?(?:creating|updating|deleting|putting|modifying) "
    r"|\[ERROR\] Could not resolve \"|Can't resolve '[^'\n]{1,200}'"
    r"|Cannot find (?:module|package) '[^'\n]{1,300}'\s*\nRequire stack:"
    # The system's loader, of a program or a library that cannot be loaded.
    r"|: version [`'](?:GLIBC|GLIBCXX|CXXABI)_[\w.]{1,20}' not found"
    r"|error while loading shared libraries: "
    # Programs that end by themselves, in Go and in Rust.
    r"|^panic: \S|^thread '[^'\n]{1,60}' (?:\(\d+\) )?panicked at "
    # What the operating system says of a limit, and a shell of a program that is not there.
    r"|E(?:MFILE|NFILE|ROFS|NOSPC): |\[Errno (?:23|24|28|30)\]|[Tt]oo many open files"
    r"|Read-only file system|No space left on device|can't start new thread"
    r"|requires the handler name to be the first argument"
    r"|: command not found\s*$|executable file not found in \$PATH"
)
_TELLING = 4
LOUD = frozenset({"ERROR", "FATAL", "CRITICAL", "SEVERE", "FAIL", "CRIT", "PANIC"})


def request_id(text: str | None) -> str | None:
    """The id to group lines by; None for none, and for one that was blanked out."""
    if not text or text == "undefined":
        return None
    told = {each for each in text.lower() if each.isalnum() and each != "x"}
    if not any(each.isdigit() for each in text) or p.stamp.match(text):
        return None
    blanked = p.masked.fullmatch(text) is not None and len(told) < _TELLING
    return None if blanked or text[0] in "<[{(" else text.lower()


_SECONDS = re.compile(r"after (\d{1,6}(?:\.\d{1,3})?) s")


def timeout_error(text: str) -> SeenError:
    """The error of an invocation that was stopped at its timeout."""
    match = p.timeout_in.search(text)
    return SeenError("Sandbox.Timedout", match.group() if match else text)


def timed_out_after(error: SeenError) -> float | None:
    """The seconds that such an error names."""
    match = _SECONDS.search(error.message)
    return float(match.group(1)) if match else None


def fatal_entry(
    events: tuple[LogEvent, ...],
    text: str,
    at: datetime | None,
    rid: str | None,
    error: SeenError,
    *,
    level: str = "",
    no_request: bool = False,
) -> Entry:
    """An entry that says that an error ended an invocation or an init."""
    return Entry(
        Mark.FATAL,
        events,
        text,
        at,
        request_id(rid),
        no_request=no_request,
        error=error,
        level=level,
    )
