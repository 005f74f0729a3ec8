"""What a function is made of: its runtime, its modules, its native code."""
