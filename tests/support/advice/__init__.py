"""Advice as it is followed: the states that bring it about, and what is typed then."""
