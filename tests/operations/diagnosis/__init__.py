"""Read a stack, run the checks, and fix what is safe to fix."""
