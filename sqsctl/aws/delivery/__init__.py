"""Delivering to what is no queue: functions, topics, event buses."""
