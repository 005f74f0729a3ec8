"""Remedies: commands, and the lines that keep them in a project."""
