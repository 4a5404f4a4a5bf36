"""Packed segments of the ledger."""
