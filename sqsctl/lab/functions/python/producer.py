"""POST /produce: puts the request's body on the queue."""
import base64
import json
import os

import boto3

QUEUE_URL = os.environ["QUEUE_URL"]
sqs = boto3.client("sqs")


def answer(status, message):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json; charset=utf-8"},
        "body": json.dumps({"message": message}, ensure_ascii=False, separators=(",", ":")),
    }


def handler(event, context):
    body = event.get("body")
    if not body:
        return answer(400, "No body was found")
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode(errors="replace")
    try:
        sqs.send_message(
            QueueUrl=QUEUE_URL,
            MessageBody=body,
            MessageAttributes={
                "AttributeName": {"StringValue": "Attribute Value", "DataType": "String"}
            },
        )
    except Exception as error:
        print(error)
        return answer(500, str(error))
    return answer(200, "Message accepted!")
