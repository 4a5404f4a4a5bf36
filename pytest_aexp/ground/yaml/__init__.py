"""YAML with positions, and its values as two dialects read them."""
