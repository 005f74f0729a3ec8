"""sqsctl alone on a terminal: the interactive session."""
