"""POST /: answers with the input plus one."""
import base64
import json


def answer(status, message):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json; charset=utf-8"},
        "body": json.dumps({"message": message}, ensure_ascii=False, indent=2),
    }


def handler(event, context):
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text).decode(errors="replace")
    print(text)
    try:
        value = json.loads(text)["input"]
    except (ValueError, TypeError, KeyError):
        value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return answer(400, "입력값이 숫자가 아닙니다.")
    value = int(value)
    return answer(200, f"메시지를 받았습니다. 입력값: {value}, 결과: {value + 1}")
