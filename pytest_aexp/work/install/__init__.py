"""Set a repository up."""
