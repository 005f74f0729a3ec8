"""Move, copy and delete dead-letter messages without losing one."""
