"""Requests under way: their end, and the time that answers tell."""
