"""Look at dead-letter messages: which there are, what they died of."""
