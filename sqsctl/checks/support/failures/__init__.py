"""Failures as checks see them: which there were, whether they are over, what a message died of."""
