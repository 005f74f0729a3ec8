"""sqsctl lab and sqsctl demo: the local AWS, its stack, its incidents."""
