"""Runs from other programs' records, as ordinary ledger entries."""
