"""The verbs that write findings."""
