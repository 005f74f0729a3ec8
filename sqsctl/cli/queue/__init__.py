"""sqsctl queue: list queues, see their figures, hide messages of them."""
