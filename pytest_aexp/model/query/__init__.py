"""Conditions on runs as people type them, and the values of a run that they name."""
