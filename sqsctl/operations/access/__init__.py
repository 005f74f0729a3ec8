"""Which permissions commands need."""
