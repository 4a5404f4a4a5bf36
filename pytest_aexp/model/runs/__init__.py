"""The runs of this machine and what machine indexes name of others."""
