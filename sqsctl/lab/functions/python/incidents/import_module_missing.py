"""Consumes the queue: adds one to each message's input."""
import json

import requests


def handler(event, context):
    for record in event["Records"]:
        print("Message Body: ", record["body"])
        value = int(json.loads(record["body"])["input"])
        print(f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}")
        requests.post("https://example.com/results", json={"result": value + 1}, timeout=3)
