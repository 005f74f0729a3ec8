"""Projects as their tools package them, before they are deployed: templates and local code."""
