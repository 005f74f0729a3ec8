"""Send one message or many, and count what became of the sends."""
