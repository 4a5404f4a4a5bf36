"""The work: resolving and judging citations, promoting runs, merging, packing, installing."""
