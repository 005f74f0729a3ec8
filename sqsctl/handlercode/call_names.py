"""Names by which calls are known: what only tells, what only reads, what waits for others."""

from __future__ import annotations

import re

from sqsctl.handlercode.parsing.syntax import Call, Constant, Expr, Member, Name

# Methods of loggers, tracers and metrics: none of them makes a message come back.
_TELLS = frozenset({
    "log", "error", "warn", "warning", "info", "debug", "trace", "exception", "critical", "fatal",
    "dir", "table", "verbose", "print_exc", "print_exception", "format_exc", "captureException",
    "captureMessage", "capture_exception", "capture_message", "recordException",
    "record_exception", "noticeError", "notice_error", "addErrorAsMetadata", "addMetric",
    "add_metric", "putMetric", "put_metric", "increment", "setStatus", "set_status", "setTag",
    "set_tag", "set_attribute", "setAttribute", "putAnnotation", "put_annotation", "appendKeys",
    "append_keys", "addError", "addMetadata", "put_metadata", "count", "timing", "silly", "notice",
    "time", "timeEnd", "flush", "write", "addContext", "removeKeys", "resetKeys", "setMessageId",
    "group", "groupEnd", "alert_log", "add_exception", "set_tags", "assert", "setContext",
})  # fmt: skip
_TELLING_NAMES = re.compile(
    r"(?:print|pprint|debug|trace|warn|info|(?:.*_)?log|log[A-Z_]\w*|console\w*)$"
)
# Changes nothing outside: it may fail, but no message is handled by it.
_PURE = frozenset({
    "parse", "stringify", "loads", "dumps", "str", "String", "Number", "int", "float", "bool",
    "Boolean", "len", "repr", "format", "toString", "toISOString", "type", "isinstance", "dict",
    "list", "tuple", "set", "sorted", "reversed", "enumerate", "zip", "range", "keys", "values",
    "items", "entries", "from", "now", "Date", "split", "join", "trim", "strip", "replace",
    "toLowerCase", "toUpperCase", "lower", "upper", "decode", "encode", "b64decode", "Error",
    "Exception", "getattr", "hasattr", "slice", "substring", "startswith", "startsWith",
    "endswith", "endsWith", "includes", "match", "test", "search", "deepcopy", "copy", "assign",
    "next", "hasOwnProperty", "pop", "get", "round", "max", "min", "any", "all", "sum", "abs",
    "unmarshall", "safeParse", "model_validate", "model_validate_json", "unquote_plus", "unquote",
    "decodeURIComponent", "Buffer", "sleep", "setTimeout", "fromisoformat", "isoformat", "bind",
    "validate", "assert", "ok", "check", "time", "perf_counter", "uuid4", "randomUUID", "concat",
    "indexOf", "find", "some", "every", "fromEntries", "is_valid", "isValid", "getTime",
})  # fmt: skip
_PURE_NAMES = re.compile(
    r"(?i)(?:validate|parse|is_?valid|assert|ensure|check|decode|deserialize|is|has|to|from|build"
    r"|format|map|convert|extract|normali[sz]e|get_?remaining)(?:[A-Z_]\w*)?$|.*_?schema$"
)
# Puts a message away when it is done, or tidies up.
_TIDIES = re.compile(
    r"(?:delete_?message\w*|ack(?:nowledge)?|commit|close|end|disconnect|release|rollback|quit"
    r"|clear\w*|cleanup|tear_?down|add_?segment|set\w*|append|push|add|extend|update|reset\w*"
    r"|remove|unlink|mkdir\w*|connect|init\w*|begin|start\w*)$",
    re.IGNORECASE,
)
# What only makes another form of its arguments: nothing hears of them by it.
SHAPES = frozenset({
    "str", "repr", "len", "stringify", "String", "format", "dumps", "toString", "join", "list",
    "bool", "int", "Number", "type", "isinstance", "all", "gather", "wait", "allSettled",
    "exc_info", "format_exc", "now", "Date", "toISOString", "getattr", "hasattr",
    "dict", "get", "sorted", "isoformat", "utcnow", "time", "slice", "as_completed", "resolve",
    "enumerate", "fromEntries",
})  # fmt: skip
ITERATES = frozenset(
    {"forEach", "map", "flatMap", "reduce", "filter", "some", "every", "find", "for_each"}
)
COLLECTS = frozenset({"push", "append", "add", "extend", "unshift", "insert", "set"})
_PASSES = frozenset({
    "all", "gather", "run", "run_until_complete", "wait_for", "shield", "resolve", "create_task",
    "ensure_future",
})  # fmt: skip
_WAITERS = re.compile(
    r"(?i)promise|bluebird|q|asyncio|anyio|trio|(?:_|\w+_)?loop|get_event_loop|new_event_loop"
)
SAME = frozenset({
    "enumerate", "list", "tuple", "reversed", "sorted", "from", "entries", "values", "slice",
    "reverse", "sort", "concat", "iter", "chunk", "batched", "grouper", "toReversed", "sortBy",
    "chunked", "islice", "filter", "flat", "SQSEvent", "SqsEvent", "await", "tqdm",
    "_createForOfIteratorHelper", "_createForOfIteratorHelperLoose",
})  # fmt: skip
EACH = re.compile(
    r"(?:each\w*|pMap|map(?:Limit|Series)?|forEach\w*|pEach|mapAsync|asyncForEach|for_each)$"
)
POWERTOOLS = frozenset({
    "process_partial_response", "async_process_partial_response", "processPartialResponse",
    "processPartialResponseSync",
})  # fmt: skip
BATCH_DECORATORS = frozenset({"batch_processor", "async_batch_processor", "sqs_batch_processor"})
LISTENS = re.compile(
    r"(?i)partial[-_]?batch|batch_?(?:failure|processor|response)|sqs_?(?:batch|json|consumer|handler)"
)
REPORT = "batchItemFailures"
BROAD = frozenset({
    "", "Exception", "BaseException", "ClientError", "BotoCoreError", "RequestException", "Error",
    "HTTPError", "StandardError", "RuntimeError", "OSError", "IOError", "ConnectionError",
    "TimeoutError", "Timeout", "HTTPException", "DatabaseError", "OperationalError",
    "SQLAlchemyError", "URLError", "PyMongoError", "RedisError",
})  # fmt: skip


def is_broad(kinds: tuple[str, ...]) -> bool:
    """Whether a catch of these kinds catches whatever its work may throw."""
    return not kinds or bool(BROAD.intersection(kinds))


def last_of(expr: Expr) -> str:
    """The last word of what is called: ``error`` of ``console.error``."""
    if isinstance(expr, Member):
        return expr.name
    return expr.id if isinstance(expr, Name) else ""


def tells(call: Call) -> bool:
    """Whether a call only logs, counts or traces."""
    callee = call.callee
    if isinstance(callee, Member):
        if callee.name in {"write", "flush"}:
            of = last_of(callee.of).lower()
            return of in {"stdout", "stderr", "metrics", "logger", "sys"}
        return callee.name in _TELLS or _tells_of(callee.of)
    return isinstance(callee, Name) and bool(_TELLING_NAMES.fullmatch(callee.id))


def _tells_of(expr: Expr) -> bool:
    """Anything of a logger, a console or a metrics object."""
    return (
        re.fullmatch(
            r"(?i)_?(?:logger|log|console|metrics|tracer|span|sentry|newrelic)", last_of(expr)
        )
        is not None
    )


def telling_reference(expr: Expr) -> bool:
    """``console.error`` itself, given as a callback."""
    return tells(Call(expr)) and not (isinstance(expr, Member) and expr.name in {"write", "count"})


def pure(call: Call) -> bool:
    """Whether a call handles nothing: it parses, shapes or looks."""
    word = last_of(call.callee)
    if call.new:
        return word.endswith(
            ("Error", "Exception", "Command", "Map", "Set", "Date", "URL", "Client", "Input")
        )
    return (
        word in _PURE or bool(_PURE_NAMES.fullmatch(word)) or word.endswith(("Error", "Exception"))
    )


def tidies(call: Call) -> bool:
    return bool(_TIDIES.fullmatch(last_of(call.callee)))


def is_nothing(expr: Expr | None) -> bool:
    return expr is None or (isinstance(expr, Constant) and expr.value is None)


def passes(callee: Expr) -> bool:
    """Whether a call comes to what its arguments come to: ``Promise.all``, ``asyncio.run``."""
    if isinstance(callee, Name):
        return callee.id in {"gather", "run_until_complete"}
    return isinstance(callee, Member) and callee.name in _PASSES and _waiter(callee.of)


def settles(callee: Expr) -> bool:
    """``Promise.allSettled``"""
    return (
        isinstance(callee, Member)
        and callee.name in {"allSettled", "settle"}
        and _waiter(callee.of)
    )


def _waiter(expr: Expr) -> bool:
    word = last_of(expr.callee) if isinstance(expr, Call) else last_of(expr)
    return bool(_WAITERS.fullmatch(word))
