"""Projects as their tools package them."""
