"""sqsctl: find out why an SQS + Lambda stack is stuck, and mend it."""

__version__ = "0.1.0"
