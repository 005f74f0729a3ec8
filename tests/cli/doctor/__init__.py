"""sqsctl doctor: what is wrong, how one knows, what to type."""
