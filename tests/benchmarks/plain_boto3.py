"""What one would write oneself: boto3, batches of ten, a ThreadPoolExecutor.

python plain_boto3.py ENDPOINT REGION QUEUE_URL COUNT THREADS
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config


def main(endpoint: str, region: str, queue: str, count: str, threads: str) -> None:
    client = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=region,
        config=Config(max_pool_connections=int(threads)),
    )

    def send(first: int) -> int:
        entries = [{"Id": str(n), "MessageBody": f'{{"input": {first + n}}}'} for n in range(10)]
        answer = client.send_message_batch(QueueUrl=queue, Entries=entries)  # type: ignore[arg-type]
        return len(answer["Successful"])

    with ThreadPoolExecutor(int(threads)) as pool:
        accepted = sum(pool.map(send, range(1, int(count) + 1, 10)))
    assert accepted == int(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
