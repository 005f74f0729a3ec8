"""The only room that talks to AWS. Everything it returns is a model object."""
