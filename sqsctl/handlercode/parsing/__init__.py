"""Python and JavaScript, as written or as compiled, read into one small tree (``syntax``)."""
