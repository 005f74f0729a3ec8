"""What several commands share: ways into a stack, conditions on messages, figures."""
