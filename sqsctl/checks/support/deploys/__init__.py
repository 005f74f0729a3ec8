"""Errors of a deploy: reading them, and what mends them."""
