"""Lambda on the lab: environments, invocations, event source mappings, their logs."""
