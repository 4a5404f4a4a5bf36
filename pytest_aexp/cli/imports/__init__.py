"""The verbs of ``aexp import``."""
