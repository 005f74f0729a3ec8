"""What a stack does now and did of late, in figures."""
