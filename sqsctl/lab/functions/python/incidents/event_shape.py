"""Consumes the queue, as the tutorial's step 2 prints it."""
import json


def handler(event, context):
    for record in event["Records"]:
        print("Message Body: ", record["body"])
        body = json.loads(event.get("body"))
        value = int(body["input"])
        print(f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}")
