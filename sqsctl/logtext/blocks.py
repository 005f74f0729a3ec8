"""Put together what belongs together: a block is one thing that was logged.

CloudWatch keeps a multi-line entry in one event where the runtime's log socket is used;
prints to stdout, emulators, terminals and copies tear it into a line each. A block ends
where the next line cannot be its continuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqsctl.logtext import patterns as p
from sqsctl.logtext.limits import BLOCK_EVENTS, cut
from sqsctl.logtext.prefix import clean, strip_prefix
from sqsctl.model.logline import LogEvent

# In JSON its keys come in this order: {"time": …, "type": "platform.report", "record": {…}}.
_PLATFORM_RECORD = re.compile(r'\{\s*(?:"time"\s*:\s*"[^"]*"\s*,\s*)?"type"\s*:\s*"platform\.')
_PLATFORM = re.compile(
    r"(?:START|END|REPORT) RequestId:|INIT_START |INIT_REPORT |RESTORE_START |RESTORE_REPORT "
    r"|(?:EXTENSION|TELEMETRY)\s+Name: |START\s*$|END Duration: "
)
_HEAD = re.compile(
    rf"(?:{p.LEVELS})\s*[:|]|\[(?:{p.LEVELS})\]|\{{\s*\"(?:time|timestamp|level|errorType|"
    r"errorMessage|log_level|levelname|severity|event|msg|message|name|service|cold_start)\"\s*:"
)
_JOINS = re.compile(
    r"(?:Caused by: |Suppressed: |Require stack:|- /|- file:|\.\.\. \d+ more|(?:Runtime|Extension"
    r"|Sandbox|Function)\.\w+\s*$"
    r"|The above exception was|During handling of the above|Node\.js v\d|null\s*$"
    # Frames of copies that lost their indentation.
    r"|---> |--- End of|at [\w.$<>`\[\]]{2,200}\(|at [\w.$<>\[\] ]{1,100} \((?:native|<anonymous>"
    r"|/|file:|node:"
    r"|internal/|[\w\-]+\.m?js))"
)
_CHAIN = re.compile(r"The above exception was|During handling of the above")
_ERROR_HEAD = re.compile(
    r"\b(?:ERROR|CRITICAL|FATAL|error|exception|Exception|Unhandled)\b|\w(?:Error|Exception)\s*$"
)
_TYPE_LAST = re.compile(r": [*\w.]{1,160}$")
_TYPED = re.compile(r"(?:[\w$]{1,80}\.){0,12}[A-Z][\w$]{1,80}(?::|\s*$)")


_PLACE = re.compile(
    r"with (?:module\.[\w.\[\]\"-]{1,200}\.)?aws_\w{1,80}\.|on \S{1,200}\.tf line \d|\[?#[/:]"
)


_RUST_PANIC = re.compile(r"thread '[^'\n]{1,60}' (?:\(\d+\) )?panicked at ")


_REFUSED_WHO = re.compile(r"(?:User: |^)arn:aws\S{5,300}$")
_REFUSED_WHAT = re.compile(r"is not authorized to perform:?(?: \S{1,100} on resource:?)?$")
_MOST_OF_A_REFUSAL = 6


@dataclass(slots=True)
class Block:
    """One or more events that are one entry of the log."""

    events: list[LogEvent] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    depth: int = 0
    trace: bool = False
    awaiting: bool = False

    @property
    def text(self) -> str:
        return cut("\n".join(self.lines))

    def add(self, event: LogEvent, text: str) -> None:
        self.events.append(event)
        self.lines.append(text)
        last = text.rsplit("\n", 1)[-1]
        if len(text) < 20_000:
            self._track(text, last)

    def _track(self, text: str, last: str) -> None:
        opens = last.rstrip().endswith(("{", "[")) or text.lstrip().startswith("{")
        if self.depth or opens:
            self.depth = max(0, self.depth + _balance(text))
        if "Traceback (most recent call last)" in text:
            self.trace, self.awaiting = True, True
        elif self.trace and last and not last[0].isspace():
            # The error's own line ends a traceback, unless its message goes on below. Copies
            # lose the indentation: then a file's line and the source line below it come first.
            source = len(self.lines) > 1 and self.lines[-2].startswith('File "')
            self.awaiting = last.startswith('File "') or source or last.rstrip().endswith(":")


def blocks(events: Iterable[LogEvent]) -> Iterator[Block]:
    """Blocks of one stream's events, in order."""
    block: Block | None = None
    for event in events:
        text = _message(event)
        if not text.strip():
            continue
        if block and len(block.events) < BLOCK_EVENTS and _continues(block, text):
            block.add(event, text)
            continue
        if block:
            yield block
        block = Block()
        block.add(event, text)
    if block:
        yield block


def _message(event: LogEvent) -> str:
    message = cut(event.message)
    if "\x1b" in message:
        message = p.ansi.sub("", message)
    message = message.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    first, newline, rest = message.partition("\n")
    return strip_prefix(clean(first)).text + newline + rest


def _continues(block: Block, text: str) -> bool:
    first = block.lines[0]
    if _PLATFORM.match(text) or _PLATFORM_RECORD.match(text):
        return False
    if first.startswith(("REPORT ", "INIT_REPORT ")):
        return p.report_more.match(text) is not None
    if _PLATFORM.match(first):
        return False
    if text[0].isspace():
        # Prose quotes the platform's sentence with an indentation; no trace holds it.
        return bool(block.depth or block.trace) or p.timeout_line(text.strip()) is None
    if p.node_head.match(text) or p.old_node_head.match(text) or p.timeout_line(text):
        return False
    if block.depth:
        return not p.python_log.match(text)
    if _JOINS.match(text):
        return not text.startswith("null") or ": " in block.lines[-1]
    last = block.lines[-1].rstrip()
    if text.startswith("{"):
        return p.node_kind.search(last) is not None or p.ruby_kind.match(last) is not None
    if _HEAD.match(text):
        return False
    return _goes_on(block, first, last, text)


def _goes_on(block: Block, first: str, last: str, text: str) -> bool:
    """Continuations that only the lines before can tell."""
    if block.awaiting:
        return True
    if text.startswith("Traceback (most recent call last)"):
        return _ERROR_HEAD.search(first) is not None or _CHAIN.match(last) is not None
    if p.python_error.match(first) and not block.trace and len(block.lines) < 12:
        return True
    if first.startswith("Unable to import module '") and text.startswith("Error: "):
        return True
    if _of_a_deploy(block, first, last, text) or _of_a_refusal(block, last, text):
        return True
    # Terraform tells the resource and its place below the error, a schema what it refuses.
    if _PLACE.match(text):
        return first.startswith("Error: ") or "_FAILED" in first or last.endswith("with message:")
    if p.php_fatal.match(first) and re.match(r"Stack trace:|#\d|thrown in ", text):
        return True
    if first.startswith("panic: ") and len(block.lines) < BLOCK_EVENTS:
        return not p.level_word.match(text)
    if _RUST_PANIC.match(first):
        return text.startswith("note: ") or (len(block.lines) == 1 and first.endswith(":"))
    # Go writes `message: Type` and then its frames as JSON.
    if len(block.lines) == 1 and text.startswith('[{"path":') and _TYPE_LAST.search(last):
        return True
    # Java and Ruby write `message: Type` and then `Type: message` with the frames.
    if len(block.lines) == 1 and (match := _TYPED.match(text)):
        name = match.group().rstrip(": \t")
        return last.endswith((f": {name}", f" {name}"))
    return False


# An event of CloudFormation with its resource, whose reason may stand on the lines below.
_EVENT = re.compile(
    r"[\s\S]{0,200}\b(?:CREATE|UPDATE|DELETE)_FAILED\b[^\n]{0,20}AWS::\w[^\n]{0,300}$"
)
_ANOTHER_EVENT = re.compile(
    r"[^\n]{0,80}\b[A-Z]{3,40}_(?:FAILED|COMPLETE|IN_PROGRESS)\b|\W{0,4}AWS::\w"
    r"|The following resource"
)
_OF_TERRAFORM = re.compile(
    r"Error: (?:[Ee]rror )?(?:creating|updating|deleting|putting|modifying|waiting) "
)
_MOST_OF_TERRAFORM = 40


def _of_a_deploy(block: Block, first: str, last: str, text: str) -> bool:
    """The reason below CloudFormation's event; what Terraform wraps into a paragraph."""
    if text.startswith("Resource handler returned message") and "_FAILED" in last:
        return True
    if _OF_TERRAFORM.match(first):
        return len(block.lines) < _MOST_OF_TERRAFORM and not text.startswith("Error: ")
    if last.endswith("with message:"):
        return text.startswith("#/")
    reason = len(block.lines) == 1 and _EVENT.match(first) is not None
    return reason and not _ANOTHER_EVENT.match(text)


def _of_a_refusal(block: Block, last: str, text: str) -> bool:
    """IAM's sentence, broken where a terminal or a tool breaks lines."""
    if _REFUSED_WHO.search(last) and text.startswith("is not authorized to perform"):
        return True
    return _REFUSED_WHAT.search(last) is not None and len(block.lines) < _MOST_OF_A_REFUSAL


def _balance(text: str) -> int:
    """Opening minus closing braces and brackets, strings left out."""
    depth, quoted, escaped = 0, False, False
    for char in text:
        if quoted:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char in {'"', "\n"}:
                quoted = False
        elif char == '"':
            quoted = True
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
    return depth
