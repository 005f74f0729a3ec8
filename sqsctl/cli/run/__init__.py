"""One run of a command line: options, the target and the stack, completion."""
