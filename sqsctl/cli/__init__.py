"""A folder or file a command group. The only room that prints."""
