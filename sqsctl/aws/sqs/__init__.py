"""SQS: queues, batches, checksums, and SQS's own move tasks."""
