"""What is looked at: which repositories, which findings, by which policy."""
