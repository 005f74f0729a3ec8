"""What several operations stand on: control, retries, delivery, counts."""
