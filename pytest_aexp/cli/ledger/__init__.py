"""The verbs that keep the ledger."""
