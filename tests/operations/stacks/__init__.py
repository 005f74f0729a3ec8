"""Find a stack and its parts, and deploy one."""
