"""What git knows of the repository: objects, index, ignore rules."""
