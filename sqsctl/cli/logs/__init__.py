"""sqsctl logs: follow what the functions log, or have log text explained."""
