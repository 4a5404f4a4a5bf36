"""The model: findings, citations, entries, the run store, indexes, problems; read only."""
