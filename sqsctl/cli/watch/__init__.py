"""sqsctl watch: the whole stack, live."""
