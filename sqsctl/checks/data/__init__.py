"""Facts that AWS changes, as dated data."""
