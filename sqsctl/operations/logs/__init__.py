"""Logs as they are followed: a cursor, windows, lines with what they say of themselves."""
