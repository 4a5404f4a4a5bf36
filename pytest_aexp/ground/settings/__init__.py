"""What a repository and a machine may set."""
