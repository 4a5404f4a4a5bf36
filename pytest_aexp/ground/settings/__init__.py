"""What a repository may set: of runs, and of the names of their metrics."""
