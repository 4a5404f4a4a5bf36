"""The JSON Schemas of the files that pytest-aexp reads, as package data: ``*.schema.json``."""
