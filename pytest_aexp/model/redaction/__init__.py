"""What must not enter a committed file: paths and credentials."""
