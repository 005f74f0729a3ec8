"""Consumes the queue: adds one to each message's input."""
import json
import traceback


def work(record):
    print("Message Body: ", record["body"])
    body = json.loads(record["body"])
    value = body.get("input") if isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("입력값이 숫자가 아닙니다.")
    value = int(value)
    print(f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}")


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            work(record)
        except Exception:
            # Alone in its batch, the error itself fails it; among others it fails only itself.
            if len(event["Records"]) == 1:
                raise
            traceback.print_exc()
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
