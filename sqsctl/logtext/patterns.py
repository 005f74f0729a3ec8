"""What Lambda's platform and runtimes write, as patterns.

Everything here is bounded: no pattern can backtrack over more than one line, and
callers cut their input (``limits.py``) before they search it.

Sources: AWS Lambda developer guide (log formats, platform events), the runtime
interface clients for Node.js, Python and Ruby, and recorded logs.
"""

from __future__ import annotations

import re

UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
STAMP = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?:Z|[+-]\d\d:?\d\d(?!\d)| ?\([+-]\d\d:\d\d\))?"
)
LEVELS = (
    r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE"
    r"|fail|crit|warn|info|dbug|trce"
)

# A request id that somebody blanked out, or made up in the right form, before sharing the text.
MASKED = (
    r"(?:[0-9a-zA-Z*#]{8}-(?:[0-9a-zA-Z*#]{4}-){3}[0-9a-zA-Z*#]{12}"
    r"|[xX*#.\u2026\u2022]{3,40}(?:-[\w*#.]{1,40}){0,4}"
    r"|(?:[0-9a-fA-F]{2,12}-?(?:[*#\u2026]|\.{3})|[*#xX]{2,12}-)[\w*#.\u2026\-]{0,36}"
    r"|(?i:[\w\-]{0,12}(?:request|uuid)[\w\-]{0,12})"
    r"|[<\[{(](?i:[\w\- ]{0,20}(?:id|request|redact|uuid|hidden|mask|remov|xx|\*\*)[\w\-* ]{0,20})"
    r"[>\]})])"
)

uuid = re.compile(UUID)
masked = re.compile(MASKED)
stamp = re.compile(STAMP)
ansi = re.compile(
    r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\-_])"
)

# --- platform lines, text format --------------------------------------------------------
# People redact request ids, or blank them out.
_ID = r"(?P<rid>(?!Version:|Duration:)(?:[<\[{(][\w\- *.]{1,40}[>\]})]|[^\s:]{1,80}))?"
start = re.compile(rf"START RequestId: ?{_ID}(?:\s+Version: (?P<version>\S+))?")
end = re.compile(rf"END RequestId: ?{_ID}")
report = re.compile(rf"REPORT RequestId: ?{_ID}")
init_start = re.compile(
    r"INIT_START Runtime Version: (?P<runtime>[^\s]+)(?:\s+Runtime Version ARN: (?P<arn>\S+))?"
)
init_report = re.compile(r"INIT_REPORT Init Duration: (?P<init>[\d.]{1,20}) ms")
other_platform = re.compile(
    r"(?:EXTENSION|TELEMETRY|LOGS)\s+Name: |RESTORE_(?:START|REPORT) |XRAY TraceId: "
)
# `sls logs` (Serverless Framework v3) shortens START and REPORT to these.
sls_start = re.compile(r"START\s*$")
sls_end = re.compile(
    r"END Duration: (?P<dur>[\d.]{1,20}) ms(?: \(init: (?P<init>[\d.]{1,20}) ms\))?"
    r"(?:\s+Memory Used: (?P<used>\d{1,9}) MB)?"
)

field_duration = re.compile(r"(?<!Billed )(?<!Init )(?<!Restore )Duration: ([\d.]{1,20}) ms")
field_size = re.compile(r"Memory Size: (\d{1,9}) MB")
field_used = re.compile(r"Max Memory Used: (\d{1,9}) MB")
field_init = re.compile(r"Init Duration: ([\d.]{1,20}) ms")
field_status = re.compile(r"\bStatus: (\w{1,40})")
field_error_type = re.compile(r"\bError Type: ([\w.]{1,120})")
field_phase = re.compile(r"\bPhase: (\w{1,20})")
report_more = re.compile(
    r"\s*(?:XRAY TraceId: |SegmentId: |Status: |Error Type: |Init Duration: |Restore Duration: "
    r"|Billed |Memory Size: |Max Memory Used: |Duration: |Phase: )"
)

# --- what ends an invocation -------------------------------------------------------------
# A time or an id, or what somebody put in its place: all but plain words.
_PLACE = (
    rf"(?:(?!\[(?:{LEVELS})\])[<\[({{][^>\])}}\n]{{1,40}}[>\])}}]|(?!(?:{LEVELS})\b)[A-Z][A-Z_\-]{{2,40}}(?=\s)|{MASKED}"
    r"|[xX*#]{2,4}-[xX*#]{2}-[xX*#]{2}[T ][xX*#:.,]{4,20}Z?"
    r"|(?=[^\s\"]{0,60}[\d*#\u2026])[^\s\"]{1,80})"
)
_SHORTEST = '"RequestId: Error: Task timed out after '
timeout = re.compile(
    rf"\"?(?:{_PLACE}[ \t]+){{0,3}}?(?:RequestId:\s+)?(?:(?P<rid>{_PLACE})\s+)?(?:Error:\s+)?"
    r"Task timed out after (?P<secs>\d{1,6}(?:\.\d{1,3})?) seconds[\s\"]*(?:$|\|)"
)
timeout_in = re.compile(r"Task timed out after (?P<secs>\d{1,6}(?:\.\d{1,3})?) seconds")
exited = re.compile(
    rf"(?:{STAMP}\s+)?(?:(?:RequestId: )?"
    rf"(?P<rid>[<\[]\w{{1,20}} \w{{1,20}}[>\]]|{UUID}|(?<=RequestId: )\S{{1,80}})\s+)?"
    r"(?:(?:Error:? )?Process exited before completing request"
    r"|(?:Error:? )?Runtime exited (?:with error: (?P<why>[^\n]{1,200})"
    r"|without providing a reason))"
)
# The sandbox reports a bootstrap that it could not start in one line of this form.
sandbox_error = re.compile(
    r"RequestId: (?P<rid>\S{1,80})\s+Error: (?P<msg>[^\n]{1,2000})(?:\n(?P<type>[\w.]+))?"
)
runtime_type = re.compile(
    r"(?:Runtime|Function|Extension|Sandbox|Init)(?:\.[A-Z]\w{1,60}|<[\w:.]{1,80}>)\s*$"
)


# What ``sam local`` says where Lambda's own sentence would be.
sam_timeout = re.compile(r"Function '[^'\n]{1,140}' timed out after (?P<secs>\d{1,6}) seconds\s*$")


def timeout_line(text: str) -> re.Match[str] | None:
    """The platform's line that stopped an invocation; cheap for other lines."""
    match = timeout.match(text) if "Task timed out" in text[:400] else None
    # Lambda counts hundredths; what other programs call a task they time in whole seconds.
    exact = match and ("." in match.group("secs") or stamp.search(text) or uuid.search(text))
    return match if exact or (match and match.start("secs") <= len(_SHORTEST)) else None


# --- heads of lines -----------------------------------------------------------------------
# Node.js: stamp, request id, level; tabs become blanks when a person copies the line.
_REQUEST = rf"(?P<rid>{UUID}|undefined|{MASKED})"
node_head = re.compile(rf"(?P<ts>{STAMP})\s+{_REQUEST}\s+(?P<lvl>{LEVELS})(?:\s+|$)")
# Node.js before 10: no level.
old_node_head = re.compile(rf"(?P<ts>{STAMP})\s+(?P<rid>{UUID})\s+(?!Task timed out)")
# `sls logs` drops the request id of some lines.
bare_head = re.compile(rf"{_REQUEST}\s+(?P<lvl>{LEVELS})(?:\s+|$)")
# Python's logging in Lambda: tabs between the fields.
python_log = re.compile(
    rf"\[(?P<lvl>{LEVELS})\]\s+(?P<ts>{STAMP})\s+(?:(?P<rid>{UUID}|{MASKED})(?:\s+|$))?"
)
python_error = re.compile(
    r"\[ERROR\] (?P<type>[A-Za-z_][\w.]{0,200}?)(?:: (?P<msg>.*))?\s*$", re.MULTILINE
)
# logfmt: `time=… level=error msg="…" error="…"` (logrus, the runtime interface emulator).
logfmt_level = re.compile(rf"\blevel=\"?(?P<lvl>{LEVELS}|error|warning|debug|fatal|panic)\b")
# Python's logging: `time - logger - LEVEL - message`, `time logger [LEVEL] message`; loguru's bars.
level_inside = re.compile(
    rf"[^\n]{{0,100}}?(?:\[({LEVELS})\]| - ({LEVELS}) - |\| ({LEVELS})\s{{1,8}}\|)"
)
level_word = re.compile(
    rf"[\s|:\[(\-]{{0,4}}(?P<lvl>{LEVELS}|error|debug|warning|fatal|critical)[\]|:)\s]"
)
# Rust's runtime client tells what its handler, or the reading of the event, ended with.
rust_error = re.compile(
    r"ERROR (?:Lambda runtime invoke\{(?P<fields>[^}\n]{0,400})\}: )lambda_runtime[\w:]{0,60}: "
    r"(?P<msg>[^\n]{1,4000})"
)
# C++, Go and TensorFlow: `W file.cc:64] message`, `W0307 10:00:01.000 8 file.go:64] message`.
glog = re.compile(
    rf"(?:{STAMP}:? )?(?P<lvl>[IWEF])(?:\d{{4}} [\d:.]{{8,20}}\s{{1,8}}\d{{1,9}})? "
    r"[\w/.\-]{1,200}\.\w{1,5}:\d{1,6}\] "
)
error_object = re.compile(r"\{\s*\"error(?:Message|Type)\"\s*:")
node_kind = re.compile(
    r"(?:Uncaught Exception|Invoke Error|Unhandled Promise Rejection)\s*(?=\{|$|\n|\\n|\t)"
)
old_python = re.compile(
    r"(?:Unable to import module '[^'\n]{1,200}':|Handler '[^'\n]{1,200}' missing on module "
    r"|Bad handler '|module initialization error: |Syntax error in module ')"
)
old_node = re.compile(r"(?:Unable to import module|Handler '[^'\n]{1,200}' missing on module) '")
ruby_kind = re.compile(
    r"(?:Error raised from handler method|Init error when loading handler"
    r"|Critical exception from handler|Error when loading handler)[^\n{]{0,120}"
)
python_noise = re.compile(r"LAMBDA_WARNING: Unhandled exception")

traceback = re.compile(
    r"^(?:  \+ Exception Group )?Traceback \(most recent call last\):?", re.MULTILINE
)
# An error's own first line: `Type: message`, `Type [CODE]: message`, `pkg.Type: message`.
error_head = re.compile(
    r"(?P<type>Runtime\.[A-Z]\w{1,80}(?=: )|(?:[A-Za-z_]\w{0,80}[.:$/]{1,2}){0,12}[A-Za-z_]\w{0,80}"
    r"(?:Error|Exception|Fault|Failure|Rejection|Interrupt|Exit|Timeout|DoesNotExist|NotFound|Denied"
    r"|Throttled|Exceeded))(?:<[\w:.]{1,80}>)?"
    r"(?: \[(?P<code>[\w.]{1,80})\])?(?: \([\w.]{1,80}\))?:(?:[ \t]+(?P<msg>.*))?$",
    re.MULTILINE,
)
plain_error = re.compile(
    r"^(?:Uncaught |Unhandled )?Error(?: \[(?P<code>\w{1,80})\])?: (?P<msg>.*)$", re.MULTILINE
)
# SDKs for Node.js name an error by AWS's code alone: `InvalidParameterValue: …`, and its frames.
coded_error = re.compile(
    r"(?!Trace|Warning|\w*Warning)(?P<type>(?:AWS\.)?[A-Z][A-Za-z]{2,80}(?:\.[A-Z]\w{2,80}){0,3}): "
    r"(?P<msg>[^\n]{1,4000})(?=\n\s+at \S)"
)
# PHP ends a script with this line: a process, or a request that it served.
php_fatal = re.compile(
    r"(?:PHP )?(?:Fatal|Parse) error:\s{1,4}(?:Uncaught )?(?:(?P<type>[A-Z][\w\\]{0,120}): )?"
    r"(?P<msg>[^\n]{1,2000}?) in (?P<file>/[^\s:]{1,300})(?::| on line )(?P<line>\d{1,7})"
)
# Java, Ruby, .NET and Go handlers: Lambda writes `message: Type` and the trace or `null` below.
typed_tail = re.compile(
    r"^(?P<msg>[^\n]{0,4000}?): (?P<type>(?:[\w$*]{1,80}\.){0,12}[A-Za-z]\w{0,80})\s*\n"
    r"(?:null\s*$|(?P=type)\b|Traceback \(most recent|\[\s*\{\s*\"path\":)"
)
# Go's frames may stand behind its type on the same line.
typed_frames = re.compile(
    r"^\"?(?P<msg>[^\n]{1,4000}?): (?P<type>[*\w]{1,80}(?:\.\w{1,80})?)\s+\[\s*\{\s*\"path\":"
)
typed_end = re.compile(
    r"^(?P<msg>[^\n]{1,4000}): (?P<type>(?:[\w$]{1,80}\.){0,12}[A-Z]\w{0,80}(?:Exception|Error))\s*"
    r"(?:\n\s+at |$)"
)
# The same with .NET's frames, which name parameters where others name a file and a line.
typed_dotnet = re.compile(
    r"^(?P<msg>[^\n]{1,4000}): (?P<type>(?:[\w$]{1,80}\.){0,12}[A-Z]\w{0,80}(?:Exception|Error))\s*"
    r"\n\s*at [\w.<>`\[\],+ ]{2,300}\((?!Native Method|Unknown Source|[^()\n]{0,300}:\d)"
    r"[^()\n]{0,600}\)(?: in |\s*$|\s*\n)"
)
# A qualified name of an exception says enough, wherever it stands.
qualified = re.compile(
    r"\b(?P<type>(?:[a-z_]\w{0,60}\.){2,10}[A-Z]\w{0,80}(?:Error|Exception))\b(?P<msg>[^\n]{0,2000})"
)
frame = re.compile(r"^\s*(?:at \S|File \"|\.\.\. \d+ more|from /|--- End of)")
caused_by = re.compile(r"^(?:Caused by|Suppressed): ", re.MULTILINE)

# Where a line break was lost in copying: platform lines begin in the middle of a line.
lost_break = re.compile(
    rf"(?<=[^\s|>])[ \t]+(?=(?:START|END|REPORT) RequestId: {UUID}\b|INIT_REPORT Init Duration: "
    rf"|{STAMP}\s+{UUID}\s|RequestId: {UUID} (?:Error: |Process exited))"
)

# --- shapes of pasted text ---------------------------------------------------------------
stream_name = re.compile(r"\d{4}/\d\d/\d\d/(?:[\w.\-]{1,128})?\[[^\]\s]{1,64}\][0-9a-fA-F]{6,64}")
group_name = re.compile(r"/aws/lambda/[\w\-./#$]{1,256}")
epoch_ms = re.compile(r"\d{13}(?=[,\t |])")
# `docker compose logs` puts the container's name before each line.
container = re.compile(
    rf"(?!(?:{LEVELS}|error|warning|debug|fatal)\b)[\w.\-]{{1,60}}\s{{0,20}}\| (?=\S|\s{{4}})"
)
clock = re.compile(r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,6})?(?: [AP]M)?(?=\s)")
gutter = re.compile(r"\s{0,8}[▶▼►▸▾│|]+\s+")
