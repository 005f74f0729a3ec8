"""Events that do not fit what the handler was written for, beyond a field read in the wrong place.

Typed handlers (Java, Go, .NET, Rust, PHP's Bref), parsers' models, durable functions without their
envelope, the test message that S3 sends to a new destination, and SNS's envelope around a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqsctl.checks.support.failures.failed_reads import Origin, read_by
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.model.intents import ChangeCode, Option, Redrive, Remedy, Tell, remedy

What = Literal[
    "durable",
    "erased",
    "go",
    "dotnet",
    "unregistered",
    "answer",
    "rust",
    "php",
    "model",
    "s3 test",
    "sns",
]

_DURABLE = re.compile(
    r"'DurableExecutionArn'|Unexpected payload provided to start the durable execution"
    r"|DurableExecutionInvocationInput"
)
_ERASED = re.compile(
    r"java\.util\.(?:LinkedHash|Linked|Hash|Tree)Map (?:cannot be cast to|incompatible with)"
    r" (?:class )?(?P<type>[\w.$]{1,200})"
)
_GO = re.compile(
    r"json: cannot unmarshal (?P<had>\w{1,20}) into Go (?:value|struct field"
    r" (?P<field>[\w.]{1,120})) of type (?P<type>[\w.\[\]*{} ]{1,120})"
)
_DOTNET = re.compile(
    r"converting the Lambda event JSON payload to type (?P<type>[\w.`\[\], ]{1,200}?):"
    r"|could not be converted to (?P<other>Amazon\.Lambda\.[\w.]{1,120})"
    r"|JsonSerializerException"
)
# Serializers that are generated know the types alone that their context lists.
_UNREGISTERED = re.compile(
    r"No JsonTypeInfo registered in (?P<context>[\w.+]{1,200}) for type "
    r"(?P<type>[\w.`\[\],+]{1,200})"
    r"|(?:JsonTypeInfo|TypeInfo) metadata for type '"
    r"(?P<other>[\w.`\[\],+]{1,200})' was not provided"
)
_ANSWER = re.compile(r"converting the response object of type (?P<type>[\w.`\[\], +]{1,200}?) from")
# Lambda's own serializers read the event alone, whatever the JSON library beneath them throws.
_DESERIALIZER = re.compile(r"\bat Amazon\.Lambda\.Serialization\.[\w.]{1,80}\.Deserialize\b")
# What came cannot be read for want of an assembly, or of another version of it.
NOT_LOADED = re.compile(
    r"Could not load (?:file or assembly|type)|(?:Method|Field) not found: |MissingMethodException"
)
# The runtime's own words for its input; serde's alone may be of a message that the code parsed.
_RUST = re.compile(
    r"deserialization into LambdaEvent|function's payload type: |lambda_runtime: Deserialize\("
    r"|untagged enum LambdaRequest|lambda_runtime::deserializer::DeserializeError"
)
_SERDE = re.compile(r"missing field `(?P<field>[\w\-]{1,80})`")
_BREF = re.compile(r"handler expected to be invoked with an? (?P<type>[\w /]{1,80}?) event\b")
_MODEL = re.compile(
    r"validation errors? for (?P<type>(?:Sqs|Sns|S3|EventBridge|Kinesis|Kafka|Dynamo|APIGateway|Alb"
    r"|Ses|Cloudwatch|CloudWatch|LambdaFunctionUrl|VpcLattice|Cloud)\w{0,60}(?:Model|Envelope))\b"
)
_MISSING = re.compile(
    r"^(?P<field>[A-Za-z][\w.]{0,80})\s*\n\s+(?:[Ff]ield required|Input should)", re.MULTILINE
)
_KEY = re.compile(r"KeyError: u?'(?P<key>[^'\n]{1,80})'|\(reading '(?P<js>[\w\-]{1,60})'\)")
_S3_TEST = re.compile(r"s3:TestEvent")
_SNS = re.compile(
    r"\bType\W{1,8}Notification\b[\s\S]{0,600}?TopicArn|TopicArn[\s\S]{0,600}?Notification\b"
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What came, and what it was taken for. ``had`` and ``field`` as far as the error says."""

    what: What
    type: str = ""
    field: str = ""
    had: str = ""


def misfit(case: Case) -> Misfit | None:
    """An event of another type than the handler's; None for other failures."""
    text = case.text
    if _DURABLE.search(text):
        return Misfit("durable")
    if match := _ERASED.search(text):
        return Misfit("erased", match.group("type"))
    if match := _GO.search(text):
        kind = match.group("type").strip()
        return Misfit("go", kind, match.group("field") or "", match.group("had"))
    if match := _UNREGISTERED.search(case.everything):
        kind = (match.group("type") or match.group("other")).rstrip(".,")
        return Misfit("unregistered", kind, had=match.group("context") or "")
    if match := _ANSWER.search(text):
        return Misfit("answer", match.group("type").strip())
    if (match := _DOTNET.search(text)) and not NOT_LOADED.search(text):
        return Misfit("dotnet", (match.group("type") or match.group("other") or "").strip())
    if _DESERIALIZER.search(case.trace or case.failure.line) and not NOT_LOADED.search(text):
        return Misfit("dotnet")
    if _RUST.search(case.everything):
        lacks = _SERDE.search(case.everything)
        return Misfit("rust", field=lacks.group("field") if lacks else "")
    if match := _BREF.search(text):
        return Misfit("php", match.group("type"))
    if match := _MODEL.search(text):
        fields = ", ".join(dict.fromkeys(_MISSING.findall(case.everything)))
        return Misfit("model", match.group("type"), fields[:200])
    return _wrapped(case)


def _wrapped(case: Case) -> Misfit | None:
    """A message whose body is another service's envelope, as the invocation's lines show it."""
    match = _KEY.search(case.text)
    if match is None:
        return None
    key: str = match.group("key") or match.group("js")
    printed = "\n".join((*case.failure.printed, case.failure.message))
    if key == "Records" and _S3_TEST.search(printed):
        return Misfit("s3 test", field=key)
    if _SNS.search(printed) and read_by(case, key=key)[0] in {Origin.PAYLOAD, Origin.UNKNOWN}:
        return Misfit("sns", field=key)
    return None


def title_of(found: Misfit, who: str) -> str:
    kind = found.type.rpartition(".")[2] or found.type
    match found.what:
        case "durable":
            return f"{who} is a durable function in its code only: it got no durable envelope"
        case "erased":
            return f"{who} gets a map where it takes {kind}: the handler's type was not seen"
        case "go" if found.field:
            return f"{who} takes {found.field} as {found.type}, and what comes is a {found.had}"
        case "go":
            return f"{who} takes its event as {found.type}, and what comes is a JSON {found.had}"
        case "dotnet":
            return f"{who} cannot make its input a {kind or 'value of its parameter type'}"
        case "unregistered":
            return f"{who} has a serializer that does not know {kind}"
        case "answer":
            return f"{who} cannot write its answer, a {kind}, as JSON"
        case "rust":
            lacks = f" (it has no {found.field})" if found.field else ""
            return f"{who} cannot make its event a value of the handler's type{lacks}"
        case "php":
            return f"{who} takes {found.type} events, and gets those of another source"
        case "model":
            lacks = f" ({found.field} missing)" if found.field else ""
            return f"{who} parses as {kind} what is none{lacks}"
        case "s3 test":
            return f"{who} meets S3's test message, which has no Records"
        case _:
            return f"{who} reads {found.field} beside SNS's envelope, which the message's body is"


def mending(found: Misfit) -> Remedy:
    """The remedy, in the language that the error shows."""
    lines: tuple[str, ...]
    kind = found.type.rpartition(".")[2] or "SQSEvent"
    match found.what:
        case "durable":
            return _durable()
        case "erased":
            said = (
                f"let the handler itself name its event: implement RequestHandler<{kind}, …> in "
                "the class that the handler setting names; a generic wrapper loses the type "
                f"parameter, and has to deserialise {kind} itself; update a layer that does so"
            )
            lines = (
                f"public class Handler implements RequestHandler<{kind}, Void> {{",
                f"  public Void handleRequest({kind} event, Context context) {{",
            )
            return remedy(
                said, ChangeCode(said, language="java", lines=lines), afterwards=Redrive()
            )
        case "go" if found.field:
            return _go_field(found)
        case "go":
            said = (
                "let the handler's parameter have the event's type: events.SQSEvent for a queue "
                f"(json.RawMessage takes any), not {found.type}"
            )
            lines = (
                "func handle(ctx context.Context, event events.SQSEvent) error { … }",
                "",
                "lambda.Start(handle)",
            )
            return remedy(said, ChangeCode(said, language="go", lines=lines), afterwards=Redrive())
        case "dotnet" | "unregistered" | "answer":
            return _dotnet(found)
        case "rust":
            said = (
                "let the handler take the type of what calls it: LambdaEvent<SqsEvent> of "
                "aws_lambda_events for a queue, lambda_http for an HTTP API; "
                "LambdaEvent<serde_json::Value> takes any and shows what comes"
            )
            lines = (
                "use aws_lambda_events::event::sqs::SqsEvent;",
                "async fn handler(event: LambdaEvent<SqsEvent>) -> Result<(), Error> {",
            )
            return remedy(
                said, ChangeCode(said, language="rust", lines=lines), afterwards=Redrive()
            )
        case "php" if "SQS" in found.type.upper():
            said = (
                "let the queue alone call the function with this handler, and test it with an "
                "event that has Records, as SQS sends it; what else calls it wants its own function"
            )
            return remedy(said, Tell(said))
        case "php":
            said = (
                "let the function that the queue calls have a handler for queues (Bref: a class "
                "that extends SqsHandler, in Laravel Bref\\LaravelBridge\\Queue\\QueueHandler), "
                f"and leave the handler of {found.type} events to its own source"
            )
            lines = (
                "class Handler extends \\Bref\\Event\\Sqs\\SqsHandler {",
                "    public function handleSqs(SqsEvent $event, Context $context): void {",
            )
            return remedy(said, ChangeCode(said, language="php", lines=lines), afterwards=Redrive())
        case "model":
            said = (
                f"parse with the model and envelope of what calls the function, not {kind}; where "
                "it is the right one, a field is missing in what came: an SNS message that is "
                "delivered raw has no envelope, and older versions of Powertools know fewer fields"
            )
            return remedy(said, ChangeCode(said), afterwards=Redrive(edit=True))
        case "s3 test":
            said = (
                "pass over S3's test message: S3 sends it once, when a notification is set up, and "
                'its body is {"Event": "s3:TestEvent"} without Records'
            )
            lines = (
                'body = json.loads(record["body"])',
                'if body.get("Event") == "s3:TestEvent":',
                "    continue",
            )
            return remedy(said, ChangeCode(said, language="python", lines=lines))
        case _:
            return _sns(found)


def _durable() -> Remedy:
    return Remedy(
        "enable durable execution for the function, or take the decorator out of its code",
        (
            Option(
                (
                    Tell(
                        "create the function with DurableConfig (it cannot be added to one that "
                        "exists), and let what calls it name a version or an alias, not $LATEST"
                    ),
                ),
                "it is to be durable",
            ),
            Option(
                (
                    ChangeCode(
                        "take the durable decorator or wrapper off the handler (durable_execution, "
                        "withDurableExecution): without a configuration Lambda sends no envelope"
                    ),
                ),
                "it is not",
            ),
        ),
    )


def _dotnet(found: Misfit) -> Remedy:
    if found.what == "unregistered":
        return _unregistered(found)
    if found.what == "answer":
        said = (
            f"let the handler return what the registered serializer can write: {found.type} is "
            "not that; a handler for a queue returns nothing, or SQSBatchResponse"
        )
        return remedy(said, ChangeCode(said, language="dotnet"), afterwards=Redrive())
    said = (
        "let the handler's parameter have the type of what calls it (SQSEvent for a queue, "
        "APIGatewayHttpApiV2ProxyRequest for an HTTP API), and a serializer be registered "
        "for the assembly"
    )
    lines = (
        "[assembly: LambdaSerializer(typeof(DefaultLambdaJsonSerializer))]",
        "public async Task FunctionHandler(SQSEvent input, ILambdaContext context)",
    )
    return remedy(said, ChangeCode(said, language="dotnet", lines=lines), afterwards=Redrive())


# What an async handler without a result returns, as the compiler names it.
_VOID = "System.Threading.Tasks.VoidTaskResult"


def _unregistered(found: Misfit) -> Remedy:
    name = found.had.rpartition(".")[2]
    context = name or "the JsonSerializerContext"
    if found.type == _VOID:
        said = (
            f"update Amazon.Lambda.RuntimeSupport and Amazon.Lambda.Serialization.SystemTextJson, "
            f"which write nothing for a handler without a result; until then let it return "
            f"Task<string>, and list typeof(string) in {context}"
        )
        return remedy(said, ChangeCode(said, language="dotnet"), afterwards=Redrive())
    kind = found.type.rpartition(".")[2] if "[" not in found.type else found.type
    said = f"list the type in {context}, and every other that the handler takes or returns"
    lines = (
        f"[JsonSerializable(typeof({kind}))]",
        f"public partial class {name or 'Context'} : JsonSerializerContext {{ }}",
    )
    return remedy(said, ChangeCode(said, language="dotnet", lines=lines), afterwards=Redrive())


def _go_field(found: Misfit) -> Remedy:
    struct, _, name = found.field.rpartition(".")
    go = {"number": "json.Number (or int, float64)", "string": "string", "bool": "bool"}.get(
        found.had, "a struct, a slice or json.RawMessage"
    )
    said = (
        f"declare the field {name} of {struct or 'the struct'} with the type that is sent: a "
        f"{found.had} wants {go}, not {found.type}; or mend who sends it"
    )
    return remedy(said, ChangeCode(said), afterwards=Redrive())


def _sns(found: Misfit) -> Remedy:
    said = (
        "the body is SNS's envelope: read the text in its field Message, or let the subscription "
        "deliver the raw message"
    )
    lines = (
        'envelope = json.loads(record["body"])',
        'payload = json.loads(envelope["Message"])',
        f'payload["{found.field}"]' if re.fullmatch(r"[\w\-]{1,60}", found.field) else "payload",
    )
    raw = Tell(
        "set RawMessageDelivery to true on the subscription (aws sns set-subscription-attributes "
        "--attribute-name RawMessageDelivery --attribute-value true): the body is the message then"
    )
    return remedy(
        said,
        ChangeCode(said, language="python", lines=lines),
        other=(Option((raw,), "for all that it delivers"),),
        afterwards=Redrive(),
    )
