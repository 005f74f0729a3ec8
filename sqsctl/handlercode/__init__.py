"""A consumer's source as far as its checks need it: parsed, never run.

Python and JavaScript become one small tree (``parsing``), a package one program (``program``), and
``consumer`` follows an event from the handler to what is done with its records.
"""
