"""Follow messages through the pipeline: a run's, or one canary's."""
