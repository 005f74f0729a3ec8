"""Consumes the queue: adds one to each message's input."""
import json


def handler(event, context):
    for record in event["Records"]:
        print("Message Body: ", record["body"])
        body = json.loads(record["body"])
        if not isinstance(body.get("input"), (int, float)):
            return {"statusCode": 400, "body": json.dumps({"message": "입력값이 숫자가 아닙니다."})}
        value = int(body["input"])
        message = f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}"
        print(message)
        return {"statusCode": 200, "body": json.dumps({"message": message})}
