"""Findings and the citations in their front matter."""
