"""Code that remedies are made of, in the languages of Lambda's runtimes."""

from __future__ import annotations

from collections.abc import Mapping

# By pattern, then by language. ``handle`` stands for what the handler does with one record.
_LINES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "partial-batch": {
        "python": (
            "failed = []",
            'for record in event["Records"]:',
            "    try:",
            "        handle(record)",
            "    except Exception:",
            '        logging.exception("record %s", record["messageId"])',
            '        failed.append({"itemIdentifier": record["messageId"]})',
            'return {"batchItemFailures": failed}',
        ),
        "node": (
            "const batchItemFailures = [];",
            "for (const record of event.Records) {",
            "  try {",
            "    await handle(record);",
            "  } catch (error) {",
            "    console.error(record.messageId, error);",
            "    batchItemFailures.push({ itemIdentifier: record.messageId });",
            "  }",
            "}",
            "return { batchItemFailures };",
        ),
        "ruby": (
            "failed = event['Records'].reject do |record|",
            "  handle(record)",
            "  true",
            "rescue StandardError => e",
            "  warn \"#{record['messageId']}: #{e.full_message}\"",
            "  false",
            "end",
            "{ batchItemFailures: failed.map { |each| { itemIdentifier: each['messageId'] } } }",
        ),
        "go": (
            "var response events.SQSEventResponse",
            "for _, record := range event.Records {",
            "\tif err := handle(ctx, record); err != nil {",
            '\t\tlog.Printf("%s: %v", record.MessageId, err)',
            "\t\tresponse.BatchItemFailures = append(response.BatchItemFailures,",
            "\t\t\tevents.SQSBatchItemFailure{ItemIdentifier: record.MessageId})",
            "\t}",
            "}",
            "return response, nil",
        ),
        "java": (
            "List<SQSBatchResponse.BatchItemFailure> failed = new ArrayList<>();",
            "for (SQSEvent.SQSMessage record : event.getRecords()) {",
            "    try {",
            "        handle(record);",
            "    } catch (Exception error) {",
            '        context.getLogger().log(record.getMessageId() + ": " + error);',
            "        failed.add(new SQSBatchResponse.BatchItemFailure(record.getMessageId()));",
            "    }",
            "}",
            "return new SQSBatchResponse(failed);",
        ),
        "dotnet": (
            "var failed = new List<SQSBatchResponse.BatchItemFailure>();",
            "foreach (var record in sqsEvent.Records)",
            "{",
            "    try { await Handle(record); }",
            "    catch (Exception error)",
            "    {",
            '        context.Logger.LogError($"{record.MessageId}: {error}");',
            "        failed.Add(new() { ItemIdentifier = record.MessageId });",
            "    }",
            "}",
            "return new SQSBatchResponse(failed);",
        ),
    },
    # An SQS event holds records, whose bodies are texts.
    "records": {
        "python": (
            'for record in event["Records"]:',
            '    body = json.loads(record["body"])',
        ),
        "node": (
            "for (const record of event.Records) {",
            "  const body = JSON.parse(record.body);",
            "}",
        ),
        "ruby": (
            "event['Records'].each do |record|",
            "  body = JSON.parse(record['body'])",
            "end",
        ),
        "go": (
            "func handler(ctx context.Context, event events.SQSEvent) error {",
            "\tfor _, record := range event.Records {",
            "\t\tvar body Body",
            "\t\tif err := json.Unmarshal([]byte(record.Body), &body); err != nil {",
            "\t\t\treturn err",
            "\t\t}",
            "\t}",
            "\treturn nil",
            "}",
        ),
        "java": (
            "public class Handler implements RequestHandler<SQSEvent, Void> {",
            "    public Void handleRequest(SQSEvent event, Context context) {",
            "        for (SQSEvent.SQSMessage record : event.getRecords()) {",
            "            String body = record.getBody();",
            "        }",
            "        return null;",
            "    }",
            "}",
        ),
        "dotnet": (
            "public async Task Handler(SQSEvent sqsEvent, ILambdaContext context)",
            "{",
            "    foreach (var record in sqsEvent.Records)",
            "    {",
            "        var body = JsonSerializer.Deserialize<Body>(record.Body);",
            "    }",
            "}",
        ),
    },
    # An API hands the request's body over as text.
    "request-body": {
        "python": ('body = json.loads(event.get("body") or "{}")',),
        "node": ('const body = JSON.parse(event.body ?? "{}");',),
        "ruby": ("body = JSON.parse(event['body'] || '{}')",),
        "go": ("err := json.Unmarshal([]byte(event.Body), &body)",),
        "java": ("String body = event.getBody();",),
        "dotnet": ("var body = JsonSerializer.Deserialize<Body>(request.Body);",),
    },
    # One message that cannot be read is reported by itself.
    "refuse-unreadable": {
        "python": (
            "try:",
            '    body = json.loads(record["body"])',
            "except ValueError:",
            '    failed.append({"itemIdentifier": record["messageId"]})',
            "    continue",
        ),
        "node": (
            "let body;",
            "try {",
            "  body = JSON.parse(record.body);",
            "} catch {",
            "  batchItemFailures.push({ itemIdentifier: record.messageId });",
            "  continue;",
            "}",
        ),
    },
}
_NAMES = {"node": "javascript", "dotnet": "csharp"}


def lines_of(pattern: str, language: str) -> tuple[str, ...]:
    """The lines of a pattern; none where the language is unknown."""
    return _LINES[pattern].get(language, ()) if pattern else ()


def name_of(language: str) -> str:
    """A language's name, as an editor knows it."""
    return _NAMES.get(language, language or "text")
