"""JSON errors and wrong event fields, as the engines word them.

Tells three faults apart that look alike: the code parsed something that is not there
(``JSON.parse(undefined)``: it reads the wrong field of the event), the code parsed what a
client sent and that is no JSON, and the code parsed another service's answer (an HTML page).
"""

from __future__ import annotations

import re

# A field of an event that Lambda hands over (SQS, HTTP API, REST API, SNS, EventBridge, S3,
# streams). Reading one of these from the wrong place is the fault; other names are the code's.
EVENT_FIELDS = frozenset(
    [
        "requestParameters",
        "responseElements",
        "userIdentity",
        "intent",
        "slots",
        "triggerSource",
        "invokingEvent",
        "body",
        "Body",
        "Records",
        "records",
        "messageId",
        "receiptHandle",
        "ReceiptHandle",
        "MD5OfBody",
        "messageAttributes",
        "attributes",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
        "md5OfBody",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "headers",
        "multiValueHeaders",
        "httpMethod",
        "requestContext",
        "rawPath",
        "rawQueryString",
        "isBase64Encoded",
        "stageVariables",
        "routeKey",
        "resource",
        "path",
        "detail",
        "detail-type",
        "Sns",
        "Message",
        "s3",
        "dynamodb",
        "kinesis",
        "NewImage",
        "OldImage",
        "eventName",
        "stringValue",
        "StringValue",
        "dataType",
        "authorizer",
        "identity",
        "claims",
        "event",
        "Event",
        "object",
        "bucket",
    ]
)
# These are also plain words of anybody's data: they count only where the trace or the
# function's role points at the event.
COMMON_FIELDS = frozenset(
    [
        "path",
        "resource",
        "attributes",
        "headers",
        "event",
        "Event",
        "object",
        "bucket",
        "identity",
        "claims",
        "Message",
        "detail",
        "records",
    ]
)

NOTHING_PARSED = re.compile(
    r"\"undefined\" is not valid JSON|Unexpected token u in JSON at position 0"
    r"|Unexpected token '?u'?, \"undefined\"|JSON Parse error: Unexpected identifier \"undefined\""
    r"|the JSON object must be str(?:, bytes or bytearray)?, not '?(?:NoneType|dict|list)"
    r"|JSON\.parse\(undefined\)|Unexpected token o in JSON at position 1"
    r"|\"\[object Object\]\" is not valid JSON|Unexpected token 'o', \"\[object"
    r"|expected string or bytes-like object, got '?(?:NoneType|dict)"
    r"|Input must be bytes, bytearray, memoryview, or str|no implicit conversion of nil into String"
    r"|input string is null|argument \"content\" is null"
    r"|Value cannot be null\. \(Parameter '(?:json|value)'\)"
)
# The engine names what it found: an object, not text.
OBJECT_PARSED = re.compile(
    r"not '?(?:dict|list)\b|\[object Object\]|Unexpected token o in JSON|'object', \"\[object"
    r"|got '?dict"
)
_UNDEFINED_READ = re.compile(
    r"Cannot read propert(?:y|ies) (?:'(?P<a>[\w\-]{1,60})' )?of (?:undefined|null)"
    r"(?: \(reading '(?P<b>[\w\-]{1,60})'\))?"
)
_NOT_ITERABLE = re.compile(
    r"(?:(?P<obj>\w{1,40})\.)?(?P<field>Records|records|body|messages) is (?:not iterable"
    r"|undefined|not an array)"
    r"|(?P<fn>Records|records|body)\.(?:map|forEach|filter|reduce|length|every"
    r"|some)? ?is not a function"
)
_KEY_ERROR = re.compile(
    r"KeyError(?:: u?|\()'(?P<key>[^'\n]{1,80})'|KeyError: u?\"(?P<key2>[^\"\n]{1,80})\""
)
_RUBY_KEY = re.compile(r"key not found: \"(?P<key>[\w\-]{1,60})\"")
WRONG_INDEX = re.compile(
    r"(?:list|tuple) indices must be integers or slices, not str|string indices must be integers"
)
_TYPED_EVENT = re.compile(
    r"(?:SQSEvent|SQSMessage|APIGateway\w{0,30}Event|S3Event|SNSEvent)\.(?:get|Get)?(?P<field>Records|Body)\w*"
    r"\(?\)?[^\n]{0,40}(?:is null|because)"
)
_DESERIALISE = re.compile(
    r"An error occurred during JSON parsing|Error converting the Lambda event JSON payload"
    r"|missing field `(?:Records|body|messageId|requestContext)`"
    r"|json: cannot unmarshal \w{1,20} into Go (?:value|struct field)[^\n]{0,120}of type"
    r"|Cannot deserialize (?:value|instance) of (?:type )?[`']?java\.lang\.String[`']?"
)
# Errors whose own words say that it was the event.
NAMES_EVENT = re.compile(
    r"\b(?:event|evt)\.\w|\b[Rr]ecords(?:\.\w{1,10})? is not|(?:SQS|APIGateway\w{0,30}|S3|SNS)"
    r"(?:Event|Message)\b|Lambda event JSON payload|InvalidEventSource|not an SQS event"
    r"|not a valid \w{1,30}[Ee]vent|Invalid event: expected|KeyError: u?'Records'"
    r"|during JSON parsing"
)
_POWERTOOLS = re.compile(
    r"(?:InvalidEventSource|not an SQS event|Invalid event: expected"
    r"|event is not a valid \w{1,30}[Ee]vent)"
)

NOT_JSON = re.compile(
    # JavaScript, of every age of its engines
    r"in JSON at position \d+|is not valid JSON|Unexpected end of JSON input"
    r"|(?:Unterminated string|Bad (?:control character|escaped character)"
    r"|Expected (?:property name|"
    r"double-quoted property name|',' or)|No number after minus"
    r"|Unexpected non-whitespace character)"
    r"[^\n]{0,80}JSON"
    # Python 2 and 3
    r"|JSONDecodeError|Expecting value: line \d+ column \d+|No JSON object could be decoded"
    r"|Expecting property name(?: enclosed in double quotes)?: line"
    r"|Expecting property name enclosed in double quotes"
    r"|Expecting '?[,:]'? delimiter: line|Extra data: line \d+ column \d+"
    r"|Invalid control character at: line|Invalid \\+escape: line|Unterminated string starting at"
    # Java: Jackson, Gson, org.json
    r"|Unrecognized token '[^'\n]{0,200}': was expecting|JsonParseException|JsonMappingException"
    r"|MalformedJsonException|JsonSyntaxException|JsonEOFException|Expected BEGIN_\w+ but was"
    r"|Unexpected character \('[^\n]{1,4}' \(code \d{1,6}|No content to map due to end-of-input"
    r"|Unexpected end-of-input|A JSON(?:Object|Array) text must begin with|org\.json\.JSONException"
    r"|Use JsonReader\.setLenient|Unexpected JSON token at offset|JsonDecodingException"
    # Go
    r"|invalid character '[^\n]{1,8}' (?:looking for|after|in literal|in string)"
    r"|unexpected end of JSON input"
    # .NET: System.Text.Json and Newtonsoft
    r"|'.{1,6}' is an invalid (?:start of a (?:value|property name)|JSON literal)"
    r"|JsonReaderException|does not contain any JSON tokens"
    r"|The JSON value could not be converted|Unexpected character encountered while parsing"
    r"|After parsing a value an unexpected character|Error reading J(?:Object|Array|Token) from"
    # Ruby, PHP, Rust, pydantic
    r"|JSON::ParserError|\b\d{0,4}:? ?unexpected token at '|(?:unexpected character|expected object"
    r" key)[^\n]{0,80} at line \d+ column \d+|JsonException: Syntax error|json_invalid"
    r"|Invalid JSON: "
    r"|expected (?:value|ident) at line \d+ column \d+|(?:key must be a string|trailing characters"
    r"|EOF while parsing "
    r"(?:a |an )?\w{1,10}) at line \d+ column \d+"
)
_MARKUP = re.compile(
    r"Unexpected token '?<|[\"'`]<(?:!DOCTYPE|html|\?xml)|<!DOCTYPE html"
    r"|invalid character '<' looking"
    r"|unexpected (?:token|character):? (?:at )?'<|'<' is an invalid start|value: <\."
)
_FROM_HTTP = re.compile(
    r"requests[/.](?:models|exceptions)|urllib3/|httpx[/.]|aiohttp[/.]|at (?:async )?(?:Response"
    r"|Body)\.json"
    r"|node_modules/(?:axios|node-fetch|got|undici|superagent)/|node:internal/deps/undici"
    r"|parseJSONFromBytes|at consumeBody|okhttp3|HttpClientExtensions|rest-client|faraday"
)
_ENVIRON = re.compile(r"os\.py\", line \d+, in __getitem__|os\.environ|ENV\.fetch|\bprocess\.env\b")


def json_of_another_service(text: str, trace: str) -> bool:
    """Whether it is an answer over HTTP that was no JSON, rather than the message."""
    if not NOT_JSON.search(text):
        return False
    return bool(_MARKUP.search(text) or _FROM_HTTP.search(trace) or _FROM_HTTP.search(text))


def wrong_field(text: str, trace: str, *, consumer: bool | None) -> str | None:
    """The event field that was read where it is not; empty where the text does not name it.

    None where the error is of another kind.
    """
    if NOTHING_PARSED.search(text):
        return "" if not json_of_another_service(text, trace) else None
    if match := _KEY_ERROR.search(text):
        key = match.group("key") or match.group("key2")
        return key if _is_field(key, trace, consumer) else None
    if (match := _RUBY_KEY.search(text)) and _is_field(match.group("key"), trace, consumer):
        return match.group("key")
    if match := _UNDEFINED_READ.search(text):
        field = match.group("a") or match.group("b") or ""
        if _is_field(field, trace, consumer):
            return field
        return "Records" if field == "0" and _in_handler(trace) else None
    if match := _NOT_ITERABLE.search(text):
        return match.group("field") or match.group("fn")
    if match := _TYPED_EVENT.search(text):
        return match.group("field")
    if WRONG_INDEX.search(text) and _at_event(trace):
        return ""
    if _DESERIALISE.search(text) or _POWERTOOLS.search(text):
        return ""
    return None


def _is_field(name: str, trace: str, consumer: bool | None) -> bool:
    if _ENVIRON.search(trace):
        return False
    if _subscripted(name, trace):
        return True
    if name not in EVENT_FIELDS:
        return False
    return name not in COMMON_FIELDS or bool(consumer) or _in_handler(trace) or _at_event(trace)


_EVENT_NAMES = (
    r"(?:event|record|sqs_record|lambda_event|raw_event|evt|Records\"\]\[\d\]|Records'\]\[\d\])"
)


def _subscripted(name: str, trace: str) -> bool:
    """Whether the source line in the trace reads this very field from the event or a record."""
    key = re.escape(name)
    return bool(re.search(rf"\b{_EVENT_NAMES}\[u?\\?[\"']{key}\\?[\"']\]", trace))


_HANDLER_FRAME = re.compile(
    r"\s*(?:at )?(?:async )?(?:Runtime\.|exports\.|Object\.|module\.exports\.)?(?:handler"
    r"|\w*[Hh]andler|consumer|producer|worker|lambdaHandler|main)\b[^\n]{0,60}\("
)
# A frame of JavaScript; the payloads of old runtimes leave out its "at".
_FRAME = re.compile(r"\s*(?:at \S|[\w.$<>\[\] ]{1,100} \((?:/|file:|native))")


def _in_handler(trace: str) -> bool:
    """Whether the handler itself failed, not something it called."""
    first = next((line for line in trace.split("\n") if _FRAME.match(line)), "")
    return _HANDLER_FRAME.match(first) is not None


def _at_event(trace: str) -> bool:
    return bool(re.search(r"\bevent\s*[\[.]|\brecord\s*[\[.]|\bRecords\b", trace))
