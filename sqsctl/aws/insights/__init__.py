"""Logs Insights: whether queries are wanted, and running them."""
