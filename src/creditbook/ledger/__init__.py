"""The only writers: a module per verb, on one core that commits for concurrent callers together."""
