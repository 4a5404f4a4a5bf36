"""Judge citations and ledger entries."""
