"""The Python runtime of the lab's functions: what runs inside one execution environment.

Runs by itself, with nothing of sqsctl importable, as ``python -I -S bootstrap.py``.
Behaves, logs and reports errors as AWS's own runtime client for Python does (checked
against aws/aws-lambda-python-runtime-interface-client); talks to the lab over one
inherited socket (length-prefixed JSON) and one inherited pipe (framed log records).
"""

from __future__ import annotations

import decimal
import importlib
import io
import json
import logging
import os
import resource
import socket
import sys
import time
import traceback
from types import TracebackType
from typing import Any

RAW, RECORD = 1, 2  # frame types: bytes of a stream, or one whole log event
INDENT = "\u00a0"
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function "
    "code. However, in rare cases, a Lambda runtime update can cause unexpected function "
    "behavior. For functions using managed runtimes, runtime updates can be triggered by a "
    "function change, or can be applied automatically. To determine if the runtime has been "
    "updated, check the runtime version in the INIT_START log entry. If this error correlates "
    "with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
)


class Telemetry:
    """The pipe that log records go through, each with the time it was made."""

    def __init__(self, fd: int) -> None:
        self._file = os.fdopen(fd, "wb", 0)

    def send(self, kind: int, data: bytes) -> None:
        head = kind.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        frame = memoryview(head + (time.time_ns() // 1000).to_bytes(8, "big") + data)
        while frame:
            frame = frame[self._file.write(frame) :]


class Stream(io.RawIOBase):
    """What print() writes to: in order with the log records, unbuffered."""

    def __init__(self, telemetry: Telemetry, fd: int) -> None:
        super().__init__()
        self._telemetry = telemetry
        self._fd = fd

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data: Any) -> int:
        raw = bytes(data)
        if raw:
            self._telemetry.send(RAW, raw)
        return len(raw)


class Channel:
    """The socket to the lab: one JSON document at a time, each after its length."""

    def __init__(self, fd: int) -> None:
        self._file = socket.socket(fileno=fd).makefile("rwb")

    def receive(self) -> dict[str, Any] | None:
        head = self._file.read(4)
        if len(head) < 4:
            return None
        message: dict[str, Any] = json.loads(self._file.read(int.from_bytes(head, "big")))
        return message

    def send(self, kind: str, payload: str = "") -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak_kb = peak // 1024 if sys.platform == "darwin" else peak
        body = json.dumps({"kind": kind, "payload": payload, "peak_kb": peak_kb}).encode()
        self._file.write(len(body).to_bytes(4, "big") + body)
        self._file.flush()


class Fault(Exception):  # noqa: N818 - what the runtime calls it
    """An error that the runtime itself words."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = f"Runtime.{kind}"
        self.message = message
        self.trace = trace or []


class Context:
    """The handler's second argument."""

    def __init__(self, invocation: dict[str, Any]) -> None:
        environ = os.environ
        self.aws_request_id = invocation["request_id"]
        self.invoked_function_arn = invocation["arn"]
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.client_context = None
        self.identity = None
        self._deadline_ms = invocation["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline_ms - time.time() * 1000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))


class TextFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )


class JsonFormatter(logging.Formatter):
    """One JSON object an event, keys as AWS's runtime has them."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            kind, value, trace = record.exc_info
            fields["stackTrace"] = traceback.format_tb(trace)
            fields["errorType"] = kind.__name__
            fields["errorMessage"] = str(value)
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        fields["requestId"] = getattr(record, "aws_request_id", "")
        known = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "aws_request_id"}
        fields |= {key: value for key, value in record.__dict__.items() if key not in known}
        return json.dumps(fields, ensure_ascii=False, default=str) + "\n"


class Handler(logging.Handler):
    """The root logger's handler that Lambda puts there."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime
        self.setFormatter(JsonFormatter() if runtime.json_logs else TextFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = self._runtime.request_id
        self._runtime.telemetry.send(
            RECORD, self.format(record).encode("utf-8", "backslashreplace")
        )


class Runtime:
    """Loads the function once, then serves one invocation after the other."""

    def __init__(self) -> None:
        self.telemetry = Telemetry(int(os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD")))
        self.channel = Channel(int(os.environ.pop("_SQSCTL_CONTROL_FD")))
        self.json_logs = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        self.request_id = ""

    def run(self) -> None:
        sys.stdout = io.TextIOWrapper(
            Stream(self.telemetry, 1), encoding="utf-8", newline="", write_through=True
        )
        sys.stderr = io.TextIOWrapper(
            Stream(self.telemetry, 2),
            encoding="utf-8",
            errors="backslashreplace",
            newline="",
            write_through=True,
        )
        root = logging.getLogger()
        root.addHandler(Handler(self))
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        if level:
            root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
        sys.path[:0] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
        sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
        try:
            function = load(os.environ["_HANDLER"])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the function's
            logging.warning(WARNING)  # noqa: LOG015 - the root logger, as AWS does it
            self.fail("init_error", error)
            sys.exit(1)
        self.channel.send("ready")
        while (invocation := self.channel.receive()) is not None:
            self.serve(function, invocation)

    def serve(self, function: Any, invocation: dict[str, Any]) -> None:
        self.request_id = invocation["request_id"]
        if invocation.get("trace_id"):
            os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            event = parsed(invocation["event"])
            result = serialised(function(event, Context(invocation)))
        except Exception as error:  # noqa: BLE001 - reported as the invocation's answer
            self.fail("error", error)
        else:
            self.channel.send("result", result)

    def fail(self, kind: str, error: Exception) -> None:
        if isinstance(error, Fault):
            described = {
                "errorMessage": error.message,
                "errorType": error.kind,
                "requestId": self.request_id,
                "stackTrace": error.trace,
            }
        else:
            described = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "requestId": self.request_id,
                "stackTrace": function_frames(error.__traceback__),
            }
        self.telemetry.send(RECORD, self.described(described).encode("utf-8", "backslashreplace"))
        self.channel.send(kind, json.dumps(described, ensure_ascii=False))

    def described(self, error: dict[str, Any]) -> str:
        if self.json_logs:
            now = time.time()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
            head = {"timestamp": f"{stamp}.{int(now * 1000) % 1000:03d}Z", "log_level": "ERROR"}
            return json.dumps(head | error, ensure_ascii=False)
        text = f"[ERROR] {error['errorType']}"
        if error["errorMessage"]:
            text += f": {error['errorMessage']}"
        lines = [text, "Traceback (most recent call last):"]
        for entry in error["stackTrace"]:
            lines += [indented(line) for line in entry.splitlines()] or [""]
        return "\n".join(lines)


def load(handler: str) -> Any:
    """The handler that ``module.function`` names. Raises Fault, or what the module raised."""
    name, dot, attribute = handler.rpartition(".")
    if not dot:
        raise Fault(
            "MalformedHandlerName",
            f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)",
        )
    if name.split(".", maxsplit=1)[0] in sys.builtin_module_names:
        raise Fault(
            "BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module"
        )
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        raise Fault("ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        raise Fault(
            "UserCodeSyntaxError",
            f"Syntax error in module '{name}': {error}",
            [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'],
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise Fault(
            "HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'"
        ) from error


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Fault("UnmarshalError", f"Unable to unmarshal input: {error}") from error


def serialised(result: Any) -> str:
    try:
        return json.dumps(result, ensure_ascii=False, default=plain)
    except (TypeError, ValueError) as error:
        raise Fault("MarshalError", f"Unable to marshal response: {error}") from error


def plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def function_frames(trace: TracebackType | None) -> list[str]:
    """The frames from the function on, formatted; the runtime's own are left out."""
    frames = [
        (frame.filename, frame.lineno or 0, frame.name, frame.line)
        for frame in traceback.extract_tb(trace)
    ]
    for index, frame in enumerate(frames):
        if not frame[0].endswith("/bootstrap.py"):
            frames = frames[index:]
            break
    # As plain tuples they lose the columns, so no ^^^^ lines: AWS has none either.
    return traceback.format_list(frames)


def indented(line: str) -> str:
    stripped = line.lstrip(" ")
    return INDENT * (len(line) - len(stripped)) + stripped


if __name__ == "__main__":
    Runtime().run()
