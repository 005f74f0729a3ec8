"""Consumes the queue: logs each message."""


def handler(event, context):
    for record in event["Records"]:
        print("Message Body: ", record["body"])
