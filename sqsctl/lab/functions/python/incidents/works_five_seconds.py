"""Consumes the queue: adds one to each message's input, slowly."""
import json
import time


def handler(event, context):
    time.sleep(5)
    for record in event["Records"]:
        print("Message Body: ", record["body"])
        value = int(json.loads(record["body"])["input"])
        print(f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}")
