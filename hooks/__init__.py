"""What pre-commit runs: ``aexp-findings`` and ``aexp-ledger``."""
