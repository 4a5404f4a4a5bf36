"""Pack entries into segments."""
