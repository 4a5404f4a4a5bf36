"""Merge two versions of ledger entries."""
