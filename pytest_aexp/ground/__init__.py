"""The ground: the repository and its files, git, YAML, JSON, schemas; it knows nothing of runs."""
