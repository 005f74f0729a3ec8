"""Consumes the queue: adds one to each message's input, with everything it knows in memory."""
import json


def handler(event, context):
    known = [bytes([number % 255 + 1]) * 1_000_000 for number in range(400)]
    for record in event["Records"]:
        print("Message Body: ", record["body"])
        value = int(json.loads(record["body"])["input"])
        print(f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1} ({len(known)})")
