"""sqsctl dlq: look at dead-letter messages, move them, copy them, delete them."""
