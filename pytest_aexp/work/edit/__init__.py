"""Change the front matter of a finding and nothing else."""
