"""What the functions of the packaged stacks run."""


def producer(_event: object, _context: object) -> dict[str, int]:
    return {"statusCode": 200}


def consumer(_event: object, _context: object) -> dict[str, list[object]]:
    return {"batchItemFailures": []}
