"""From a finding to its runs and back, and what has changed since."""
