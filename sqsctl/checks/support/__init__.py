"""What checks share: evidence, fixes, the runtime table, log cases. No check lives here."""
