"""The verbs that look at evidence."""
