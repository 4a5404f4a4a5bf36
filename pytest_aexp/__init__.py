"""Checks every run a research finding cites against a ledger kept in git."""
