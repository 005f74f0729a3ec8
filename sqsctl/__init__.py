"""sqsctl: find out why an SQS + Lambda stack is stuck, and fix it."""

__version__ = "0.1.0"
