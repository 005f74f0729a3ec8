"""sqsctl produce: many messages, measured as k6 does."""
