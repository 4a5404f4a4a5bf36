"""Write finished runs to the ledger."""
