"""What the user asked for, as functions and generators that never print."""
