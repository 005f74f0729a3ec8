"""Frozen dataclasses: what the program knows. No I/O, no AWS client, no printing."""
