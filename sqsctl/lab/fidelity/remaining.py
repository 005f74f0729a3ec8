"""The differences from AWS that remain on the lab; docs/lab.md shows them.

One line each, for people: what the lab does, and what AWS does instead.
"""

from __future__ import annotations

_TEXT = """
- Functions run as processes of this machine, not in a sandbox: they see its files and network,
  and every python3.x runs on the lab's own Python, every nodejsNN.x on the node on the PATH (so
  messages of the engine itself, such as JSON.parse's, are that version's).
- Max Memory Used is the process's own peak of resident memory; AWS counts the whole sandbox and
  shows more. Where there is no /proc (macOS) memory is reported but not enforced.
- Initialisation, SQS and CloudWatch answer in milliseconds; logs and metrics can be read at once,
  where AWS takes seconds to minutes. Gauges come every 5 s, not every minute.
- The SQS poller works on at most 100 batches at once; AWS goes up to 1,000.
- The account's concurrency limit defaults to what this machine's memory allows, at most 1,000.
  Reserved concurrency is not set aside for its function.
- A function that invokes itself in circles is stopped by the concurrency limit only.
- Code with the @aws-sdk packages or aws-sdk gets small stand-ins that know SQS's SendMessage,
  SendMessageBatch and GetQueueUrl, unless the real packages are installed globally.
- Functions in VPCs reach everything, and VPC endpoints have neither security groups nor private
  names. Queues are not encrypted, whatever key they name. There are no X-Ray traces or SnapStart.
- A message group of a standard queue counts as noisy where it has more than half of the messages in
  flight; AWS does not tell its measure. Messages are handed out in the same order all the same.
- FilterLogEvents understands plain terms, not JSON patterns; StartQuery a part of the Insights
  language. Log retention is not applied.
- Changes of a mapping or a queue's attributes are in effect at once, AWS takes up to a minute.
- FilterLogEvents never answers an empty page that has a nextToken; GetMetricData sorts oldest first
  whatever ScanBy says.
- A batch of a stream that a function or a pipe's target fails on is given up whole, neither
  bisected nor record by record. Pipes read the streams of DynamoDB's tables alone, and deliver to
  functions, queues, topics and state machines.
- Lambda's response streaming is not there.
- What AWS lets anybody call without a signature (public objects of S3, AssumeRoleWithWebIdentity)
  is refused.
- REST APIs (v1) answer as the emulator does; only HTTP APIs were checked against AWS.
"""

REMAINING: tuple[str, ...] = tuple(
    " ".join(entry.split()) for entry in _TEXT.split("\n- ") if entry.strip()
)
