"""The verbs about the runs of this machine."""
