"""One file, one diagnosis. Pure functions of a ``model.Stack``: no I/O, no AWS."""
