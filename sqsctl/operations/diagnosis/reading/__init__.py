"""How ``observe`` reads a stack: which calls, in which order, with which limits."""
