"""What the functions of the packaged stacks run."""

import json


def producer(_event: object, _context: object) -> dict[str, int]:
    return {"statusCode": 200}


def consumer(event: dict[str, list[dict[str, str]]], _context: object) -> dict[str, object]:
    records = event["Records"]
    for index, record in enumerate(records):
        try:
            print("took", json.loads(record["body"]))
        except ValueError as error:
            print("failed", error)
            # Some of the queues are FIFO: nothing behind a failure is handled.
            left = [{"itemIdentifier": each["messageId"]} for each in records[index:]]
            return {"batchItemFailures": left}
    return {"batchItemFailures": []}
