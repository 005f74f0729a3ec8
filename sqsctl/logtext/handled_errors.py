"""Whether code dealt with the error that it logged, as far as its own words tell.

Used only where no platform line says how the invocation ended. Three things say that code
went on: the sentence around the error, a level below error, and a later line that tells of
success. An announced retry says it only of errors that can pass: a denial, a resource that
is not there or a module that is missing is the same at the next attempt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqsctl.logtext import patterns as p
from sqsctl.logtext.entries import Entry, Mark

_LINE_CHARACTERS = 2_000
_WENT_ON = re.compile(
    r"\b(?:fall(?:ing)?[ -]?back|recover(?:ed|ing)|ignor(?:ed|ing)|skipp(?:ed|ing)|swallow"
    r"|(?:as|is|was|were) expected|expected (?:error|failure|exception)|suppress|gracefully"
    r"|non[- ]fatal|no problem|continu(?:e|ing))\b",
    re.IGNORECASE,
)
_CAUGHT = re.compile(r"\b(?<!not )(?:caught|handled)\b", re.IGNORECASE)
_TRIES_AGAIN = re.compile(
    r"\b(?:retry(?:ing)?|retries|will (?:try|retry)|try(?:ing)? again|attempt \d+)\b",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"giv(?:e|ing) up|gave up|exhausted|max(?:imum)? (?:retries|attempts)"
    r"|after \d+ (?:re)?(?:tries|attempts)"
    r"|reached max retries|no more retries|retries exceeded|unhandled|uncaught|execution expired",
    re.IGNORECASE,
)
# What the next attempt meets again.
_PERMANENT = re.compile(
    r"not authorized|[Aa]ccess ?Denied|[Uu]nauthorized|Forbidden\b|\b403\b|UnrecognizedClient"
    r"|InvalidClientTokenId|InvalidAccessKeyId|Signature(?:DoesNotMatch)?Exception|ExpiredToken"
    r"|does not exist|NonExistentQueue|\w(?:DoesNotExist|NotFoundException)\b|NoSuch[A-Z]\w"
    r"|Cannot find (?:module|package)|No module named|cannot load such file|ClassNotFound"
    r"|Validation(?:Exception|Error)|InvalidParameter|MissingRequired|PermanentRedirect|HeaderMalformed"
    r"|[Rr]egion is missing|specify a region|must be addressed using|[Pp]arameter validation failed"
    r"|credentials|is not valid JSON|in JSON at position|JSONDecodeError|(?:Import|Syntax)Error"
)
# Words without which no error is told, also where its class is left out. They make nothing a
# finding: a check has to know the sentence.
_FAILS = re.compile(
    r"\bErr\(|\bin a panic\b"
    r"|[Ee]rror\b|[Ee]xception\b|\b[Ff]ail(?:ed|ure)\b|\b[Cc]annot\b|\b[Cc]ould ?n[o']t\b"
    r"|\b[Cc]ould not\b|\b[Cc]an't\b|\b[Uu]nable to\b|\brefused\b|\bdenied\b|FAILED\b"
    r"|\b[Uu]nexpected\b|\b[Ii]nvalid\b|\b[Mm]issing\b|\b[Nn]o \w+ (?:named|found|could)\b|\bnull\b"
    r"|\bundefined\b|\bnot (?:found|defined|exported|valid|iterable|set|supported|authorized|exist)"
    r"|\bis not an? \w|\boutside a module\b|\bout of memory\b|\bkilled\b|\bexceed(?:s|ed)\b"
    r"|\btoo (?:large|long|many|big)\b|\b[Tt]ime(?:d )?out\b|\bexpired\b|\brequires? \w"
    r"|\bshorter than\b|\b\w+n't\b|\bmust (?:be|not)\b|\bis less than\b"
    r"|\b[Ee]xpect(?:ed|ing) \w|\bno longer supported\b|\bdisabled\b|[Tt]hrottl|\bwas compiled\b"
)
_NEGATED = re.compile(
    r"\b(?:no|0|zero|without|never|not an?|any|if|when|whenever|unless|in case of|possible)\s+"
    r"(?:\w+\s+){0,2}(?:errors?|exceptions?|failures?|timeouts?|denied|failed)\b",
    re.IGNORECASE,
)
_WENT_WELL = re.compile(
    r"\b(?:succe(?:ss|eded|ssful|ssfully)|recovered|reconnected|completed|finished|ok)\b",
    re.IGNORECASE,
)
_WENT_BADLY = re.compile(
    r"\b(?:with|in) (?:\d+ |an? )?(?:errors?|failures?)\b|status:? ?[45]\d\d\b|\bnot \w|\bfail"
    r"|\bexit(?:ed)?(?: code| status)?:? [1-9]|\b0 (?:succe|ok)|: ?false\b|before completing",
    re.IGNORECASE,
)
# A line of a program's source, which names errors that did not happen.
_SOURCE = re.compile(
    r"\s*(?:\d{1,5}\s?[|:]?\s+)?(?:def \w|class \w|except\b.{0,80}:\s*$|raise \w|\}? ?catch ?[({]"
    r"|throw new |import [\w.]{1,80}(?: as \w+)?\s*;?\s*$|import [{*\"']|from [\w.]{1,80} import "
    r"|(?:export )?(?:const|let|var) |return\b|(?:el)?if [\w(!].{0,200}[:{]\s*$|if ?\(|try\s*[:{]"
    r"|(?:export )?(?:async )?function\b|func [\w(]|public |private |@\w{1,40}\b|//|/\*)",
    re.MULTILINE,
)
# Prose that speaks to its reader of what may happen to him.
_LECTURE = re.compile(
    r"\b(?:if|when(?:ever)?|should|in case) you (?:\w+ )?(?:see|get|receive|encounter|run into)\b"
    r"|\byou (?:may|might|will|could|would) (?:\w+ )?(?:see|get|receive|encounter|run into|face)\b",
    re.IGNORECASE,
)
# The report of a telemetry extension or exporter: what it lost ends no invocation.
_TELEMETRY = re.compile(
    r"\bDD_EXTENSION \||\[NR_EXT\]|\"caller\": ?\"(?:exporterhelper|internal/|otelcol|service/)"
    r"|\"kind\": ?\"(?:exporter|receiver|processor|extension)\"|opentelemetry\.(?:exporter|sdk)\b"
    r"|Exporting failed\b|contextMissingLogError|aws_xray_sdk\.core"
    r"|Failed to export (?:batch|span|metric)"
)
_QUIET = frozenset({"TRACE", "DEBUG", "DBUG", "TRCE", "INFO", "NOTICE", "WARN", "WARNING"})


@dataclass(slots=True)
class Successes:
    """What lines further down say went well, and of which requests."""

    requests: set[str] = field(default_factory=set)
    of_any: bool = False

    def take(self, entry: Entry) -> None:
        if not _went_well(entry):
            return
        if entry.request_id:
            self.requests.add(entry.request_id)
        else:
            self.of_any = True

    def follow(self, entry: Entry) -> bool:
        """Whether one of them can be of the entry's invocation."""
        if self.of_any or not entry.request_id:
            return self.of_any or bool(self.requests)
        return entry.request_id in self.requests


def handled(entry: Entry, after: Successes) -> bool:
    """Whether the line, or one after it, says that the code went on."""
    if entry.error is None or (not entry.level and is_source(entry.text)):
        return True
    if _TELEMETRY.search(entry.text[:_LINE_CHARACTERS]):
        return True
    if _dealt_with(_sentence(entry)):
        return True
    if entry.level in _QUIET and not _is_error_itself(entry):
        # A client that goes on trying warns; of what cannot pass, the warning is all there is.
        warned = entry.level.startswith("WARN") and _PERMANENT.search(_sentence(entry))
        if not warned:
            return True
    return after.follow(entry)


def _went_well(entry: Entry) -> bool:
    text = entry.text[:_LINE_CHARACTERS]
    return (
        entry.mark is Mark.LINE
        and _WENT_WELL.search(text) is not None
        and _WENT_BADLY.search(text) is None
    )


def teaches(text: str) -> bool:
    """Whether the text tells what errors mean, rather than of one that happened."""
    return _LECTURE.search(text) is not None


def tells_of_failure(text: str) -> bool:
    """Whether a sentence without a level tells of something that failed and was left so."""
    text = text[:_LINE_CHARACTERS]
    if not _FAILS.search(text) or _NEGATED.search(text) or is_source(text):
        return False
    return not _dealt_with(text)


def goes_on(text: str) -> bool:
    """Whether a line about an error says that the code dealt with it, or will."""
    text = text[:_LINE_CHARACTERS]
    return _dealt_with("\n".join(line for line in text.split("\n") if not p.frame.match(line)))


def is_source(text: str) -> bool:
    """Whether the text begins as a line of a program's source does."""
    return _SOURCE.match(text) is not None


def _dealt_with(sentence: str) -> bool:
    if _GAVE_UP.search(sentence):
        return False
    if _WENT_ON.search(sentence):
        return True
    if _PERMANENT.search(sentence):
        return False
    return bool(_TRIES_AGAIN.search(sentence) or _CAUGHT.search(sentence))


def _sentence(entry: Entry) -> str:
    """What the code said about the error: its line up to the frames."""
    text = entry.text[:_LINE_CHARACTERS]
    return "\n".join(line for line in text.split("\n") if not p.frame.match(line))


def _is_error_itself(entry: Entry) -> bool:
    """``console.log(error)``: the line is the error object, not a sentence about one."""
    if entry.level.startswith(("WARN", "DEBUG", "TRACE")) or entry.error is None:
        return False
    body = p.node_head.sub("", entry.text, count=1).lstrip()
    return bool(entry.error.type) and body.startswith((entry.error.type, "Error:"))
